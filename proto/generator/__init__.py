"""Writes Martlet's C and Swift sources from the contract in proto/martlet/v1."""
