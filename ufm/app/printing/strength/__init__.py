"""What `ufm strength` found, as pages for people or as JSON."""
