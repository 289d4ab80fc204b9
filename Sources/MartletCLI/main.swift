// The owner of MartletCLI replaces this file.
