"""The performance tables of the course's own parts: `make bench`."""
