"""Random edits of certificates: some blind, some of one who knows the format and mends what depends on it."""

import copy
import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction as F

from theorems.certificates.write.certificate import digest

# Values of every kind that JSON has, and some that look like what they replace.
STRANGE = (
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    77,
    0.5,
    "",
    "0",
    "1",
    "-1",
    "1/2",
    "2/4",
    "0.5",
    "01/2",
    "inf",
)
STRANGE += (
    "-inf",
    "+inf",
    "empty",
    "holds",
    "fails",
    "undecided",
    "hypotheses unmet",
    [],
    {},
    [0],
    ["0", "1"],
)

Record = dict
Edit = Callable[[random.Random, Record, list[Record]], object]


def edited(
    rng: random.Random,
    genuine: list[Record],
    kinds: Sequence[str] = (),
    edits: dict[str, Edit] | None = None,
) -> tuple[Record, list[str]]:
    """A certificate after one to three edits, of some kinds or any, and their names.

    Its digest is nearly always made good. Not every edit can be made of every certificate, or of what the
    one before left: then there is none, and the certificate may come back as it was.
    """
    record, edits = copied(rng.choice(genuine)), edits or EDITS
    names = rng.choices(kinds or list(edits), k=rng.choice((1, 1, 1, 2, 3)))
    for name in names:
        with suppress(LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            edits[name](rng, record, genuine)
    if rng.random() < 0.98 and isinstance(record, dict):
        record["sha256"] = digest(record)
    return record, names


def copied(value):
    return json.loads(json.dumps(value))


# Blind edits: somewhere in the tree.


def places(value, path=()):
    """Every (container, key) of a tree, from the top."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from places(value[key])


def place(rng, record):
    """A place in one of the fields, each of which is as likely as another."""
    key = rng.choice([k for k in record if k != "sha256"])
    found = [(record, key), *places(record[key])]
    return rng.choice(found)


def replace(rng, record, genuine):
    holder, key = place(rng, record)
    holder[key] = copy.deepcopy(rng.choice(STRANGE))


def transplant(rng, record, genuine):
    """A value from elsewhere, of this or another certificate."""
    holder, key = place(rng, record)
    source, its = place(rng, rng.choice([record, *genuine]))
    holder[key] = copied(source[its])


def transplant_field(rng, record, genuine):
    key = rng.choice(list(record))
    record[key] = copied(rng.choice(genuine)[key])


def remove(rng, record, genuine):
    holder, key = place(rng, record)
    del holder[key]


def duplicate(rng, record, genuine):
    holder, key = rng.choice([(h, k) for h, k in places(record) if isinstance(h, list)])
    holder.insert(rng.randrange(len(holder) + 1), copied(holder[key]))


def swap(rng, record, genuine):
    holder, key = place(rng, record)
    other = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[key], holder[other] = holder[other], holder[key]


def rename(rng, record, genuine):
    holder, key = rng.choice([(h, k) for h, k in places(record) if isinstance(h, dict)])
    holder[rng.choice([f"{key} ", key.upper(), "name", "note", *record])] = holder.pop(key)


def add_key(rng, record, genuine):
    holders = [
        record["instance"],
        record,
        record["limits"],
        record["cross_entropy"],
        *record["claims"],
    ]
    holders += [claim["witness"] for claim in record["claims"] if claim["witness"]]
    holder = rng.choice(holders)
    holder.setdefault(
        rng.choice(["name", "note", "next_token_probs", "token", "target"]), rng.choice(STRANGE)
    )


def reorder_keys(rng, record, genuine):
    holder = rng.choice([record, *(v for h, k in places(record) if isinstance(v := h[k], dict))])
    keys = list(holder)
    rng.shuffle(keys)
    pairs = [(key, holder.pop(key)) for key in keys]
    holder.update(pairs)


def shuffle(rng, record, genuine):
    lists = [v for h, k in places(record) if isinstance(v := h[k], list) and len(v) > 1]
    rng.shuffle(rng.choice(lists))


def perturb(rng, record, genuine):
    """A fraction a little off, or written otherwise; a whole number by one; a flag turned."""
    holder, key = place(rng, record)
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = rng.choice([not value, int(value)])
    elif isinstance(value, int):
        holder[key] = rng.choice([value + 1, value - 1, bool(value), str(value), value * 2])
    elif isinstance(value, str):
        holder[key] = moved(rng, value)


def moved(rng, text):
    value, step = (
        F(text),
        F(rng.choice([-1, 1]), rng.choice([2, 10**3, 10**6, 2**30, 2**50, 10**30])),
    )
    over, under = value.numerator, value.denominator
    return rng.choice(
        [
            *(str(value + step), str(value * (1 + step)), str(value * (1 + step)), str(-value)),
            *(f"{2 * over}/{2 * under}", f"0{text}", f"{over}/0{under}", f" {text}", f"+{text}"),
        ]
    )


def rewrite_number(rng, record, genuine):
    """A number of the instance in another notation, or in none."""
    instance = record["instance"]
    key = rng.choice([k for k in instance if k not in ("target", "positive", "negative")])
    values = instance[key]
    while isinstance(values[0], list):
        values = rng.choice(values)
    i = rng.randrange(len(values))
    value = F(values[i])
    over, under = value.numerator, value.denominator
    notations = [float(value), str(float(value)), f"{3 * over}/{3 * under}", f"{over}/0{under}"]
    values[i] = rng.choice(
        [*notations, f"0{over}/{under}", f"{over}/{under} ", bool(over), str(over)]
    )


# Edits of one who knows the format.


def rescale_interval(rng, record, genuine):
    """An interval made wider or narrower about its middle, or moved."""
    pairs = [*record["log_odds"], *(p for row in record["peaks"] for p in row if p)]
    pairs += [record["cross_entropy"]["variance"]]
    pairs += [sample["increase"] for sample in record["cross_entropy"]["samples"]]
    pair = rng.choice([p for p in pairs if "inf" not in p[0]])
    low, high = F(pair[0]), F(pair[1])
    width, share = high - low, F(rng.choice([-4, -1, 0, 0, 0, 1, 4]), rng.choice([1, 4]))
    grown = width * F(rng.choice([-2, -1, -1, 1, 1, 3, 2**8, 2**20]), rng.choice([4, 8, 64]))
    pair[:] = [str(low - grown + share * width), str(high + grown + share * width)]
    mend_windows(record)


def mend_windows(record):
    """The sweet spots anew, from the peaks."""
    target = target_of(record["instance"])
    level = {z: k for k, group in enumerate(record["levels"]) for z in group}
    low = min(level[z] for z, flag in enumerate(target) if flag)
    high = max(level[z] for z, flag in enumerate(target) if not flag)
    ends = [[row[high], row[low]] for row in record["peaks"]]
    windows = [
        None if low <= high or off is None or on is None else [off[1], on[0]] for off, on in ends
    ]
    record["sweet_spots"] = windows
    if low <= high:
        record["common_sweet_spot"] = "empty"
    elif None in windows:
        record["common_sweet_spot"] = None
    else:
        number = lambda x: float(x) if "inf" in x else F(x)  # noqa: E731
        start, stop = (
            max((w[0] for w in windows), key=number),
            min((w[1] for w in windows), key=number),
        )
        is_there = number(start) < number(stop)
        record["common_sweet_spot"] = [start, stop] if is_there else "empty"


def target_of(instance):
    if "target" in instance:
        return instance["target"]
    home = instance["contexts"][instance["positive"][0]]
    return [k == home for k in instance["token_concept"]]


def blank_peaks(rng, record, genuine):
    """Some or all peaks left open, with all that follows from it."""
    is_all = rng.random() < 0.5
    for row in record["peaks"]:
        for k in range(1, len(row) - 1):
            if is_all or rng.random() < 0.5:
                row[k] = None
    mend_windows(record)
    for name in ("thm-3.3.bump", "thm-3.3.peak-order", "sign-rule", "sweet-spot.nonempty"):
        conclude(claim_of(record, name), "undecided")
    if rng.random() < 0.5:
        conclude(claim_of(record, "remark-3.4.positive-peaks"), "undecided")


def claim_of(record, name):
    return next(claim for claim in record["claims"] if claim["id"] == name)


def conclude(claim, outcome):
    claim.update(conclusion=outcome, witness=None)
    if claim["verdict"] != "hypotheses unmet":
        claim["verdict"] = outcome


def change_conclusion(rng, record, genuine):
    """A claim made weaker or stronger, its verdict with it."""
    failing = [claim for claim in record["claims"] if claim["conclusion"] == "fails"]
    claim = rng.choice(failing if failing and rng.random() < 0.5 else record["claims"])
    conclude(claim, rng.choice(["holds", "undecided", "undecided", "fails"]))
    if rng.random() < 0.2:
        claim["witness"] = copied(rng.choice([c["witness"] for r in genuine for c in r["claims"]]))


def change_verdict(rng, record, genuine):
    claim = rng.choice(record["claims"])
    claim["verdict"] = rng.choice(["holds", "fails", "undecided", "hypotheses unmet"])
    if rng.random() < 0.5:
        claim["unmet"] = rng.choice(
            [[], ["separation"], copied(rng.choice(record["claims"])["unmet"])]
        )


def change_witness(rng, record, genuine):
    """Another context, token or strength for one that fails, of the right type or not."""
    claim = rng.choice([c for c in record["claims"] if c["witness"]])
    key = rng.choice(list(claim["witness"]))
    count = len(target_of(record["instance"]))
    strengths = [sample["strength"] for sample in record["cross_entropy"]["samples"]]
    claim["witness"][key] = rng.choice(
        [*range(count + 1), False, True, "0", *strengths, "+inf", "-inf", "1/3"]
    )


def exchange_tokens(rng, record, genuine):
    """Two tokens exchange their levels."""
    groups = [(group, i) for group in record["levels"] for i in range(len(group))]
    (one, i), (other, j) = rng.choice(groups), rng.choice(groups)
    one[i], other[j] = other[j], one[i]
    for group in record["levels"]:
        group.sort()


def exchange_levels(rng, record, genuine):
    k = rng.randrange(len(record["levels"]) - 1)
    for rows in (record["levels"], record["log_odds"], *record["peaks"]):
        rows[k], rows[k + 1] = rows[k + 1], rows[k]


def by_law(record):
    ends = [
        record["limits"][end][key] for end in ("plus", "minus") for key in ("masses", "factors")
    ]
    return [record["laws"], record["peaks"], record["sweet_spots"], *ends]


def reverse_laws(rng, record, genuine):
    for rows in by_law(record):
        rows.reverse()


def split_law(rng, record, genuine):
    """One law listed as two."""
    c = rng.choice([c for c, group in enumerate(record["laws"]) if len(group) > 1])
    for rows in by_law(record):
        rows.insert(c, copied(rows[c]))
    record["laws"][c : c + 2] = [record["laws"][c][:1], record["laws"][c][1:]]


def change_strengths(rng, record, genuine):
    """ΔCE at other strengths, right to 12 digits."""
    from tests.theorems.certificates.certificate_truth import truth_of

    factor = F(rng.choice([1, 3, -1]), rng.choice([1, 2, 4, 10**40])) * rng.choice([1, 1, 2])
    truth = truth_of(record["instance"])
    for sample in record["cross_entropy"]["samples"]:
        strength = F(sample["strength"]) * factor
        middle = F(str(truth.increase(strength)))
        ends = sorted(middle * (1 + F(side, 10**12)) for side in (-1, 1))
        sample.update(strength=str(strength), increase=[str(end) for end in ends])


# Edits of what the second version of the format adds.


def intervals(value):
    """Every pair of exact numbers in a tree."""
    for holder, key in places(value):
        pair = holder[key]
        is_pair = isinstance(pair, list) and len(pair) == 2
        if is_pair and all(isinstance(end, str) for end in pair):
            yield pair


def rescale_constant(rng, record, genuine):
    """An interval of a margin, a covariance, half saturation or a budget made wider, narrower or moved."""
    field = rng.choice(["margins", "sets", "half_saturation", "budgets"])
    pair = rng.choice(list(intervals(record[field])))
    low, high = F(pair[0]), F(pair[1])
    step = rng.choice([high - low, abs(high) / 2**10, abs(high) / 2**30, F(1, 2**20)])
    left, right = rng.choice([(-1, 1), (1, 1), (-1, -1), (1, 0), (0, -1), (-1, 0)])
    pair[:] = [str(low + left * step / 2), str(high + right * step / 2)]


def say_zero(rng, record, genuine):
    """A margin or covariance that is said to be 0, or one that is 0 said to be a little off."""
    pair = rng.choice(list(intervals([record["margins"], record["sets"]])))
    size = F(1, rng.choice([10**3, 10**30, 10**300]))
    pair[:] = [str(-size), str(size)] if pair == ["0", "0"] else ["0", "0"]


def exchange_sets_of_tokens(rng, record, genuine):
    i, j = (rng.randrange(len(record["sets"])) for _ in range(2))
    record["sets"][i], record["sets"][j] = record["sets"][j], record["sets"][i]


def regroup_prompts(rng, record, genuine):
    """Prompts said to end alike, or not to."""
    laws = list(range(len(record["laws"])))
    record["prompts"] = rng.choice([[laws], [[c] for c in laws], record["prompts"][::-1]])


def change_budget(rng, record, genuine):
    """Other nats, or the numbers of another budget, divergence or certificate."""
    entry = rng.choice(record["budgets"])
    other = rng.choice(rng.choice([record, *genuine])["budgets"])
    kind, its = (rng.choice(["cross_entropy", "reverse_kl"]) for _ in range(2))
    name = rng.choice(list(entry[kind]))
    if rng.random() < 0.2:
        entry["budget"] = rng.choice(["1/5", "1/10", "1", "0"])
    entry[kind][name] = copied(rng.choice([other[its][name], None, ["1", "1"], ["0", "0"]]))


def downgrade(rng, record, genuine):
    """The first version of the format, whole or nearly so."""
    record["version"] = 1
    kept = rng.choice([None, None, "sets", "claims"])
    for key in {"margins", "sets", "prompts", "half_saturation", "budgets"} - {kept}:
        del record[key]
    if kept != "claims":
        del record["claims"][20:]


# Edits of the instance that leave it what it is, and some that do not.


def reorder_sets(rng, record, genuine):
    for key in ("positive", "negative"):
        rng.shuffle(record["instance"][key])


def say_defaults(rng, record, genuine):
    instance = record["instance"]
    instance["target"] = target_of(instance)
    count = len(instance.get("contexts") or instance["next_token_probs"])
    instance.setdefault("context_weights", [str(F(1, count))] * count)


def renumber_concepts(rng, record, genuine):
    shift = rng.randrange(4)
    for key in ("token_concept", "contexts"):
        record["instance"][key] = [k + shift for k in record["instance"][key]]
    for entry in record["sets"][2:]:
        entry["set"] += shift
    for claim in record["claims"]:
        if "concept" in (claim["witness"] or {}):
            claim["witness"]["concept"] += shift


def write_as_table(rng, record, genuine):
    """Rates as the table that they make; sometimes beside them."""
    instance = record["instance"]
    pairs = list(
        zip(instance["in_concept"], instance["off_concept"], instance["token_concept"], strict=True)
    )
    table = [[a if k == kind else b for a, b, k in pairs] for kind in instance["contexts"]]
    instance.update(target=target_of(instance), next_token_probs=table)
    if rng.random() < 0.8:
        del instance["in_concept"], instance["off_concept"]


def exchange_sets(rng, record, genuine):
    instance = record["instance"]
    instance["positive"], instance["negative"] = instance["negative"], instance["positive"]


def move_mass(rng, record, genuine):
    """A little probability from one token to another, so that rows still sum to one."""
    instance = record["instance"]
    rows = instance.get("next_token_probs") or [instance["in_concept"]]
    row = rng.choice(
        [*rows, *([instance["context_weights"]] if "context_weights" in instance else [])]
    )
    y, z = rng.sample(range(len(row)), 2)
    step = F(1, rng.choice([50, 10**6, 10**40]))
    row[y], row[z] = str(F(row[y]) + step), str(F(row[z]) - step)


def flip_target(rng, record, genuine):
    instance = record["instance"]
    instance["target"] = target_of(instance)
    z = rng.randrange(len(instance["target"]))
    instance["target"][z] = not instance["target"][z]


_EVERY: tuple[Edit, ...] = (
    *(
        replace,
        transplant,
        transplant_field,
        remove,
        duplicate,
        swap,
        rename,
        add_key,
        reorder_keys,
    ),
    *(
        shuffle,
        perturb,
        rewrite_number,
        rescale_interval,
        blank_peaks,
        change_conclusion,
        change_verdict,
    ),
    *(change_witness, exchange_tokens, exchange_levels, reverse_laws, split_law, change_strengths),
    *(reorder_sets, say_defaults, renumber_concepts, write_as_table, exchange_sets, move_mass),
    flip_target,
    *(
        rescale_constant,
        say_zero,
        exchange_sets_of_tokens,
        regroup_prompts,
        change_budget,
        downgrade,
    ),
)
EDITS: dict[str, Edit] = {edit.__name__: edit for edit in _EVERY}
