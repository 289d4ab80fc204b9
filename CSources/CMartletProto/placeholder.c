/* The owner of CMartletProto replaces this file. */ typedef int martlet_placeholder;
