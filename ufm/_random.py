"""Seeds of random numbers."""

# JAX without x64 takes no larger one, and one seed means the same everywhere.
LARGEST_SEED = 2**32 - 1


def check_seed(seed: int) -> None:
    """Raise `ValueError` unless `seed` is one that every generator takes."""
    if seed < 0:
        raise ValueError(f"seed must be at least 0; got {seed}")
    if seed > LARGEST_SEED:
        raise ValueError(f"seed must be at most {LARGEST_SEED}; got {seed}")
