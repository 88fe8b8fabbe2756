"""From a checkpoint, safetensors or GGUF, to the parameters of a decoder."""
