"""How config.json says that positions turn the heads: `rope_scaling`, `rope_parameters` and their like."""

from ufm._json import JSON

from ..decoder.config import Reader
from ..decoder.rotary import Rotary, read_rotary


def one_rotary(reader: Reader, head_dim: int, theta: float = 10000.0) -> Rotary:
    """The rotary of models that turn every block alike; `theta` is the base where none is given."""
    theta = reader.number("rope_theta", theta)
    return read_rotary(read_rope(reader, theta), head_dim, theta)


def read_rope(reader: Reader, theta: float) -> dict[str, JSON]:
    """What rope_scaling or rope_parameters says, of which a file needs neither; a copy."""
    scaling, parameters = reader.get("rope_scaling", {}), reader.get("rope_parameters", {})
    return dict(_one_of_two(scaling, parameters, theta))


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


def two_rotaries(reader: Reader, head_dim: int) -> dict[str, Rotary]:
    """Gemma 3: one base for full attention, which alone may be scaled, one for sliding attention."""
    bases = {
        "full_attention": reader.number("rope_theta", 1e6),
        "sliding_attention": reader.number("rope_local_base_freq", 1e4),
    }
    given = reader.get("rope_parameters", {})
    unknown = sorted(set(given) - set(bases))
    if unknown:
        raise ValueError(f"config.json: unknown entry {unknown[0]!r} in rope_parameters")
    scaling = {"full_attention": reader.get("rope_scaling", {})}
    return {
        kind: read_rotary(
            _one_of_two(scaling.get(kind, {}), given.get(kind) or {}, base), head_dim, base
        )
        for kind, base in bases.items()
    }
