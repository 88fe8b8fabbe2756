"""Running out of memory, said in one line: by Python, by numpy, or by XLA on any device."""

import re


def memory_shortage(error: MemoryError | RuntimeError) -> str | None:
    """What was asked for and what to do, if `error` says that memory ran out; None if it says anything else.

    XLA's error is a `RuntimeError` that begins with its status, and says how many bytes it could not have.
    """
    text = str(error)
    if isinstance(error, MemoryError):  # numpy says how much it could not have, Python nothing
        return f"out of memory, ask for less at once: {text}"
    if not text.startswith("RESOURCE_EXHAUSTED"):
        return None
    found = re.search(r"allocat\w* (\d+) ?bytes", text)
    asked = f" ({int(found[1]) / 2**30:.3g} GiB more were asked for)" if found else ""
    return f"out of memory{asked}: ask for fewer prompts or strengths, or lower --memory"
