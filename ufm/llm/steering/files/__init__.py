"""Files of steering vectors: one format a file, each read and written; `read_write` is the door."""
