"""How config.json says that positions turn the heads: `rope_scaling`, `rope_parameters` and their like."""

from ufm._json import JSON

from ..decoder.config import Reader
from ..decoder.rotary import Rotary, read_rotary

# Kinds that stretch from a length before, original_max_position_embeddings.
_STRETCHED = ("llama3", "yarn", "longrope")


def one_rotary(reader: Reader, head_dim: int, theta: float = 10000.0) -> Rotary:
    """The rotary of models that turn every block alike; `theta` is the base where none is given."""
    theta = reader.number("rope_theta", theta)
    return read_rotary(read_rope(reader, theta), head_dim, theta, read_context(reader))


def read_context(reader: Reader) -> int | None:
    """How many tokens the model was made for; None where config.json does not say it."""
    given = reader.get("max_position_embeddings")
    return None if given is None else reader.size("max_position_embeddings")


def read_rope(reader: Reader, theta: float) -> dict[str, JSON]:
    """What rope_scaling or rope_parameters says, of which a file needs neither; a copy."""
    scaling, parameters = reader.get("rope_scaling", {}), reader.get("rope_parameters", {})
    rope = dict(_one_of_two(scaling, parameters, theta))
    name = "original_max_position_embeddings"
    if (
        reader.settings.get(name) is None
        or rope.get("rope_type", rope.get("type")) not in _STRETCHED
    ):
        return rope
    # some files say it outside, where transformers would take it from, whatever it is inside
    before = reader.size(name)
    if rope.setdefault(name, before) != before:
        raise ValueError(f"config.json: {name} is {before} and, of the rope, {rope[name]}")
    return rope


def turned_numbers(
    reader: Reader, rope: dict[str, JSON], head_dim: int, name: str, share: float
) -> int:
    """How many numbers of each head are turned: a share that `rope`, or the setting `name`, says."""
    share = reader.number(name, share)
    turned = int(head_dim * Reader(rope).number("partial_rotary_factor", share))
    rope.pop("partial_rotary_factor", None)
    if not 0 < turned <= head_dim or turned % 2:
        raise ValueError(f"config.json turns {turned} of the {head_dim} numbers of a head")
    return turned


def phi3_rotary(reader: Reader, head_dim: int) -> Rotary:
    """The rotary of Phi-3 and 4: a share of each head, with Longrope where the file asks for it."""
    theta = reader.number("rope_theta", 10000.0)
    rope = read_rope(reader, theta)
    turned = turned_numbers(reader, rope, head_dim, "partial_rotary_factor", 1.0)
    before = reader.size("original_max_position_embeddings", 4096)
    kind = rope.pop("rope_type", None) or rope.pop("type", None) or "default"
    rope.pop("type", None)
    if kind == "default":
        rope.pop("original_max_position_embeddings", None)
        return read_rotary(rope, turned, theta)
    # names of older files
    kind = "longrope" if kind in ("su", "yarn") else kind
    rope.setdefault("original_max_position_embeddings", before)
    after = reader.size("max_position_embeddings", 4096)
    return read_rotary({**rope, "rope_type": kind}, turned, theta, after)


def _one_of_two(
    scaling: dict[str, JSON], parameters: dict[str, JSON], theta: float
) -> dict[str, JSON]:
    """What rope_scaling (older) or rope_parameters (newer) says; if there are both, they must say the same.

    transformers takes rope_scaling then and drops the other, its base included; nobody means that.
    """
    if not (scaling and parameters):
        return scaling or parameters
    older, newer = ({"rope_theta": theta, **given} for given in (scaling, parameters))
    for given in (older, newer):  # two names of one thing
        kind = given.pop("type", "default")
        given.setdefault("rope_type", kind)
    for name in sorted({*older, *newer}):
        if older.get(name) != newer.get(name):
            raise ValueError(
                f"config.json: rope_scaling says {name} = {older.get(name)!r}, rope_parameters says "
                f"{newer.get(name)!r}: keep the one that the model was trained with"
            )
    return newer


def two_rotaries(
    reader: Reader, head_dim: int, full: float = 1e6, sliding: float = 1e4
) -> dict[str, Rotary]:
    """Gemma 3 and OLMo 3: a rotary for full attention, which alone may be scaled, and one for sliding.

    `full` and `sliding` are the bases where none is given.
    """
    bases = {
        "full_attention": reader.number("rope_theta", full),
        "sliding_attention": reader.number("rope_local_base_freq", sliding),
    }
    given = reader.get("rope_parameters", {})
    unknown = sorted(set(given) - set(bases))
    if unknown:
        raise ValueError(f"config.json: unknown entry {unknown[0]!r} in rope_parameters")
    scaling = {"full_attention": reader.get("rope_scaling", {})}
    found = {}
    for kind, base in bases.items():
        rope = _one_of_two(scaling.get(kind, {}), given.get(kind) or {}, base)
        if not rope.get("truncate", True):
            # transformers passes over this setting where it is said by kind: two meanings, so none
            raise ValueError(
                "config.json: truncate is not supported for a rope by kind of attention"
            )
        found[kind] = read_rotary(rope, head_dim, base, read_context(reader))
    return found
