"""The summary of a toy model for the terminal."""

from pathlib import Path

from ._make import Made


def as_text(made: Made, out: Path, concept: str = "uppercase") -> str:
    """Losses, sizes, how far the UFM's assumptions hold, and the folder."""
    fit = made.assumptions
    return (
        f"loss {made.held_out_loss:.3f} nats a token on {made.held_out_tokens:,} held-out tokens, "
        f"{made.train_loss:.3f} on the last training batches\n"
        f"{made.parameters:,} parameters; {made.vocabulary:,} tokens, {made.concept_tokens:,} of them "
        f"{concept} words\n"
        f"perfect training? The form of the next word costs {fit.form_loss:.3f} nats, "
        f"{fit.form_loss_known:.3f} if the chance of a switch is known. The concept's mass is "
        f"{fit.mass_on:.3f} after its words, where its tokens come {fit.share_on:.3f} of the time; "
        f"{fit.mass_off:.3f} and {fit.share_off:.3f} after others\n"
        f"one law for each concept? Contexts tell {fit.told_by_context:.3f} nats of the next token, their "
        f"concepts {fit.told_by_concept:.3f} of these\n"
        f"wrote {out}\n"
    )
