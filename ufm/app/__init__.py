"""The front ends: the command line and the explorer. The only room that sees both `ufm` and `theorems`."""
