// The owner of MartletMetadata replaces this file.
