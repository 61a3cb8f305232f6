"""The performance tables: `make bench`."""
