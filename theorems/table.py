"""Tables of next-token probabilities: read from a file, checked, and written."""

from .tables.table import Table as Table
from .tables.table import read_table as read_table
from .tables.table import table_from_fields as table_from_fields
from .tables.table import write_table as write_table

__all__ = ["Table", "read_table", "table_from_fields", "write_table"]
