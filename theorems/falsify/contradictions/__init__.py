"""What contradicts each claim: values of curves, certain in balls, at a few strengths."""
