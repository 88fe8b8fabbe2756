"""Random edits of certificates of heads: the blind ones, and some of one who knows this format."""

from fractions import Fraction as F

from tests.theorems.certificates import certificate_edits as blind
from tests.theorems.certificates.certificate_edits import copied, intervals


def curves(record):
    """Every (holder, key) of the curves of a certificate."""
    for context in record["contexts"]:
        yield from ((context["tokens"], z) for z in range(len(context["tokens"])))
        if context["target"] is not None:
            yield context, "target"


def a_curve(rng, record):
    return rng.choice([(h, k) for h, k in curves(record) if h[k] is not None])


def rescale_interval(rng, record, genuine):
    """An interval of any kind made wider or narrower, or moved."""
    fields = [record["contexts"], record["limits"], record["plateau"], [record["last_block"]]]
    pair = rng.choice(list(intervals(rng.choice(fields))))
    low, high = F(pair[0]), F(pair[1])
    sizes = [high - low, abs(high) / 2**10, abs(high) / 2**31, F(1, 2**20), F(1, 2)]
    step = rng.choice(sizes)
    left, right = rng.choice([(-1, 1), (1, 1), (-1, -1), (1, 0), (0, -1), (-1, 0), (0, 1)])
    share = rng.choice([F(1, 2), F(1, 8)])
    pair[:] = [str(low + left * step * share), str(high + right * step * share)]


def move_turn(rng, record, genuine):
    """The bracket of a turn elsewhere: by several widths, mirrored, or twice as far."""
    holder, key = a_curve(rng, record)
    pair = rng.choice(holder[key]["turns"])
    low, high = F(pair[0]), F(pair[1])
    step = (high - low) * rng.choice([1, -2, 5])
    pair[:] = rng.choice(
        [
            [str(low + step), str(high + step)],
            [str(-high), str(-low)],
            [str(2 * low), str(2 * high)],
            [str(low - F(1, 10)), str(high + F(1, 10))],
        ]
    )


def drop_turns(rng, record, genuine):
    """One turn less, or two neighbours: a peak and a dip."""
    holder, key = a_curve(rng, record)
    turns = holder[key]["turns"]
    i = rng.randrange(len(turns))
    del turns[i : i + rng.choice([1, 2, 2])]


def add_turns(rng, record, genuine):
    """A turn twice, or two more somewhere."""
    holder, key = a_curve(rng, record)
    turns = holder[key]["turns"]
    at = F(rng.randint(-40, 40), 8)
    more = [[str(at + F(k, 2**24)), str(at + F(k + 1, 2**24))] for k in (0, 2)]
    turns[:] = sorted([*turns, *more], key=lambda pair: F(pair[0]))


def flip_first(rng, record, genuine):
    holder, key = a_curve(rng, record)
    curve = holder[key]
    curve["first"] = rng.choice(["rises", "falls", "constant"])


def blank_curve(rng, record, genuine):
    """A curve, or all of a context, left open."""
    holder, key = a_curve(rng, record)
    holder[key] = None
    if rng.random() < 0.3:
        for other, its in curves(record):
            other[its] = None


def tell_open(rng, record, genuine):
    """A curve that is left open is said to run as another does."""
    holder, key = rng.choice([(h, k) for h, k in curves(record) if h[k] is None])
    others = [h[k] for r in genuine for h, k in curves(r) if h[k] is not None]
    holder[key] = copied(rng.choice(others))


def change_dominating(rng, record, genuine):
    limit = record["limits"][rng.choice(["plus", "minus"])]
    count = len(record["instance"]["head"])
    limit["dominating"] = sorted(rng.sample(range(count), rng.randint(1, count)))


def change_extremal(rng, record, genuine):
    """Other tokens at which M is said to be largest or smallest."""
    count = len(record["instance"]["head"])
    tokens = rng.choice([None, [], sorted(rng.sample(range(count), rng.randint(1, count)))])
    record["last_block"][rng.choice(["largest", "smallest"])] = tokens


def change_sets(rng, record, genuine):
    """P and N exchanged, in another order, or gone."""
    instance = record["instance"]
    change = rng.randrange(4)
    if change == 0:
        instance["positive"], instance["negative"] = instance["negative"], instance["positive"]
    elif change == 1:
        instance["positive"].reverse()
    elif change == 2:
        del instance["positive"], instance["negative"]
        record["last_block"] = None
    else:
        instance["positive"] = instance["positive"][:1]


def change_log_odds(rng, record, genuine):
    """Where log-odds turn: elsewhere, or said not to, or said to where they do not."""
    entries = rng.choice(record["contexts"])["log_odds"]
    z = rng.randrange(len(entries))
    entries[z] = rng.choice([None, "0", "1/2", str(-F(entries[z] or 1)), *entries])


def change_claim(rng, record, genuine):
    claim = rng.choice(record["claims"])
    outcome = rng.choice(["holds", "fails", "undecided", "hypotheses unmet"])
    claim.update(
        rng.choice([{"verdict": outcome}, {"conclusion": outcome}, {"unmet": ["two-tokens"]}])
    )
    if rng.random() < 0.5:
        claim["witness"] = rng.choice(
            [None, {"context": 0, "token": 0}, {"context": 0, "token": 1}]
        )


def rewrite_number(rng, record, genuine):
    """A number of the instance in another notation."""
    instance = record["instance"]
    values = instance[rng.choice(["gain", "vector", "head", "hidden", "bias"])]
    while isinstance(values[0], list):
        values = rng.choice(values)
    i = rng.randrange(len(values))
    value = F(values[i])
    over, under = value.numerator, value.denominator
    values[i] = rng.choice(
        [float(value), f"{float(value)}", f"{3 * over}/{3 * under}", f"{over}/{under}", f"+{over}"]
    )


def change_number(rng, record, genuine):
    """Another instance under the same numbers."""
    instance = record["instance"]
    key = rng.choice(["gain", "vector", "head", "hidden", "eps", "bias", "context_weights"])
    if key == "eps":
        instance["eps"] = rng.choice(["0", "1", "1/100000", "-1"])
        return
    values = instance[key]
    while isinstance(values[0], list):
        values = rng.choice(values)
    i = rng.randrange(len(values))
    values[i] = str(F(values[i]) + F(rng.choice([1, -1]), rng.choice([1, 10**6, 10**40])))


def add_key(rng, record, genuine):
    holders = [record, record["instance"], *record["contexts"], record["limits"], record["plateau"]]
    rng.choice(holders).setdefault(rng.choice(["note", "target", "bias", "tokens"]), "0")


def say_defaults(rng, record, genuine):
    """What the instance leaves out, as it is taken."""
    instance = record["instance"]
    count = len(instance["hidden"])
    instance.setdefault("context_weights", [str(F(1, count))] * count)
    instance.setdefault("bias", ["0"] * len(instance["gain"]))


def share_scale(rng, record, genuine):
    """γ larger and W smaller by the same factors: another head with the same logits, but for its bias."""
    instance = record["instance"]
    i, factor = rng.randrange(len(instance["gain"])), F(rng.choice([2, 3, -1]))
    instance["gain"][i] = str(F(instance["gain"][i]) * factor)
    for row in instance["head"]:
        row[i] = str(F(row[i]) / factor)


def rescale_states(rng, record, genuine):
    """All states and the vector longer: the same curves where eps = 0."""
    instance, factor = record["instance"], rng.choice([2, 5])
    for row in (*instance["hidden"], instance["vector"]):
        row[:] = [str(F(x) * factor) for x in row]


def exchange_tokens(rng, record, genuine):
    """Two rows of W with their curves, but not with all that goes with them."""
    count = len(record["instance"]["head"])
    y, z = rng.randrange(count), rng.randrange(count)
    for rows in (record["instance"]["head"], *(c["tokens"] for c in record["contexts"])):
        rows[y], rows[z] = rows[z], rows[y]


BLIND = (
    "replace transplant transplant_field remove duplicate swap rename reorder_keys shuffle perturb"
)
_OWN = (
    *(rescale_interval, move_turn, drop_turns, add_turns, flip_first, blank_curve, tell_open),
    *(
        change_dominating,
        change_extremal,
        change_sets,
        change_log_odds,
        change_claim,
        rewrite_number,
        change_number,
        add_key,
    ),
    *(say_defaults, share_scale, rescale_states, exchange_tokens),
)
EDITS = {name: blind.EDITS[name] for name in BLIND.split()} | {edit.__name__: edit for edit in _OWN}
