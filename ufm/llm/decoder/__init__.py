"""One decoder for seventeen families in JAX, steered at any block, with exact derivatives in α."""
