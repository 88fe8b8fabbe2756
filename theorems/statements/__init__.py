"""The statements, one file each: claims, hypotheses, checks and controls."""
