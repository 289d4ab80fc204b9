// The owner of MartletTestSupport replaces this file.
