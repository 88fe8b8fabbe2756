"""A decoder of five families in JAX, steered at any block, with exact derivatives in α."""
