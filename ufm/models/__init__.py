"""What is steered: a dataset of concepts, the Unconstrained Features Model, a small transformer."""
