"""How config.json says how far back each block looks: a window, and the kinds of attention by block."""

from ..decoder.config import Reader


def layer_types(reader: Reader, is_sliding: list[bool]) -> list[str]:
    """The kind of attention of each block; `is_sliding` says it where config.json does not."""
    default = ["sliding_attention" if sliding else "full_attention" for sliding in is_sliding]
    kinds = reader.get("layer_types", default)
    if not isinstance(kinds, list) or len(kinds) != len(default):
        raise ValueError(f"config.json: layer_types must list {len(default)} kinds; got {kinds!r}")
    for kind in kinds:
        if kind not in ("full_attention", "sliding_attention"):
            raise ValueError(f"config.json: layer type {kind!r} is not supported")
    return kinds


def of_sliding(kinds: list[str], window: int | None) -> list[int | None]:
    """The window of each block: `window` where its kind of attention slides."""
    return [window if kind == "sliding_attention" else None for kind in kinds]


def no_windows(reader: Reader, n: int) -> list[int | None]:
    """None of the `n` blocks has a window."""
    return [None] * n


def mistral_windows(reader: Reader, n: int) -> list[int | None]:
    """One window for all `n`: null means none, a missing setting the 4096 of the first Mistral."""
    if "sliding_window" in reader.settings and reader.get("sliding_window") is None:
        return [None] * n
    return [reader.size("sliding_window", 4096)] * n


def one_window(reader: Reader) -> int | None:
    """The window of all blocks; null, or a missing setting, means none."""
    given = reader.get("sliding_window")
    return None if given is None else reader.size("sliding_window")


def qwen_windows(reader: Reader, n: int) -> list[int | None]:
    """The window of each of `n` blocks: if it is switched on, those from max_window_layers on have it."""
    first = reader.get("max_window_layers", 28)
    return read_windows(reader, [i >= first for i in range(n)], 4096)


def read_windows(reader: Reader, may_slide: list[bool], default: int | None) -> list[int | None]:
    """The window of each block; `may_slide` says which have it where config.json does not."""
    is_used = reader.flag("use_sliding_window", False)
    # files give one even where none is used
    given = reader.get("sliding_window", default)
    given = None if given is None else reader.size("sliding_window", default)
    window = given if is_used else None
    kinds = layer_types(reader, [window is not None and slides for slides in may_slide])
    if window is None and "sliding_attention" in kinds:
        raise ValueError(
            "config.json: layer_types asks for sliding_attention but use_sliding_window is off"
        )
    return of_sliding(kinds, window)
