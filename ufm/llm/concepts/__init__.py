"""Concepts by name: what they mean, prompts of them, and words of them."""
