"""Tables and JSON that the commands print."""
