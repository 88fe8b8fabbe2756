"""What a budget of steering may limit: the kinds of spending on text."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of spending: its `name` in words, and its `unit` ("" for a probability)."""

    name: str
    unit: str


# All that measures spending has its columns in this order.
BUDGETS = {
    "cross_entropy": Kind("cross-entropy", "nats a token"),
    "forward_kl": Kind("KL(p0||pα)", "nats a token"),
    "reverse_kl": Kind("KL(pα||p0)", "nats a token"),
    "target_mass": Kind("target mass", ""),
}
# What a budget may limit, as `ufm strength --kind` names it.
KINDS = tuple(BUDGETS)
