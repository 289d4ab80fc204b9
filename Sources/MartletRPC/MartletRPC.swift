// The owner of MartletRPC replaces this file.
