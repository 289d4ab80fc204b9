// The owner of MartletServer replaces this file.
