"""From a folder of config.json and safetensors to the parameters of a decoder."""
