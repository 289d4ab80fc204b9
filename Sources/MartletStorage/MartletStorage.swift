// The owner of MartletStorage replaces this file.
