"""Makes certificates: what is certain of one instance for every strength."""
