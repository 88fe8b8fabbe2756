"""Roots, log-balances, tilted moments and peaks of plain arrays. Nothing here knows a tilt."""
