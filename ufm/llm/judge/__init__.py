"""Whether a text shows a concept: judges that answer yes or no, and how far they agree with people."""
