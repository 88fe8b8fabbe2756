"""Reads a checkpoint, safetensors or GGUF, into the parameters of a decoder."""
