"""Which strength a language model bears under a budget."""
