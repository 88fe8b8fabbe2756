"""Real runs of coqc: the proofs are accepted, and altered statements are refused. Needs coqc.

Run with `pytest tests/proofs`; the plain test command leaves this folder out.
"""

import re
import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from theorems import proofs
from theorems._coq_dependencies import dependencies
from theorems._coq_source import read_items

# (theorem, its words, what they are altered to). A hypothesis is dropped by putting True in its place, so
# that the proof keeps its shape and is refused for what it says.
ALTERED = [
    ("lemma_b3_tilt", "exp (alpha * log_odds p P N z)", "exp (- alpha * log_odds p P N z)"),
    ("lemma_b4_sign", "0 < concept_weight kc P N target ->", "True ->"),
    ("lemma_b4_sign", "0 < log_odds p P N z <->", "log_odds p P N z < 0 <->"),
    ("lemma_b5_derivative", "(M z - mean V p M alpha)", "(mean V p M alpha - M z)"),
    ("thm_3_3_bump", "(exists y, In y V /\\ M z < M y) ->", "True ->"),
    ("thm_3_3_peak_order", "M y < M z ->", "M z < M y ->"),
    ("thm_3_3_peak_order", "below s t", "below t s"),
    ("thm_3_3_scaling", "(divided s c)", "(divided s (/ c))"),
    ("thm_3_3_scaling_order", "c < 0 ->", "c <> 0 ->"),
    ("thm_3_3_monotone", "-> increasing", "-> decreasing"),
    ("remark_3_4_positive_peaks", "kc j <> target ->", "True ->"),
    ("remark_3_4_positive_peaks", "0 < eps < eps0 ->", "0 < eps ->"),
    (
        "remark_3_4_root",
        "(exists! eps0, 0 < eps0 <= (G - 1) / G",
        "(exists! eps0, 0 < eps0 < (G - 1) / G",
    ),
    ("remark_3_4_threshold", "0 < eps < eps0 ->", "0 < eps < (INR G - 1) / INR G ->"),
    ("remark_3_4_threshold", "kc j <> target ->", "True ->"),
    ("sign_rule", "below (finite 0) s <->", "below s (finite 0) <->"),
    ("prop_b1_limit_plus", "else 0) - p z)", "else p z) - p z)"),
    ("limit_rate_minus", "exp (alpha * gap)", "exp (2 * alpha * gap)"),
    ("limit_rate", "exp (- alpha * gap)", "exp (- (2 * alpha) * gap)"),
    ("thm_3_6_tanh", "/ (2 * INR", "/ (1 * INR"),
    ("thm_3_6_logistic", "(1 - mass V p M C alpha)", "(1 + mass V p M C alpha)"),
    ("thm_3_6_vanishing", "M z <> top /\\ M z <> bottom", "M z <> top /\\ M z <> top"),
    ("half_saturation_bounds", "range / 4", "range / 5"),
    ("sweet_spot_nonempty", "4 * (high - low)", "5 * (high - low)"),
    ("sweet_spot_width", "/ (top - bottom) <=", "/ (high - low) <="),
    ("sweet_spot_shared", "exp D * ((low", "exp (D / 2) * ((low"),
    ("contrastive_peak_shift", "(c + 1)", "(c - 1)"),
    ("thm_3_8_quadratic", "/ 2 * sigma2", "1 * sigma2"),
    ("ce_upper_bounds", "range ^ 2 / 8", "range ^ 2 / 9"),
    ("ce_remainder", "36 * sqrt 3", "37 * sqrt 3"),
    ("strength_budget", "sqrt (8 * k)", "sqrt (9 * k)"),
    ("ceiling_reverse_kl", "logit (F j) + beta", "logit (F j) - beta"),
    ("ceiling_reverse_kl", "distributions V js q ->", "True ->"),
    ("ceiling_forward_kl", "mu * f j * (1 - f j)", "2 * mu * f j * (1 - f j)"),
    ("ceiling_forward_kl", "laws V js q ->", "distributions V js q ->"),
    ("ceiling_mean_log_odds", "0 < alpha ->", "True ->"),
    ("estimated_log_probability", "2 * Rabs alpha * eta", "1 * Rabs alpha * eta"),
    ("estimated_total_variation", "eta / 2)", "eta / 3)"),
    ("estimated_cross_entropy", "2 * Rabs alpha * eta", "1 * Rabs alpha * eta"),
    ("estimated_feasible", "k - 4 * a", "k - 3 * a"),
    ("side_effect_first_order", "12 * sqrt 3", "13 * sqrt 3"),
    ("side_effect_second_order", "c * alpha ^ 2", "c * alpha ^ 1"),
    ("sequence_divergence", "alpha * mean V (p k) M 0", "alpha * mean V (p k) M alpha"),
    ("sequence_divergence_bound", "range ^ 2 / 8", "range ^ 2 / 9"),
    ("sequence_divergence_convex", "(0 < n)%nat ->", "True ->"),
    ("sequence_presence", "(low + Rmin", "(low + Rmax"),
    ("sequence_presence", "(high + Rmax", "(high + Rmin"),
    ("sequence_count", "(high + Rmax", "(high + Rmin"),
    ("sequence_presence_can_fall", "0 < alpha", "alpha < 0"),
    ("side_effect_cross_talk", "M N alpha b M) beta", "M N alpha b N) beta"),
    ("side_effect_cross_talk_bound", "12 * sqrt 3", "13 * sqrt 3"),
    ("side_effect_two_vectors", "0 <= t <= 1 ->", "True ->"),
    ("side_effect_two_hessian", "N N alpha beta", "N M alpha beta"),
    ("side_effect_undone", "price alpha beta < price alpha b", "price alpha b < price alpha beta"),
    ("park_separable", "M y = M z", "M y <= M z + 1"),
    ("park_pair", "M y < M z", "M y <= M z"),
    ("park_together", "Rabs (a - b) * range", "Rabs (a - b) * range / 2"),
    ("scaling_length", "tilt V (p j) M (c * alpha) z", "tilt V (p j) M (alpha / c) z"),
    ("scaling_unit_length", "(alpha / length)", "(alpha * length)"),
    ("sign_separation_signs", "<-> T z = true", "<-> T z = false"),
    ("sign_separation_order", "below s t", "below t s"),
    ("sign_separation_pairs", "(g - tau)", "(g + tau)"),
    ("thm_3_6_steepest", "range / 4", "range / 5"),
    ("presence_mass", "total alpha / INR n <=", "total alpha <="),
    ("presence_unseen", "1 - INR m * total alpha", "1 - total alpha"),
    ("presence_half", "2 (- / INR n)", "2 (- INR n)"),
    ("presence_earlier", "(alpha - back)", "(alpha - 2 * back)"),
    ("dominating_limit", "(limit y < limit z ->", "(limit y <= limit z ->"),
    ("dominating_limit_layernorm", "(limit (-1) y <", "(limit 1 y <"),
    ("dominating_last_block", "(steering_vector h P N) / r", "(steering_vector h P N)"),
    ("dominating_last_block_layernorm", "let x j := centred d (h j) in", "let x j := h j in"),
    ("prompt_free_norm", "+ sharp_rate d eps rho' speed", "+ 0"),
    ("prompt_free_norm_layernorm", "v' t' = u ->", "True ->"),
    ("prompt_free_tilt", "+ (1 - top_mass V q M top) / top_mass V q M top", "+ 0"),
    ("prompt_free_single", "NoDup V ->", "True ->"),
    ("prompt_free_ends", "ends = 0 <->", "ends <= 1 <->"),
    ("tilt_all_orders", "M z - cumulant", "M z + cumulant"),
    ("finding_remark_3_4", "c < 0", "0 < c"),
    ("finding_remark_3_4_outside", "omega (9 / 20)", "omega (1 / 20)"),
    ("finding_degrades_gradient", "NoDup js ->", "True ->"),
    ("finding_degrades_stationary", "(stationary V d W p js w same H -> forall", "(True -> forall"),
    (
        "setting_consistent",
        "log_odds p P N y < log_odds p P N z",
        "log_odds p P N z < log_odds p P N y",
    ),
    ("geometric_path", "tilt V pN M 1 z = pT z", "tilt V pN M 2 z = pT z"),
    ("half_saturation_once", "- r / range <= a <= - r / delta", "- r / delta <= a <= - r / range"),
    ("strength_feasible", "increase a <= k", "increase a < k"),
    ("strength_feasible_paper", "(tau <= held j 0 ->", "(held j 0 <= tau ->"),
    ("remark_3_4_one_law", "kz z <> target ->", "kz z = target ->"),
    ("strength_feasible_pooled", "separated T V M ->", "True ->"),
    ("definition_2_1_cross_entropy", "= cross_entropy", "= - cross_entropy"),
    (
        "lemma_b4_value_varying",
        "average gain P - average gain N",
        "average gain N - average gain P",
    ),
    ("assumption_2_minimiser", "(exists W H, trained V d W H p) ->", "True ->"),
    ("assumption_2_rank", "<-> (r <= d)%nat", "<-> (r < d)%nat"),
    ("prop_4_1_rmsnorm", "rms_norm d 0 gain (v t)", "rms_norm d eps gain (v t)"),
    ("prop_4_1_rate", "sharp_rate d eps rho speed", "sharp_rate d eps (rho / 2) speed"),
    ("prop_4_1_rate_layernorm", "norm_rate d eps rho speed", "norm_rate d eps (rho / 2) speed"),
    ("prop_4_1_rate_logits", "(fun i => gain i * U i)", "(fun i => gain i * U i / 2)"),
    ("prop_4_1_cross_entropy", "(rms_norm d 0 gain x)", "(rms_norm d eps gain x)"),
    ("norm_circle_ellipse", "0 < radius d eps h v ->", "True ->"),
    ("norm_circle_ellipse_layernorm", "+ dot d U bias", "- dot d U bias"),
    ("norm_circle_cosine", "(alpha - s) ^ 2", "(alpha + s) ^ 2"),
    ("norm_circle_approach", "0 <= sign * (alpha - s)", "0 <= sign * (s - alpha)"),
    ("norm_circle_approach", "second_order ra rb", "second_order ra (rb / 2)"),
    ("norm_circle_side", "(p alpha z - q z)", "(q z - p alpha z)"),
    ("norm_circle_log_odds", "(b z - b y) / (a z - a y)", "(b y - b z) / (a z - a y)"),
    ("norm_circle_turns", "a y < a z ->", "a z < a y ->"),
    ("norm_circle_three_turns", "p (3 / 4) < p 0", "p 0 < p (3 / 4)"),
    ("norm_circle_plateau", "+ sum (fun j => pi j * (cosine", "- sum (fun j => pi j * (cosine"),
    ("norm_circle_budget", "(k < plateau ->", "(True ->"),
    ("attention_averages", "(exists s, (s < n)%nat /\\ mask t s = true) ->", "True ->"),
    ("feed_forward_is_bounded", "locally_bounded act ->", "True ->"),
]


class FirstRun(NamedTuple):
    """All proofs compiled once: where coqc wrote, the verdict, what was said on the way, the cache folder."""

    folder: Path
    run: proofs.ProofRun
    progress: list[tuple[float, str]]
    remembered: Path


@pytest.fixture(scope="session")
def first_run(tmp_path_factory) -> FirstRun:
    folder, remembered = (tmp_path_factory.mktemp(name) for name in ("coq", "cache"))
    # by its name Coq finds it under COQPATH
    built = folder / "Steering"
    built.mkdir()
    said: list[tuple[float, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(remembered))
        patch.setattr(proofs.tempfile, "TemporaryDirectory", lambda: nullcontext(str(built)))
        run = proofs.run_proofs(lambda share, total, file: said.append((share / total, file)))
    return FirstRun(built, run, said, remembered)


@pytest.fixture(scope="session")
def built(first_run) -> Path:
    """A folder with every file compiled."""
    assert first_run.run.outcome == "proved", first_run.run.detail
    return first_run.folder


def test_the_proofs_are_accepted_and_remembered(first_run, monkeypatch):
    assert first_run.run.outcome == "proved", first_run.run.detail
    assert first_run.run.detail.startswith("Coq ")
    assert first_run.progress[-1][1] == "coqc Statements.v"
    shares = [share for share, _ in first_run.progress]
    assert shares == sorted(shares)
    monkeypatch.setenv("XDG_CACHE_HOME", str(first_run.remembered))
    seen = []
    again = proofs.run_proofs(lambda share, total, file: seen.append(file))
    assert (first_run.run.is_remembered, again.is_remembered) == (False, True)
    assert again._replace(is_remembered=False) == first_run.run
    assert not seen


def _recorded(built: Path, file: str, starts: dict[int, str]) -> dict[str, set[tuple[str, str]]]:
    """Item -> files and names that coqc recorded in it; `starts`: where each item begins, in bytes."""
    places = sorted(starts)
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in starts.values()}
    for line in (built / f"{file}.glob").read_text().splitlines():
        kinds = "def|thm|ind|rec|constr|proj"
        place = re.match(rf"R(\d+):\d+ Steering\.(\w+) <> (\S+) (?:{kinds})$", line)
        above = [p for p in places if place and p <= int(place[1])]
        if place and above:
            found[starts[above[-1]]].add((place[2], place[3]))
    return found


def _types(built: Path) -> dict[str, str]:
    """Constructors and fields, which coqc records by their own names -> the type that they are of."""
    types, current = {}, ""
    for file in built.glob("*.glob"):
        for line in file.read_text().splitlines():
            if declared := re.match(r"(ind|rec|constr|proj) \d+:\d+ <> (\S+)$", line):
                current = declared[2] if declared[1] in ("ind", "rec") else current
                types[declared[2]] = current
    return types


def test_what_items_use_is_what_coqc_recorded(built):
    files = {file: file.read_text() for file in proofs.sources() if file.suffix == ".v"}
    items = {file.stem: read_items(text) for file, text in files.items()}
    uses = dependencies(items)
    types = _types(built)
    compared, unexplained = 0, []
    for file, text in files.items():
        assert text.isascii()  # so that a place in bytes is one in characters
        lines = text.splitlines(keepends=True)
        group = items[file.stem]
        starts = {sum(map(len, lines[: item.line - 1])): item.name for item in group}
        recorded = _recorded(built, file.stem, starts)
        for item in group:
            key = f"{file.stem}.{item.name}"
            # what coqc recorded below the item may be the declarations of the next section
            own = {*re.findall(r"[\w']+", item.statement + item.proof)}
            pairs = {pair for pair in recorded[item.name] if pair[1] in own}
            named = {f"{home}.{types.get(name, name)}" for home, name in pairs} - {key}
            assert named <= {*uses[key]}, key
            compared += len(named)
            # by way of what a section declares
            indirect = {types.get(name, name) for name in re.findall(r"[\w']+", item.preamble)}
            others = {name for name in {*uses[key]} - named if name.split(".")[1] not in indirect}
            unexplained += [(key, name) for name in others]
    assert compared > 3000
    # coqc records no tactics and no names in "cbn [sum]"; a pattern can bind a name unseen by the parser
    tactics = {f"{f}.{item.name}" for f in items for item in items[f] if item.kind == "Ltac"}
    assert len([pair for pair in unexplained if pair[1] not in tactics]) < compared / 200, (
        unexplained
    )


def _altered(text: str, theorem: str, words: str, altered: str) -> tuple[int, str]:
    """Where the theorem begins, and the theorem with its proof after other words were put into it."""
    start = re.search(rf"^Theorem {theorem}\b", text, re.MULTILINE).start()
    stated, end = text.index("Proof.", start), text.index("Qed.", start) + len("Qed.")
    pattern = r"\s+".join(map(re.escape, words.split()))  # the words may run over a line's end
    statement, count = re.subn(pattern, lambda _: altered, text[start:stated], count=1)
    assert count == 1, (theorem, words)
    return start, statement + text[stated:end]


def _complaints(built: Path, parts: list[str]) -> list[str]:
    """What Coq says of each part, one read after the other; a proof that a part leaves open is dropped."""
    end = '\nAbort All.\nGoal True. idtac "{}". Abort.\n'
    marks = [f"part {number} was read" for number in range(len(parts))]
    script = "".join(part + end.format(mark) for part, mark in zip(parts, marks, strict=True))
    run = subprocess.run(
        ["coqtop", "-q", "-R", str(built), "Steering"],
        input="Set Silent.\n" + script,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    said, found = run.stdout, []
    for mark in marks:
        before, _, said = said.partition(f"\n{mark}\n")
        found.append(before[before.find("Error:") :] if "Error:" in before else "")
    return found


@pytest.fixture(scope="session")
def complaints(built) -> dict[tuple[str, str, str] | None, str]:
    """Of each alteration what Coq says; of None, what it says of Statements.v as it is.

    The file is read once, and each altered theorem just before the one that it is made of.
    """
    text = (proofs.COQ / "Statements.v").read_text()
    tried = sorted((*_altered(text, *case), case) for case in ALTERED)
    parts, cases, read = [], [], 0
    for start, theorem, case in tried:
        parts += [text[read:start], theorem]
        cases += [None, case]
        read = start
    said: dict[tuple[str, str, str] | None, str] = {}
    for case, complaint in zip(cases, _complaints(built, parts), strict=True):
        said[case] = said.get(case, "") + complaint
    return said


def test_statements_are_accepted_between_the_altered_ones(complaints):
    assert complaints[None] == ""


@pytest.mark.parametrize("case", ALTERED, ids="-".join)
def test_an_altered_statement_is_refused(complaints, case):
    assert complaints[case], "Coq accepts the altered statement"
    first = complaints[case].partition("\nToplevel input")[0]
    # refused for what it says, not for how it is written
    assert not re.search("Syntax error|was not found in the current", first), first


@pytest.mark.parametrize(
    ("file", "words", "altered"),
    [
        ("Bump.v", "Qed.", "Admitted."),
        ("Sum.v", "Open Scope R_scope.", "Open Scope R_scope.\nAxiom absurd : 0 = 1."),
        ("Statements.v", "Print Assumptions everything.",
         "Definition more := (everything, constructive_definite_description).\nPrint Assumptions more."),
    ],
)  # fmt: skip
def test_an_unproved_step_or_a_foreign_axiom_is_refused(
    built, tmp_path, monkeypatch, file, words, altered
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copy = tmp_path / "coq"
    shutil.copytree(proofs.COQ, copy)
    # this one alone: the others are compiled already, and Coq looks for them there
    (copy / "_CoqProject").write_text(f"-Q . Steering\n{file}\n")
    monkeypatch.setenv("COQPATH", str(built.parent))
    text = (copy / file).read_text()
    assert words in text
    text = text.replace(words, altered, 1)
    if "constructive" in altered:
        text = text.replace(
            "From Coq Require Import", "From Coq Require Import IndefiniteDescription", 1
        )
        text = text.replace(
            "constructive_definite_description", "@constructive_indefinite_description"
        )
    (copy / file).write_text(text)
    monkeypatch.setattr(proofs, "COQ", copy)
    run = proofs.run_proofs()
    assert run.outcome == "refused"
    assert run.detail
    assert not list((tmp_path / "cache").rglob("*.json"))
