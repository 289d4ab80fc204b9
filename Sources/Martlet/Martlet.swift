// The owner of Martlet replaces this file.
