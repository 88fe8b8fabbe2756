"""Whether a certificate of a head says nothing false: worked out in mpmath from the norm's definition.

Nothing of the half circle is used but as a grid of strengths: slopes are finite differences of logits of
W(γ ⊙ N_eps(h + αv) + β), limits are the norm of ±v. What is left open is compared with a certificate made
anew, and so are the claims.
"""

import json
from fractions import Fraction as F
from functools import lru_cache

import mpmath as mp

from theorems.certificates import certify_head
from theorems.tables.exact_head import read_exact_head

DIGITS = 60
# Of the half circle, none of them at a turn of the heads that are edited.
ANGLES = [(k + F(1, 3)) / 97 - F(1, 2) for k in range(97)]


class Truth:
    """What is true of one head."""

    def __init__(self, instance):
        numbers = lambda row: [number(x) for x in row]  # noqa: E731
        with mp.workdps(DIGITS):
            self.rows = [numbers(row) for row in instance["head"]]
            self.gain, self.vector = numbers(instance["gain"]), numbers(instance["vector"])
            self.bias = numbers(instance.get("bias", ["0"] * len(self.gain)))
            self.eps, self.centred = number(instance["eps"]), instance["norm"] == "layernorm"
            self.states = [numbers(row) for row in instance["hidden"]]
            m = len(self.states)
            self.weights = numbers(instance.get("context_weights", [str(F(1, m))] * m))
            self.target = instance.get("target")
            self.positive, self.negative = instance.get("positive"), instance.get("negative")
            self.fresh = certify_head(read_exact_head(instance)).record
            self.slopes = {}

    def seen(self, x):
        mean = mp.fsum(x) / len(x) if self.centred else 0
        return [value - mean for value in x]

    def head(self, x, eps):
        x = self.seen(x)
        root = mp.sqrt(mp.fsum(value**2 for value in x) / len(x) + eps)
        normed = [g * v / root + b for g, v, b in zip(self.gain, x, self.bias, strict=True)]
        return [mp.fdot(row, normed) for row in self.rows]

    def logits(self, j, alpha):
        return self.head(
            [h + alpha * v for h, v in zip(self.states[j], self.vector, strict=True)], self.eps
        )

    def end(self, sign):
        return self.head([sign * v for v in self.vector], 0)

    def dot(self, x, y):
        return mp.fdot(self.seen(x), self.seen(y))

    def closest(self, j):
        return -self.dot(self.states[j], self.vector) / self.dot(self.vector, self.vector)

    def width(self, j):
        rest = [h + self.closest(j) * v for h, v in zip(self.states[j], self.vector, strict=True)]
        square = self.dot(rest, rest) + len(rest) * self.eps
        return mp.sqrt(square / self.dot(self.vector, self.vector))

    def log_odds(self, j, curve, alpha):
        """Of a token, or of the target for `curve` = V, against all others."""
        logits = self.logits(j, alpha)
        is_on = self.target if curve == len(logits) else [z == curve for z in range(len(logits))]
        on, off = (
            mp.fsum(mp.exp(x) for x, flag in zip(logits, is_on, strict=True) if flag is side)
            for side in (True, False)
        )
        return mp.log(on) - mp.log(off)

    def side(self, j, curve, alpha):
        """1 or -1 where the log-odds rise or fall; 0 where that is open."""
        step = mp.mpf(10) ** -25 * (self.width(j) + abs(alpha - self.closest(j)))
        moved = self.log_odds(j, curve, alpha + step) - self.log_odds(j, curve, alpha - step)
        return 0 if abs(moved) < mp.mpf(10) ** -50 else 1 if moved > 0 else -1

    def side_at_angle(self, j, curve, angle):
        key = j, curve, angle
        if key not in self.slopes:
            self.slopes[key] = self.side(j, curve, self.strength(j, angle))
        return self.slopes[key]

    def strength(self, j, angle):
        return self.closest(j) + self.width(j) * mp.tan(mp.pi * number(angle))


def number(value):
    value = F(value)
    return mp.mpf(value.numerator) / value.denominator


@lru_cache(maxsize=64)
def truth_of(text):
    return Truth(json.loads(text))


def softmax(logits):
    masses = [mp.exp(x - max(logits)) for x in logits]
    return [mass / mp.fsum(masses) for mass in masses]


def falsehood(record):
    """What is false in a certificate, in words; None if nothing is."""
    with mp.workdps(DIGITS):
        instance = record["instance"]
        if any(text != str(F(text)) for text in texts(instance)):
            return "a number of the instance is not in lowest terms"
        try:
            truth = truth_of(json.dumps(instance, sort_keys=True))
        except ValueError as error:
            return f"no instance: {error}"
        return next(reasons(record, truth), None)


def texts(value):
    """Every number of an instance."""
    for key, entry in value.items():
        if key in ("norm", "target", "positive", "negative"):
            continue
        yield from flattened(entry)


def flattened(value):
    if isinstance(value, list):
        for entry in value:
            yield from flattened(entry)
    else:
        yield value


def reasons(record, truth):
    if record["claims"] != truth.fresh["claims"]:
        yield "the claims are others"
    for name, sign in (("plus", 1), ("minus", -1)):
        yield from limit_reasons(record["limits"][name], truth, sign)
        before = [softmax(truth.logits(j, 0)) for j in range(len(truth.states))]
        after = softmax(truth.end(sign))
        spent = mp.fsum(
            pi * mp.fsum(p * mp.log(p / q) for p, q in zip(law, after, strict=True))
            for pi, law in zip(truth.weights, before, strict=True)
        )
        if not holds(record["plateau"][name]["cross_entropy"], spent):
            yield f"plateau {name}"
        leads = [leads_of(truth, j, sign) for j in range(len(truth.states))]
        slope = mp.fsum(
            pi * mp.fsum(p * x for p, x in zip(law, lead, strict=True))
            for pi, law, lead in zip(truth.weights, before, leads, strict=True)
        )
        if not holds(record["plateau"][name]["slope"], slope):
            yield f"slope of the plateau {name}"
    yield from last_block_reasons(record["last_block"], truth)
    for j, context in enumerate(record["contexts"]):
        yield from context_reasons(context, truth, j)


def last_block_reasons(last_block, truth):
    if truth.positive is None:
        if last_block is not None:
            yield "an M without P and N"
        return
    sets = truth.positive, truth.negative
    means = [
        [
            mp.fsum(mp.log(softmax(truth.logits(j, 0))[z]) for j in some) / len(some)
            for z in range(len(truth.rows))
        ]
        for some in sets
    ]
    m = [on - off for on, off in zip(*means, strict=True)]
    if not all(holds(pair, x) for pair, x in zip(last_block["log_odds"], m, strict=True)):
        yield "M"
    d, near = len(truth.vector), mp.mpf(10) ** -40
    lengths = {
        j: mp.sqrt(truth.dot(*[truth.states[j]] * 2) / d + truth.eps) for j in (*sets[0], *sets[1])
    }
    r = mp.sqrt(mp.fsum(x**2 for x in lengths.values()) / len(lengths))
    spread = sum(mp.fsum(abs(1 - lengths[j] / r) for j in some) / len(some) for some in sets)
    bounds = [
        mp.sqrt(d * mp.fsum((g * w) ** 2 for g, w in zip(truth.gain, row, strict=True))) * spread
        for row in truth.rows
    ]
    if not all(holds(pair, x) for pair, x in zip(last_block["bounds"], bounds, strict=True)):
        yield "bounds on M"
    for name, end in (("largest", max(m)), ("smallest", min(m))):
        if last_block[name] != [z for z, x in enumerate(m) if abs(x - end) < near]:
            yield f"where M is {name}"


def limit_reasons(limit, truth, sign):
    logits = truth.end(sign)
    law, most = softmax(logits), max(logits)
    yield from mass_reasons(limit, truth, law, f"limit {sign}")
    near = mp.mpf(10) ** -40
    if limit["dominating"] != [z for z, x in enumerate(logits) if most - x < near]:
        yield f"limit {sign}: others dominate"
    others = [most - x for x in logits if most - x >= near]
    if not others:
        if limit["log_odds"] is not None:
            yield f"limit {sign}: log-odds of none"
    elif not holds(limit["log_odds"], min(others)):
        yield f"limit {sign}: log-odds"


def mass_reasons(fields, truth, law, where):
    if not all(holds(pair, p) for pair, p in zip(fields["probabilities"], law, strict=True)):
        yield f"{where}: probabilities"
    if truth.target is None:
        if fields["target"] is not None:
            yield f"{where}: a target"
    elif not holds(
        fields["target"], mp.fsum(p for p, flag in zip(law, truth.target, strict=True) if flag)
    ):
        yield f"{where}: target"


def leads_of(truth, j, sign):
    """The coefficient of 1/|α| of log p(z), by a strength far out."""
    with mp.workdps(3 * DIGITS):
        far = mp.mpf(10) ** DIGITS * (1 + truth.width(j))
        moved = [
            mp.log(p) - mp.log(q)
            for p, q in zip(
                softmax(truth.logits(j, sign * far)), softmax(truth.end(sign)), strict=True
            )
        ]
        return [x * far for x in moved]


def context_reasons(context, truth, j):
    where = f"context {j}"
    if abs(number(context["closest"]) - truth.closest(j)) > mp.mpf(10) ** -50 * (
        1 + abs(truth.closest(j))
    ):
        yield f"{where}: closest"
    if not holds(context["width"], truth.width(j)):
        yield f"{where}: width"
    yield from mass_reasons(context["start"], truth, softmax(truth.logits(j, 0)), f"{where}, start")
    for name, sign in (("plus", 1), ("minus", -1)):
        found = zip(context["approach"][name], leads_of(truth, j, sign), strict=True)
        if not all(holds(pair, x) for pair, x in found):
            yield f"{where}: approach {name}"
    if not holds(context["approach"]["second_order"], second_order(truth, j)):
        yield f"{where}: second order"
    fresh = truth.fresh["contexts"][j]
    if context["log_odds"] != fresh["log_odds"]:
        yield f"{where}: turns of log-odds"
    curves = [*context["tokens"], *([] if truth.target is None else [context["target"]])]
    known = [*fresh["tokens"], *([] if truth.target is None else [fresh["target"]])]
    for z, (curve, other) in enumerate(zip(curves, known, strict=True)):
        if (curve is None) is not (other is None):
            yield f"{where}, curve {z}: open"
        elif curve is not None:
            yield from curve_reasons(curve, truth, j, z)


def second_order(truth, j):
    centre = truth.logits(j, truth.closest(j))
    offset = [mp.fdot(row, truth.bias) for row in truth.rows]
    across, along = (
        [x - c for x, c in zip(logits, offset, strict=True)] for logits in (centre, truth.end(1))
    )
    r_a, r_b = max(across) - min(across), max(along) - min(along)
    return r_b + (r_a + r_b) ** 2 / 8


def curve_reasons(curve, truth, j, z):
    """The slope beside the brackets on a grid of angles, and at the ends of each bracket."""
    where = f"context {j}, curve {z}"
    sides = [truth.side_at_angle(j, z, angle) for angle in ANGLES]
    if curve["first"] == "constant":
        if any(sides):
            yield f"{where}: not constant"
        return
    first = {"rises": 1, "falls": -1}[curve["first"]]
    brackets = [[number(end) for end in pair] for pair in curve["turns"]]
    for i, (low, high) in enumerate(brackets):
        before, after = (first, -first) if i % 2 == 0 else (-first, first)
        if (truth.side(j, z, low), truth.side(j, z, high)) != (before, after):
            yield f"{where}: turn {i}"
    for angle, side in zip(ANGLES, sides, strict=True):
        alpha = truth.strength(j, angle)
        past = sum(high < alpha for _, high in brackets)
        is_inside = any(low <= alpha <= high for low, high in brackets)
        if not is_inside and side != (first if past % 2 == 0 else -first):
            yield f"{where}: a turn beside the brackets, before {mp.nstr(alpha)}"


def holds(pair, value):
    """Whether an interval holds a number, which is known to 50 digits."""
    room = mp.mpf(10) ** -45 * (1 + abs(value))
    return number(pair[0]) - room <= value <= number(pair[1]) + room
