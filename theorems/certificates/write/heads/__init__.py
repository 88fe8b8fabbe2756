"""Makes certificates of a head behind a norm."""
