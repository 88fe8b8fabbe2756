"""The steering vector: measured, added to a prompt, and followed in the text it writes."""
