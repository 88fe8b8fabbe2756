"""What steering does to a language model: curves of tokens, slopes, the cost of a text."""
