"""Tokens, prompts and windows of text."""
