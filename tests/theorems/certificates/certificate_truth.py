"""Whether a certificate says nothing false: worked out from its instance in mpmath, and in whole powers.

Hypotheses and conclusions are compared with those of a certificate made anew; everything that is
enclosed, every order and every witness, with numbers that share no code with either side.
"""

import json
from fractions import Fraction as F
from functools import cached_property, lru_cache
from itertools import groupby
from math import lcm, prod

import mpmath as mp

from theorems.certificates import certify
from theorems.tables.exact import read_exact

mp.mp.dps = 15
DIGITS = 50


class Truth:
    """What is true of one instance."""

    def __init__(self, record):
        with mp.workdps(DIGITS):
            self._read(record)

    def _read(self, record):
        exact = read_exact(record)
        self.rows, self.target, self.weights = exact.rows, exact.target, exact.weights
        self.positive, self.negative = exact.positive, exact.negative
        self.size = range(len(self.target))
        self.p = [[number(x) for x in row] for row in self.rows]
        self.m = [
            self._mean_log(self.positive, z) - self._mean_log(self.negative, z) for z in self.size
        ]
        scale = lcm(len(self.positive), len(self.negative))
        up, down = scale // len(self.positive), scale // len(self.negative)
        # e^{scale M}, exactly
        self.power = [
            prod(self.rows[j][z] ** up for j in self.positive)
            / prod(self.rows[j][z] ** down for j in self.negative)
            for z in self.size
        ]
        in_order = sorted(self.size, key=self.power.__getitem__)
        self.levels = [sorted(group) for _, group in groupby(in_order, key=self.power.__getitem__)]
        self.fresh = certify(exact).record

    def _mean_log(self, contexts, z):
        return mp.fsum(mp.log(self.p[j][z]) for j in contexts) / len(contexts)

    def law(self, j, alpha):
        weights = [
            p * mp.exp(alpha * (m - max(self.m))) for p, m in zip(self.p[j], self.m, strict=True)
        ]
        total = mp.fsum(weights)
        return [w / total for w in weights]

    def mean(self, j, alpha, tokens=None):
        law, chosen = self.law(j, alpha), self.size if tokens is None else tokens
        return mp.fsum(law[z] * self.m[z] for z in chosen) / mp.fsum(law[z] for z in chosen)

    def side(self, j, k, alpha):
        """1 or -1 where α lies after or before the root of E_α[M] = M(level); 0 where that is open."""
        excess = self.mean(j, alpha) - self.m[self.levels[k][0]]
        return 0 if abs(excess) < mp.mpf(10) ** -35 else 1 if excess > 0 else -1

    def increase(self, alpha):
        """ΔCE = Σπ KL(p || p_α)."""
        with mp.workdps(2 * DIGITS + 60):
            found = []
            for weight, j in zip(self.weights, range(len(self.rows)), strict=True):
                logs = [mp.log(q) for q in self.law(j, number(alpha))]
                own = [mp.log(number(p)) for p in self.rows[j]]
                part = mp.fsum(
                    number(p) * (a - b) for p, a, b in zip(self.rows[j], own, logs, strict=True)
                )
                found.append(number(weight) * part)
            return mp.fsum(found)

    @cached_property
    def variance(self):
        with mp.workdps(DIGITS):
            found = []
            for weight, j in zip(self.weights, range(len(self.rows)), strict=True):
                mean = self.mean(j, 0)
                found.append(
                    number(weight)
                    * mp.fsum(p * (m - mean) ** 2 for p, m in zip(self.p[j], self.m, strict=True))
                )
            return mp.fsum(found)

    @cached_property
    def known(self):
        """ΔCE at the strengths that were asked for."""
        return {}

    @cached_property
    def bought(self):
        """What was asked for at the ends of intervals."""
        return {}


def number(value):
    value = F(value)
    return mp.mpf(value.numerator) / value.denominator


@lru_cache(maxsize=500)
def _truth(text):
    return Truth(json.loads(text))


def truth_of(instance) -> Truth:
    return _truth(json.dumps(instance))


def holds(pair, value) -> bool:
    """Whether an interval of texts holds a number that is known to 40 digits."""
    low, high = number(pair[0]), number(pair[1])
    slack = mp.mpf(10) ** -40 * (abs(value) + mp.mpf(10) ** -30)
    return low - slack <= value <= high + slack


def falsehood(record) -> str | None:
    """What a certificate says that is not true, or leaves open without need; None if nothing."""
    try:
        truth = truth_of(record["instance"])
    except ValueError:
        return "instance"
    with mp.workdps(DIGITS):
        tests = TESTS if record["version"] == 1 else {**TESTS, **ADDED}
        return next(
            (name for name, test in tests.items() if not _passes(test, truth, record)), None
        )


def _passes(test, truth, record) -> bool:
    """Whether a test is passed; what it cannot even look at is false."""
    try:
        return bool(test(truth, record))
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError):
        return False


def same_json(value, expected) -> bool:
    return json.dumps(value, sort_keys=True) == json.dumps(expected, sort_keys=True)


def _instance(truth, record):
    """Fractions as they are written in lowest terms; keys are known, or the record is not read."""
    keys = ("in_concept", "off_concept", "next_token_probs", "context_weights")
    given = [record["instance"].get(key, []) for key in keys]
    texts = [x for v in given for row in v for x in (row if isinstance(row, list) else [row])]
    return all(str(F(text)) == text for text in texts)


def _laws(truth, record):
    seen = {}
    for j, row in enumerate(truth.rows):
        seen.setdefault(row, []).append(j)
    return same_json(sorted(record["laws"]), sorted(seen.values()))


def _levels(truth, record):
    return same_json(record["levels"], truth.levels)


def _log_odds(truth, record):
    values = [truth.m[group[0]] for group in truth.levels]
    return all(holds(pair, m) for pair, m in zip(record["log_odds"], values, strict=True))


def _peaks(truth, record):
    last = len(truth.levels) - 1
    return all(
        len(row) == last + 1 and all(_peak(truth, group[0], k, pair) for k, pair in enumerate(row))
        for group, row in zip(record["laws"], record["peaks"], strict=True)
    )


def _peak(truth, j, k, pair):
    if k in (0, len(truth.levels) - 1):
        return same_json(pair, ["inf" if k else "-inf"] * 2)
    if pair is None:
        return False
    low, high = F(pair[0]), F(pair[1])
    is_narrow = high - low < F(1, 10**5) * (1 + abs(low))
    return is_narrow and (truth.side(j, k, number(low)), truth.side(j, k, number(high))) == (-1, 1)


def _limits(truth, record):
    for end, level, beside in (("plus", -1, -2), ("minus", 0, 1)):
        limit = record["limits"][end]
        masses = [
            sum(truth.rows[group[0]][z] for z in truth.levels[level]) for group in record["laws"]
        ]
        if not same_json(limit["masses"], [str(p) for p in masses]):
            return False
        if not same_json(limit["factors"], [str(1 / p - 1) for p in masses]):
            return False
        if len(truth.levels) > 1:
            gap = abs(truth.m[truth.levels[level][0]] - truth.m[truth.levels[beside][0]])
            if not gap * (1 - mp.mpf(10) ** -5) < number(limit["gap"]) <= gap:
                return False
        elif limit["gap"] is not None:
            return False
    return True


def _cross_entropy(truth, record):
    entry = record["cross_entropy"]
    span = max(truth.m) - min(truth.m)
    for sample in entry["samples"]:
        strength = sample["strength"]
        if strength not in truth.known:
            truth.known[strength] = truth.increase(F(strength))
        is_telling = 0.2 < span * abs(number(strength)) < 17
        if not is_telling or not holds(sample["increase"], truth.known[strength]):
            return False
    is_full = len({s["strength"] for s in entry["samples"]}) == (6 if len(truth.levels) > 1 else 0)
    return is_full and holds(entry["variance"], truth.variance)


def _windows(truth, record):
    """From the brackets, which hold the peaks."""
    level = {z: k for k, group in enumerate(truth.levels) for z in group}
    low = min(level[z] for z in truth.size if truth.target[z])
    high = max(level[z] for z in truth.size if not truth.target[z])
    shown, common = record["sweet_spots"], record["common_sweet_spot"]
    if low <= high:
        return shown == [None] * len(shown) and common == "empty"
    off, on = ([[end_of(x) for x in row[k]] for row in record["peaks"]] for k in (high, low))
    if shown != [[row[high][1], row[low][0]] for row in record["peaks"]]:
        return False
    if common == "empty":
        return max(start for start, _ in off) >= min(stop for _, stop in on)
    start, stop = (end_of(end) for end in common)
    return max(last for _, last in off) <= start < stop <= min(first for first, _ in on)


def end_of(text):
    return float(text) if "inf" in text else F(text)


OF_CONCEPTS = ("thm-3.6.vanishing", "thm-3.6.decreasing")


def _claims(truth, record):
    keys = ("id", "verdict", "unmet", "conclusion")
    says, fresh = ([{k: c[k] for k in keys} for c in r["claims"]] for r in (record, truth.fresh))
    if record["version"] == 1:  # which may leave open which concepts are meant
        for claim, anew in zip(says, truth.fresh["claims"], strict=False):
            is_of_all = claim["id"] in OF_CONCEPTS and "strength" in (anew["witness"] or ())
            if is_of_all and claim["conclusion"] == "undecided":
                claim["conclusion"] = "fails"
    # the first version of the format knows twenty
    return same_json(says, fresh[: {1: 20}.get(record["version"])])


# What the second version adds.


def near_enough(pair, value, share):
    """Whether an interval holds a number and is no wider than a share of it; ["0", "0"] if it is 0."""
    if abs(value) < mp.mpf(10) ** -40:
        return same_json(pair, ["0", "0"])
    return holds(pair, value) and number(pair[1]) - number(pair[0]) < share * abs(value)


def split(truth):
    """Tokens of the target, and all others."""
    return [[z for z in truth.size if truth.target[z] is flag] for flag in (True, False)]


def _margins(truth, record):
    on, off = ([truth.m[z] for z in tokens] for tokens in split(truth))
    given = record["margins"]
    expected = {
        "range": max(truth.m) - min(truth.m),
        "least": min(on) - max(off),
        "most": max(on) - min(off),
    }
    ratios = [
        [
            truth.rows[i][z] / truth.rows[k][z]
            for z in tokens
            for i in truth.positive
            for k in truth.negative
        ]
        for tokens in split(truth)
    ]
    return (
        set(given) == {*expected, "pairs"}
        and all(near_enough(given[name], value, 1e-8) for name, value in expected.items())
        and same_json(given["pairs"], [str(min(ratios[0])), str(max(ratios[1]))])
    )


def _sets(truth, record):
    concepts = read_exact(record["instance"]).concepts
    named = {**dict(zip(("target", "rest"), split(truth), strict=True)), **concepts}
    given = record["sets"]
    return same_json([entry["set"] for entry in given], list(named)) and all(
        _set(truth, record["laws"], entry, tokens)
        for entry, tokens in zip(given, named.values(), strict=True)
    )


def _set(truth, laws, entry, tokens):
    m = [truth.m[z] for z in tokens]
    law = [truth.rows[group[0]] for group in laws]
    held = [sum(row[z] for z in tokens) for row in law]
    found = [
        mp.fsum(number(p * (F(z in tokens) - mass)) * truth.m[z] for z, p in enumerate(row))
        for row, mass in zip(law, held, strict=True)
    ]
    return (
        set(entry) == {"set", "masses", "range", "covariances"}
        and same_json(entry["masses"], [str(mass) for mass in held])
        and near_enough(entry["range"], max(m) - min(m), 1e-8)
        and all(
            near_enough(pair, covariance, 1e-8)
            for pair, covariance in zip(entry["covariances"], found, strict=True)
        )
    )


def _prompts(truth, record):
    top, ends = truth.levels[-1], []
    for group in record["laws"]:
        row = truth.rows[group[0]]
        ends.append([row[z] / sum(row[y] for y in top) for z in top])
    groups = [[c for c, end in enumerate(ends) if end == first] for first in ends]
    return same_json(record["prompts"], [g for c, g in enumerate(groups) if g[0] == c])


def _half_saturation(truth, record):
    on, off = split(truth)
    if min(truth.power[z] for z in on) <= max(truth.power[z] for z in off):
        return same_json(record["half_saturation"], [None] * len(record["laws"]))
    return len(record["half_saturation"]) == len(record["laws"]) and all(
        _is_half_between(truth, group[0], on, pair)
        for group, pair in zip(record["laws"], record["half_saturation"], strict=True)
    )


def _is_half_between(truth, j, on, pair):
    if sum(truth.rows[j][z] for z in on) == F(1, 2):
        return same_json(pair, ["0", "0"])
    low, high = F(pair[0]), F(pair[1])
    before, after = (held(truth, j, on, number(end)) for end in (low, high))
    unit = 1 / (max(truth.m) - min(truth.m))
    is_narrow = number(high - low) < 1e-5 * (unit + abs(number(low)))
    return is_narrow and before < mp.mpf(1) / 2 < after


def held(truth, j, tokens, alpha):
    law = truth.law(j, alpha)
    return mp.fsum(law[z] for z in tokens)


def _budgets(truth, record):
    given = record["budgets"]
    return same_json([b["budget"] for b in given], ["1/100", "1/10", "1"]) and all(
        set(entry) == {"budget", "cross_entropy", "reverse_kl"}
        and all(_bought(truth, entry, kind) for kind in ("cross_entropy", "reverse_kl"))
        for entry in given
    )


def _bought(truth, entry, kind):
    given, budget = entry[kind], number(entry["budget"])
    names = ["strength", "mass"] + ["lift"] * (kind == "reverse_kl")
    assert set(given) == {*names, "multiplier", "ceiling"}
    top, on = truth.levels[-1], split(truth)[0]
    at_top, at_target = ([mp.fsum(p[z] for z in tokens) for p in truth.p] for tokens in (top, on))
    is_along = len(truth.levels) > 1
    is_below_all = True
    if kind == "reverse_kl":  # of which the mass of a set costs -Σπ log F at most
        is_along = budget < -mean(truth, map(mp.log, at_top))
        is_below_all = budget < -mean(truth, map(mp.log, at_target))
    return (
        _along(truth, kind, budget, given) if is_along else not any(given[name] for name in names)
    ) and (
        _at_most(truth, kind, budget, given, at_target)
        if is_below_all
        else same_json([given["multiplier"], given["ceiling"]], [None, ["1", "1"]])
    )


def mean(truth, values):
    return mp.fsum(number(w) * x for w, x in zip(truth.weights, values, strict=True))


def divergence(kind, p, q):
    """KL(p || q), or KL(q || p) for the reverse kind."""
    pair = (p, q) if kind == "cross_entropy" else (q, p)
    return mp.fsum(x * mp.log(x / y) for x, y in zip(*pair, strict=True))


def spends(truth, given, name, budget, price, values):
    """Whether a price passes a budget between two ends, and all that is bought there is enclosed narrowly."""
    ends = [number(end) for end in given[name]]
    key = (*values, name, budget, *given[name])
    if key not in truth.bought:
        truth.bought[key] = (
            [price(end) for end in ends],
            {key: sorted(map(value, ends)) for key, value in values.items()},
        )
    (before, after), worth = truth.bought[key]
    pairs = [(given[name], ends), *((given[key], found) for key, found in worth.items())]
    return before < budget < after and all(
        number(pair[0]) <= low <= high <= number(pair[1])
        and number(pair[1]) - number(pair[0]) < 1e-5 * high
        for pair, (low, high) in pairs
    )


def _along(truth, kind, budget, given):
    every, (on, off) = range(len(truth.rows)), split(truth)

    def price(alpha):
        return mean(truth, [divergence(kind, truth.p[j], truth.law(j, alpha)) for j in every])

    def mass(alpha):
        return mean(truth, [held(truth, j, on, alpha) for j in every])

    def lift(alpha):
        return mean(truth, [truth.mean(j, alpha) - truth.mean(j, 0) for j in every])

    values = {"mass": mass, "lift": lift}
    if min(truth.power[z] for z in on) <= max(truth.power[z] for z in off):
        assert given["mass"] is None
        del values["mass"]
    if kind == "cross_entropy":
        del values["lift"]
    return spends(truth, given, "strength", budget, price, values)


def _at_most(truth, kind, budget, given, masses):
    def best(x):
        if kind == "reverse_kl":
            return [1 / (1 + (1 - f) / (f * x)) for f in masses]
        found = [2 * f / (1 - x + mp.sqrt((1 - x) ** 2 + 4 * x * f)) for f in masses]
        # what they are the roots of
        excess = [g - f - x * g * (1 - g) for f, g in zip(masses, found, strict=True)]
        assert max(map(abs, excess)) < mp.mpf(10) ** -40
        return found

    def price(x):
        pairs = zip(masses, best(x), strict=True)
        return mean(truth, [divergence(kind, [f, 1 - f], [g, 1 - g]) for f, g in pairs])

    is_up = number(given["multiplier"][0]) >= (kind == "reverse_kl")
    values = {"ceiling": lambda x: mean(truth, best(x))}
    return is_up and spends(truth, given, "multiplier", budget, price, values)


def _witnesses(truth, record):
    for claim in record["claims"]:
        if claim["conclusion"] != "fails":
            if claim["witness"] is not None:
                return False
        elif not WITNESSES[claim["id"]](truth, claim["witness"]):
            return False
    return True


def numbers(witness, *keys):
    found = [witness[key] for key in keys]
    assert set(witness) == set(keys)
    assert all(type(value) is int and value >= 0 for value in found)
    return found


def _wrong_sign(truth, witness):
    (z,) = numbers(witness, "token")
    return (truth.power[z] > 1) is not truth.target[z]


def _early_peak(truth, witness):
    j, y, z = numbers(witness, "context", "target", "other")
    return (
        j < len(truth.rows)
        and truth.target[y]
        and not truth.target[z]
        and truth.power[y] <= truth.power[z]
    )


def _peak_before_0(truth, witness):
    j, z = numbers(witness, "context", "token")
    k = next(k for k, group in enumerate(truth.levels) if z in group)
    is_early = k == 0 or (k < len(truth.levels) - 1 and truth.side(j, k, 0) >= 0)
    return truth.target[z] and is_early


def _fall(truth, witness):
    strength, context = witness["strength"], {"context": witness["context"]}
    (j,) = numbers(context, "context")
    on = [z for z in truth.size if truth.target[z]]
    off = [z for z in truth.size if not truth.target[z]]
    if len(truth.levels) == 1:
        return truth.p[j] and str(F(strength)) == strength
    if strength in ("+inf", "-inf"):
        group = truth.levels[-1 if strength == "+inf" else 0]
        return {truth.target[z] for z in group} == {strength == "-inf"}
    alpha = number(strength)
    return str(F(strength)) == strength and truth.mean(j, alpha, on) < truth.mean(j, alpha, off)


def _other_path(truth, witness):
    start, goal = truth.rows[truth.negative[0]], truth.rows[truth.positive[0]]
    if any(truth.rows[j] != start for j in truth.negative):
        (j,) = numbers(witness, "context")
        return j in truth.negative and truth.rows[j] != start
    j, z = numbers(witness, "context", "token")
    scale = lcm(len(truth.positive), len(truth.negative))
    shares = [(start[y] / goal[y]) ** scale * truth.power[y] for y in (0, z)]
    return j in truth.negative and shares[0] != shares[1]


def _is_constant(truth, witness):
    return len(truth.levels) == 1


def _keeps_mass(truth, witness):
    """The concept, off the target, has a token in the set that takes all mass at that end."""
    tokens, strength = _concept_at(truth, witness)
    return not {*tokens}.isdisjoint(truth.levels[-1 if strength == "+inf" else 0])


def _rises(truth, witness):
    """M is constant; or the concept, off the target, has the extreme of M at that end to itself."""
    if _is_constant(truth, witness):
        return numbers(witness, "concept")
    tokens, strength = _concept_at(truth, witness)
    most = max if strength == "+inf" else min
    return most(truth.power[z] for z in tokens) > most(
        truth.power[z] for z in truth.size if z not in tokens
    )


def _concept_at(truth, witness):
    (concept,) = numbers({"concept": witness["concept"]}, "concept")
    tokens = [z for z in truth.size if truth.fresh["instance"]["token_concept"][z] == concept]
    assert set(witness) == {"concept", "strength"}
    assert witness["strength"] in ("+inf", "-inf")
    assert tokens
    assert not any(truth.target[z] for z in tokens)
    return tokens, witness["strength"]


def _is_not_separated(truth, witness):
    on = min(truth.power[z] for z in truth.size if truth.target[z])
    return on <= max(truth.power[z] for z in truth.size if not truth.target[z])


WITNESSES = {
    "lemma-b4.sign": _wrong_sign,
    "thm-3.3.peak-order": _early_peak,
    "thm-3.3.monotone": lambda t, w: _is_constant(t, w) and same_json(w, {"token": 0}),
    "remark-3.4.positive-peaks": _peak_before_0,
    "thm-3.6.target-increasing": _fall,
    "thm-3.6.vanishing": _keeps_mass,
    "thm-3.6.decreasing": _rises,
    "contrastive.geometric-path": _other_path,
    "sweet-spot.nonempty": lambda t, w: _is_not_separated(t, w) and same_json(w, {"context": 0}),
    "ce.convex": lambda t, w: _is_constant(t, w) and same_json(w, {"strength": "0"}),
}

TESTS = {
    "instance": _instance,
    "precision": lambda truth, record: record["precision"] in (128, 256, 512, 1024, 2048, 4096),
    "laws": _laws,
    "levels": _levels,
    "log_odds": _log_odds,
    "peaks": _peaks,
    "limits": _limits,
    "cross_entropy": _cross_entropy,
    "sweet spots": _windows,
    "claims": _claims,
    "witnesses": _witnesses,
}
ADDED = {
    "margins": _margins,
    "sets": _sets,
    "prompts": _prompts,
    "half_saturation": _half_saturation,
    "budgets": _budgets,
}
