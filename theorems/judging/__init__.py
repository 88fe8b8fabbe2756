"""What a claim is, what it is judged on, and how: claims, instances, their curves, verdicts, controls."""
