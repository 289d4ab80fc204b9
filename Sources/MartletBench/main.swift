// The owner of MartletBench replaces this file.
