"""The playground: one HTML file, built from docs/playground, that needs neither server nor network."""
