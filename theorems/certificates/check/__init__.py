"""Checks certificates with code of its own, which shares only the tilt formula with the writer."""
