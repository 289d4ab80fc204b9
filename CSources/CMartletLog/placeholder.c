/* The owner of CMartletLog replaces this file. */ typedef int martlet_placeholder;
