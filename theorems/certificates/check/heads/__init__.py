"""Checks certificates of a head behind a norm, with code of its own."""
