"""Next-token tables, in floating point or exact, read from files and checked."""
