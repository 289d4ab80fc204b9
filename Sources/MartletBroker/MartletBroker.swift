// The owner of MartletBroker replaces this file.
