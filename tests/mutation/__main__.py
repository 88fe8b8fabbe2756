"""Plants small faults in the code, one at a time, and asks which of them no test sees.

    pip install -c constraints.txt -e '.[mutation]'
    python -m tests.mutation --sample 80 --seed 0

The faults are cosmic-ray's (a sign, a comparison, a constant, a condition) and one kind of ours
(max for min, any for all); the sample is drawn place by place, with its seed. Each fault is planted in
a copy of the tree, and the tests of its room are run there until one fails: tests/README.md says where
the tests of a module are. A fault that no test sees is listed with its line; one that changes nothing
that matters is entered in equivalent.json with the reason, and no longer counts. Exit status 1: fewer
than 95 % of the faults that matter were seen.
"""

import argparse
import difflib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).parent / "equivalent.json"
WANTED = 0.95
LONGEST = 900.0  # seconds: a fault that makes the tests run for ever was seen

_SWAPS = "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul"
_COMPARISONS = (
    "Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_Gt Gt_Lt LtE_GtE GtE_LtE Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is"
)
_OTHERS = """
    ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_USub_UAdd ReplaceUnaryOperator_Delete_USub
    ReplaceAndWithOr ReplaceOrWithAnd ReplaceTrueWithFalse ReplaceFalseWithTrue NumberReplacer AddNot"""
_NAMES = "max min, argmax argmin, maximum minimum, all any, floor ceil, cumsum cumprod, sum prod, left right"

_OTHER_NAME = {a: b for pair in _NAMES.split(", ") for a, b in (pair.split(), pair.split()[::-1])}


class SwapNames(Operator):
    """`max` for `min`, `any` for `all`, and the like, wherever such a name is called or looked up."""

    def mutation_positions(self, node):
        if node.type == "name" and node.value in _OTHER_NAME and _is_called(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        node.value = _OTHER_NAME[node.value]
        return node

    @classmethod
    def examples(cls):
        return ()


def _is_called(name: parso.python.tree.Name) -> bool:
    following = name.get_next_leaf()
    return following is not None and following.value == "("


def operators() -> dict[str, Operator]:
    names = [f"ReplaceBinaryOperator_{swap}" for swap in _SWAPS.split()]
    names += [f"ReplaceComparisonOperator_{swap}" for swap in _COMPARISONS.split()]
    known = {name: get_operator(f"core/{name}")() for name in [*names, *_OTHERS.split()]}
    return {**known, "SwapNames": SwapNames()}


class Fault(NamedTuple):
    """The `occurrence`-th place in `file` at which `operator` changes something."""

    file: str
    line: int
    operator: str
    occurrence: int

    def planted(self, source: str) -> str:
        return mutate_code(source, operators()[self.operator], self.occurrence)

    def key(self, source: str) -> str:
        """The file and the changed line, before and after: line numbers move, this does not."""
        before, after = source.splitlines(), self.planted(source).splitlines()
        changed = [d for d in difflib.ndiff(before, after) if d[:2] in ("- ", "+ ")]
        return f"{self.file}: " + " → ".join(line[2:].strip() for line in changed)


def places(file: str) -> Iterator[tuple[tuple[int, int], Fault]]:
    """Every fault that can be planted in `file`, with its place."""
    tree = get_ast((ROOT / file).read_text())
    for name, operator in operators().items():
        occurrence = 0
        for node in ast_nodes(tree):
            for start, _ in operator.mutation_positions(node):
                yield start, Fault(file, start[0], name, occurrence)
                occurrence += 1


def draw(files: list[str], sample: int, seed: int) -> list[Fault]:
    """`sample` faults: places evenly from all files, at each place one fault."""
    at = defaultdict(list)
    for file in files:
        for start, fault in places(file):
            at[file, start].append(fault)
    rng = random.Random(seed)
    chosen = rng.sample(sorted(at), min(sample, len(at)))
    return [rng.choice(at[place]) for place in chosen]


def tests_of(file: str) -> list[str]:
    """The tests of a module, the nearest first: its doctests, its own file, its room, the rooms around it."""
    path = Path(file)
    own = Path("tests") / path.parent / f"test_{path.stem.lstrip('_')}.py"
    around = [room for room in (own, *own.parents) if (ROOT / room).exists()]
    whole = [Path(), Path("tests")]
    if path.parent != Path("ufm"):  # too much for a fault in a room of ufm
        whole.append(Path("tests/ufm"))
    return [file, *(str(room) for room in around if room not in whole)]


class Copies:
    """Copies of the tree, handed out one to a thread."""

    def __init__(self, folder: Path, count: int):
        self.free: SimpleQueue[Path] = SimpleQueue()
        self.sound: set[str] = set()  # tests that passed with no fault planted
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for number in range(count):
            copy = folder / str(number)
            for name in listed.stdout.splitlines():
                if (ROOT / name).is_file():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    (copy / name).write_bytes((ROOT / name).read_bytes())
            self.free.put(copy)

    def seen(self, tests: list[str], fault: Fault) -> bool:
        """Whether a test fails, or never ends, with `fault` planted; it must pass without."""
        copy = self.free.get()
        try:
            file = copy / fault.file
            source = file.read_text()
            file.write_text(fault.planted(source))
            try:
                failing = next((test for test in tests if _fails(copy, test)), None)
            finally:
                file.write_text(source)
            if failing is not None and failing not in self.sound:
                if _fails(copy, failing):
                    raise RuntimeError(f"{failing} fails with no fault planted")
                self.sound.add(failing)
            return failing is not None
        finally:
            self.free.put(copy)


def _fails(copy: Path, tests: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode not in (0, 5)  # 5: no test there


def main() -> int:
    # a run in the background ignores Ctrl-C, and so would the tests of what Ctrl-C does
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=80, help="how many faults to plant")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("paths", nargs="*", default=["ufm", "theorems"], help="files or folders")
    asked = parser.parse_args()
    files = [str(f.relative_to(ROOT)) for p in asked.paths for f in _python_files(ROOT / p)]
    faults = draw(sorted(set(files)), asked.sample, asked.seed)
    equivalent = json.loads(EQUIVALENT.read_text())
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(asked.jobs) as pool:
        copies = Copies(Path(folder), asked.jobs)

        def ask(fault: Fault) -> str:
            begun, key = time.monotonic(), fault.key((ROOT / fault.file).read_text())
            if key in equivalent:
                verdict = "equivalent"
            else:
                verdict = "seen" if copies.seen(tests_of(fault.file), fault) else "NOT SEEN"
            print(
                f"{verdict:<10} {time.monotonic() - begun:5.0f} s  line {fault.line}, {key}",
                flush=True,
            )
            return verdict

        verdicts = list(pool.map(ask, faults))
    matter = len(verdicts) - verdicts.count("equivalent")
    seen = verdicts.count("seen")
    print(
        f"{seen} of {matter} faults that matter were seen; {len(verdicts) - matter} are equivalent."
    )
    return 0 if seen >= WANTED * matter else 1


def _python_files(path: Path) -> list[Path]:
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [file for file in found if file.name != "__init__.py"]


if __name__ == "__main__":
    sys.exit(main())
