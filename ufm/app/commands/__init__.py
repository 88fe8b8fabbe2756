"""One file a command of `ufm`: its options, their checks, and the call that does the work."""
