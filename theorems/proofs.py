"""The machine-checked proofs: which Coq theorem proves which claim, and whether `coqc` accepts them here."""

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from ufm._files import cache_folder, write_whole
from ufm._progress import Progress, silent

from . import CLAIMS
from ._coq_source import read_theorems

COQ = Path(__file__).parent / "coq"


def theorem_names() -> dict[str, tuple[str, ...]]:
    """Theorem -> ids of the claims it is said to prove, read from the comments of coq/Statements.v."""
    text = (COQ / "Statements.v").read_text(encoding="utf-8")
    return {theorem.name: theorem.claims for theorem in read_theorems(text)}


def _proved_by() -> dict[str, tuple[str, ...]]:
    """Claim -> its theorems: first the one whose words are the claim's, which is named after it."""
    proving: dict[str, list[str]] = {}
    for theorem, claims in theorem_names().items():
        for claim in claims:
            proving.setdefault(claim, []).append(theorem)
    return {
        claim: tuple(sorted(proving[claim], key=re.sub("[.-]", "_", claim).__ne__))
        for claim in CLAIMS
        if claim in proving
    }


PROVED_BY: dict[str, tuple[str, ...]] = _proved_by()

# Claims without a theorem, and why.
UNPROVED: dict[str, str] = {claim.id: claim.unproved for claim in CLAIMS.values() if claim.unproved}


class ProofRun(NamedTuple):
    """What `coqc` said of all theorems together.

    - `outcome`: "proved" (accepted, no axiom beyond the four of coq/README.md), "refused", or
      "not run". `detail`: the version of Coq; the first complaint; or how to get `coqc`.
    - `theorems`: how many there are; `seconds`: how long the run took, when it was run.
    - `is_remembered`: it was run before, of this very text by this very Coq, and not again.
    """

    outcome: str
    detail: str
    theorems: int
    seconds: float
    is_remembered: bool = False


def run_proofs(progress: Progress = silent) -> ProofRun:
    """Compile every proof with `coqc`, unless this very text was accepted by this very Coq before.

    `progress` is told the share done after each file. The files are compiled in a folder of their own, and
    an acceptance is remembered under the user's cache folder, by the hash of all that was compiled.
    """
    count = len(theorem_names())
    coqc = shutil.which("coqc")
    if coqc is None:
        hint = "coqc not found: apt-get install --no-install-recommends coq (Debian, Ubuntu)"
        return ProofRun("not run", hint, count, 0.0)
    version = subprocess.run([coqc, "--version"], capture_output=True, text=True, check=True)
    name = f"Coq {version.stdout.split('version')[1].split()[0]}"
    record = cache_folder() / f"proofs-{_content_hash(version.stdout)}.json"
    if record.exists():
        return ProofRun(**json.loads(record.read_text(encoding="utf-8")), is_remembered=True)
    start = time.monotonic()
    complaint = _compile(progress)
    seconds = round(time.monotonic() - start, 1)
    if complaint:
        return ProofRun("refused", complaint, count, seconds)
    run = ProofRun("proved", name, count, seconds)
    with contextlib.suppress(OSError):  # a folder that cannot be written costs a run next time
        record.parent.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in run._asdict().items() if name != "is_remembered"}
        write_whole(record, json.dumps(kept).encode())
    return run


def sources() -> list[Path]:
    """The files that are compiled, in order, and what says how."""
    listed = (COQ / "_CoqProject").read_text(encoding="utf-8").split()
    return [COQ / "_CoqProject", COQ / "build.sh", *(COQ / f for f in listed if f.endswith(".v"))]


def _compile(progress: Progress) -> str:
    """The first complaint of build.sh, run on a copy of the sources; empty if it has none."""
    files = sources()
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            shutil.copy(file, folder)
        with subprocess.Popen(
            ["sh", "build.sh"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as build:
            said, done = [], 0
            for line in build.stdout or ():
                said.append(line.rstrip())
                if line.rstrip().endswith(".v"):
                    done += 1
                    progress(done / (len(files) - 1), 1.0, f"coqc {line.rstrip()}")
        if build.returncode == 0:
            return ""
    start = next((i for i, line in enumerate(said) if line.startswith(("File ", "Error"))), -1)
    return " ".join(said[start:])[:400] or f"build.sh ended with status {build.returncode}"


def _content_hash(version: str) -> str:
    digest = hashlib.sha256(version.encode())
    for file in sources():
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:32]
