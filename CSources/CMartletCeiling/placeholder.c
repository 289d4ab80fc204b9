/* The owner of CMartletCeiling replaces this file. */ typedef int martlet_placeholder;
