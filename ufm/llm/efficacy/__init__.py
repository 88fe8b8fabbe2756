"""What steering does against what it costs, and the strength at which a concept is present often enough."""
