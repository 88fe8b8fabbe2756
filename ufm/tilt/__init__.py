"""The exponential tilt, in which everything meets, and what it tells: effects, peaks, strengths."""
