"""The summary of a toy model for the terminal."""

from pathlib import Path

from ._make import Made


def as_text(made: Made, out: Path) -> str:
    """Losses, sizes and the folder."""
    return (
        f"loss {made.held_out_loss:.3f} nats a token on {made.held_out_tokens:,} held-out tokens, "
        f"{made.train_loss:.3f} on the last training batches\n"
        f"{made.parameters:,} parameters; {made.vocabulary:,} tokens, {made.concept_tokens:,} of them "
        f"uppercase words\n"
        f"wrote {out}\n"
    )
