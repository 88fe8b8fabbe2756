"""Any causal language model of Hugging Face, run by torch: the same questions, of every architecture."""
