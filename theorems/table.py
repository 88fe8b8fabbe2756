"""Tables of next-token probabilities: read from a file, checked, and written."""

from .tables.files import read_table, write_table
from .tables.table import Table, table_from_fields

__all__ = ["Table", "read_table", "table_from_fields", "write_table"]
