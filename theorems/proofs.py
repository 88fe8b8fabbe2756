"""The machine-checked proofs: which Coq theorem proves which claim, and whether `coqc` accepts them here."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

COQ = Path(__file__).parent / "coq"

# The theorem of coq/Statements.v whose words are the claim's comes first, then what surrounds it.
PROVED_BY: dict[str, tuple[str, ...]] = {
    "lemma-b2.affine": ("lemma_b2_affine",),
    "lemma-b3.tilt": (
        "lemma_b3_tilt",
        "lemma_b3_direction",
    ),
    "lemma-b4.sign": (
        "lemma_b4_sign",
        "lemma_b4_value",
        "lemma_b4_weights",
        "lemma_b4_varying",
    ),
    "tilt.all-orders": (
        "tilt_all_orders",
        "bell_recursion",
        "cumulants_all_orders",
        "concept_all_orders",
        "cross_entropy_all_orders",
    ),
    "lemma-b5.derivative": ("lemma_b5_derivative",),
    "thm-3.3.bump": (
        "thm_3_3_bump",
        "thm_3_3_peak",
        "thm_3_3_bump_paper",
    ),
    "thm-3.3.peak-order": (
        "thm_3_3_peak_order",
        "thm_3_3_peak_order_paper",
    ),
    "thm-3.3.monotone": (
        "thm_3_3_monotone",
        "thm_3_3_monotone_paper",
    ),
    "remark-3.4.positive-peaks": (
        "remark_3_4_positive_peaks",
        "remark_3_4_contrastive",
        "remark_3_4_target_context",
    ),
    "prop-b1.limit-plus": (
        "prop_b1_limit_plus",
        "prop_b1_paper",
    ),
    "prop-b1.limit-minus": (
        "prop_b1_limit_minus",
        "prop_b1_paper",
    ),
    "thm-3.6.tanh": (
        "thm_3_6_tanh",
        "thm_3_6_tanh_paper",
    ),
    "thm-3.6.target-increasing": (
        "thm_3_6_target_increasing",
        "thm_3_6_target_increasing_paper",
        "thm_3_6_target_limits",
    ),
    "thm-3.6.vanishing": (
        "thm_3_6_vanishing",
        "thm_3_6_vanishing_paper",
    ),
    "thm-3.6.decreasing": (
        "thm_3_6_decreasing",
        "thm_3_6_decreasing_paper",
    ),
    "thm-3.6.growth": (
        "thm_3_6_growth",
        "thm_3_6_tanh_paper",
        "thm_3_6_tanh",
    ),
    "thm-3.8.quadratic": (
        "thm_3_8_quadratic",
        "thm_3_8_quadratic_paper",
    ),
    "prop-4.1.rmsnorm": (
        "prop_4_1_rmsnorm",
        "prop_4_1_plateau",
        "prop_4_1_norms",
    ),
    "prop-4.1.layernorm": (
        "prop_4_1_layernorm",
        "prop_4_1_plateau_layernorm",
        "prop_4_1_norms",
    ),
    "prop-4.1.rate": (
        "prop_4_1_rate",
        "prop_4_1_rate_layernorm",
    ),
    "limit.rate": ("limit_rate",),
    "peak.height": ("peak_height",),
    "sign-rule": ("sign_rule",),
    "contrastive.geometric-path": (
        "contrastive_geometric_path",
        "contrastive_peak_shift",
    ),
    "sweet-spot.nonempty": (
        "sweet_spot_nonempty",
        "sweet_spot_open",
    ),
    "half-saturation.bounds": ("half_saturation_bounds",),
    "ce.kl-identity": ("ce_kl_identity",),
    "ce.convex": (
        "ce_convex",
        "ce_convex_paper",
        "ce_u_shape",
        "ce_derivatives",
    ),
    "ce.upper-bounds": (
        "ce_upper_bounds",
        "ce_upper_bennett",
    ),
    "ce.lower-bounds": (
        "ce_lower_bounds",
        "ce_lower_merged",
    ),
    "ce.remainder": (
        "ce_remainder",
        "third_moment_bound",
    ),
    "ce.asymptote": (
        "ce_asymptote",
        "ce_asymptote_minus",
    ),
    "strength.budget": (
        "strength_budget",
        "strength_target",
        "strength_reverse",
        "strength_budget_best",
    ),
}

# Claims without a theorem, and why.
UNPROVED: dict[str, str] = {
    "assumption-2.trained": "a run of gradient descent; Coq proves its floor and that a model attains it",
}


class ProofRun(NamedTuple):
    """What `coqc` said of all theorems together.

    - `outcome`: "proved" (accepted, no axiom beyond Coq's four for classical reals), "refused", or
      "not run". `detail`: the version of Coq; the first complaint; or how to get `coqc`.
    - `theorems`: how many there are; `seconds`: how long the run took, when it was run.
    """

    outcome: str
    detail: str
    theorems: int
    seconds: float


def run_proofs(progress: Callable[[float, str], None] | None = None) -> ProofRun:
    """Compile every proof with `coqc`, unless this very text was accepted by this very Coq before.

    `progress(share, file)` is called for each file. The files are compiled in a folder of their own, and
    an acceptance is remembered under the user's cache folder, by the hash of all that was compiled.
    """
    count = len(theorem_names())
    coqc = shutil.which("coqc")
    if coqc is None:
        hint = "coqc not found: apt-get install --no-install-recommends coq (Debian, Ubuntu)"
        return ProofRun("not run", hint, count, 0.0)
    version = subprocess.run([coqc, "--version"], capture_output=True, text=True, check=True)
    name = f"Coq {version.stdout.split('version')[1].split()[0]}"
    record = _cache() / f"proofs-{_content_hash(version.stdout)}.json"
    if record.exists():
        return ProofRun(**json.loads(record.read_text()))
    start = time.monotonic()
    complaint = _compile(progress)
    seconds = round(time.monotonic() - start, 1)
    if complaint:
        return ProofRun("refused", complaint, count, seconds)
    run = ProofRun("proved", name, count, seconds)
    _remember(record, run)
    return run


def theorem_names() -> dict[str, tuple[str, ...]]:
    """Theorem -> ids of the claims it is said to prove, read from the comments of coq/Statements.v."""
    found: dict[str, tuple[str, ...]] = {}
    claims: tuple[str, ...] = ()
    for line in (COQ / "Statements.v").read_text().splitlines():
        if comment := re.match(r"\(\* claim: ([^;*]*)", line):
            claims = tuple(name.strip() for name in comment[1].split(","))
        elif theorem := re.match(r"Theorem (\w+)", line):
            found[theorem[1]], claims = claims, ()
    return found


def sources() -> list[Path]:
    """The files that are compiled, in order, and what says how."""
    listed = (COQ / "_CoqProject").read_text().split()
    return [COQ / "_CoqProject", COQ / "build.sh", *(COQ / f for f in listed if f.endswith(".v"))]


def _compile(progress: Callable[[float, str], None] | None) -> str:
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
                    if progress is not None:
                        progress(done / (len(files) - 1), f"coqc {line.rstrip()}")
        if build.returncode == 0:
            return ""
    start = next((i for i, line in enumerate(said) if line.startswith(("File ", "Error"))), -1)
    return " ".join(said[start:])[:400] or f"build.sh ended with status {build.returncode}"


def _content_hash(version: str) -> str:
    digest = hashlib.sha256(version.encode())
    for file in sources():
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ufm"


def _remember(record: Path, run: ProofRun) -> None:
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        partial = record.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(run._asdict()))
        partial.replace(record)
    except OSError:  # a folder that cannot be written costs a run next time, nothing else
        return
