"""The report of `ufm llm`: its request, its facts, its figures and its page."""
