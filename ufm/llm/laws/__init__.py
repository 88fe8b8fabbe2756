"""The paper's laws on a language model, each with its verdict."""
