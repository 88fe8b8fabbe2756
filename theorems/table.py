"""Tables of next-token probabilities: read from a file, checked, and written."""

from .tables.table import Table, read_table, table_from_fields, write_table

__all__ = ["Table", "read_table", "table_from_fields", "write_table"]
