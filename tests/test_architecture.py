"""Imports run one way, from the rooms above to the rooms below; and every public name is kept."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Four towers, each from the ground up. A room imports itself, the rooms on the floors below it, never one
# beside it, and any room of the towers that its own rests on.
TOWERS = {
    "ufm": (
        (
            "ufm._lazy",
            "ufm._checks",
            "ufm._json",
            "ufm._visible",
            "ufm._progress",
            "ufm._random",
            "ufm._names",
            "ufm._broken_formula",
        ),
        ("ufm._files", "ufm._text", "ufm.numerics"),
        ("ufm.models",),
        ("ufm.tilt",),
        ("ufm.sweeps", "ufm.strategies"),
        ("ufm", "ufm.plots"),  # the public names
    ),
    "ufm.llm": (
        ("ufm.llm.decoder",),
        ("ufm.llm.checkpoint",),
        ("ufm.llm.text", "ufm.llm.toy"),
        ("ufm.llm.adapter", "ufm.llm.steering"),
        ("ufm.llm.measure",),
        ("ufm.llm.laws", "ufm.llm.strength", "ufm.llm.concepts", "ufm.llm.harness"),
        ("ufm.llm.judge", "ufm.llm.report"),
        ("ufm.llm.efficacy", "ufm.llm.reproduce"),
        ("ufm.llm",),  # the public names
    ),
    "theorems": (
        ("theorems.judging",),
        ("theorems.hypotheses", "theorems.tables"),
        ("theorems.statements",),
        ("theorems",),  # the registry and the public names
        ("theorems.symbolic", "theorems.certificates"),  # of which one more rule holds, below
        ("theorems.falsify", "theorems.verify"),
    ),
    "ufm.app": (
        ("ufm.app.printing", "ufm.app.playground", "ufm.app.frame"),
        ("ufm.app.explorer",),
        ("ufm.app.commands",),
        ("ufm.app",),
    ),
}
RESTS_ON = {
    "ufm": (),
    "ufm.llm": ("ufm",),
    "theorems": ("ufm",),
    "ufm.app": ("ufm", "ufm.llm", "theorems"),
}
PLACE = {
    room: (tower, height)
    for tower, floors in TOWERS.items()
    for height, rooms in enumerate(floors)
    for room in rooms
}

# The checker of certificates is what must be trusted: it sees the tilt formula in balls, and nothing else.
TRUSTED = "theorems.certificates.check"
BALLS = "theorems.certificates._balls"  # which the falsifier's proofs rest on as well
SEEN_BY_TRUSTED = ("theorems.certificates.check", BALLS)


def room_of(module):
    """The most precise room that holds `module`."""
    parts = module.split(".")
    names = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next(name for name in names if name in PLACE)


def names_of(module, source):
    """The dotted names of this project that `source`, the text of `module`, imports, as it writes them."""
    package = module.split(".")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (t for t in targets if t.split(".")[0] in ("ufm", "theorems"))


def imports_of(module, source):
    """The modules of this project that `source`, the text of `module`, imports."""
    yield from map(home, names_of(module, source))


def home(name):
    """The module that a dotted name is defined in: `ufm.ExponentialTilt` → `ufm.tilt.tilt`."""
    if (ROOT / name.replace(".", "/")).is_dir() or module_file(name):
        return name
    owner, _, attribute = name.rpartition(".")
    if module_file(owner) and owner not in ("ufm", "ufm.llm"):
        return owner
    value = getattr(importlib.import_module(owner), attribute)
    return getattr(value, "__module__", owner)


def module_file(name):
    path = ROOT / f"{name.replace('.', '/')}.py"
    return path if path.is_file() else None


def modules():
    for top in ("ufm", "theorems"):
        for path in sorted([*(ROOT / top).rglob("*.py"), *(ROOT / top).rglob("*.pyi")]):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts), path.read_text()


def is_below(room, other):
    """Whether `other` is a room that `room` may import."""
    (tower, height), (its_tower, its_height) = PLACE[room], PLACE[other]
    return its_height < height if its_tower == tower else its_tower in RESTS_ON[tower]


def forbidden(module, source):
    """The imports of `module` that run up, sideways, to a tower apart, or out of the trusted room."""
    own = room_of(module.removesuffix(".__init__"))
    for target in imports_of(module, source):
        other = room_of(target)
        if module.startswith(TRUSTED) and not target.startswith(SEEN_BY_TRUSTED):
            yield f"{module} imports {target}: the checker sees {' and '.join(SEEN_BY_TRUSTED)} alone"
        elif other != own and not is_below(own, other):
            yield f"{module} ({own}) imports {target} ({other}), which is not below it"


def borrowed(module, source):
    """The imports of `module` that reach for what another room keeps to itself, a name such as `_name`.

    At the top of a package (`ufm._files`) an underscore keeps a module from users alone.
    """
    for target in names_of(module, source):
        parts = target.split(".")
        for depth in range(2, len(parts)):
            keeper = ".".join(parts[:depth])
            is_kept = parts[depth].startswith("_") and not target.startswith(f"{BALLS}.")
            if is_kept and not f"{module}.".startswith(f"{keeper}."):
                yield f"{module} imports {target}, which {keeper} keeps to itself"


def test_no_room_reaches_for_what_another_keeps_to_itself():
    assert [line for module in modules() for line in borrowed(*module)] == []


@pytest.mark.parametrize(
    "module", ["ufm.llm.report.figures", "theorems.certificates.write.peaks", "ufm.app.main"]
)
def test_a_borrowed_name_is_found(module):
    assert len(list(borrowed(module, "from ufm.plots import _windows"))) == 1
    assert list(borrowed(module, "from ufm.plots import peak_map")) == []
    assert list(borrowed("ufm.plots.style", "from ._windows import peak_map")) == []


def test_imports_run_one_way():
    assert [line for module in modules() for line in forbidden(*module)] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ufm.numerics.roots", "from ufm.tilt.tilt import ExponentialTilt"),
        ("ufm.numerics.roots", "from ..tilt import tilt"),
        ("ufm.tilt.tilt", "import theorems"),
        ("ufm.tilt.tilt", "from ufm import ConceptDataset, sweep"),
        ("ufm.sweeps.sweep", "from ufm.llm.decoder import model"),
        ("ufm.sweeps.sweep", "def f():\n    from ufm import plots"),
        ("ufm.llm.decoder.model", "from ..steering.vector import SteeringVector"),
        ("ufm.llm.laws.bumps", "from ..strength import choose"),
        ("ufm.llm.laws.bumps", "from ufm.app.main import main"),
        ("theorems.verify", "from ufm.app.printing import verification"),
        ("theorems.verify", "from ufm.llm.decoder import model"),
        ("ufm.llm.report.make", "from theorems.judging.verdict import Verdict"),
        ("theorems.certificates.check.claims", "from ..write.peaks import Peaks"),
        ("theorems.certificates.check.claims", "from ufm import ExponentialTilt"),
    ],
)
def test_a_forbidden_arrow_is_found(module, source):
    assert len(list(forbidden(module, source))) == 1


PUBLIC = {
    "ufm": """
        Aggregates ConceptDataset ContextChain ExponentialTilt MassCeiling NormCircle StrengthChoice TopTokens
        Transformer UFM choose_strength concept_increase concept_log_odds concept_log_odds_increase
        concept_probability cross_entropy_increase cross_talk difference_of_means efficiency
        first_order_effect forward_kl half_saturation inseparability layer_norm log_odds
        log_odds_error mass_ceiling peak_strengths peaks_on_mesh probability_increase progress_bar
        resampled_error reverse_kl rms_norm separation_margin sweep sweep_aggregates sweep_blocks
        sweep_on_mesh sweep_top sweet_spot undoing_strength""",
    "ufm.llm": """
        Concept ConceptPrompts ControlVector Embeddings Judge JudgedPresence KINDS KeywordJudge
        LanguageModel Law LoopVerdict ModelJudge ModelStrength Presence Prompt PromptStrengths
        Separation ServerJudge Steering SteeringVector SweetSpots TextSpend Tokenizer axbench_score
        bump_law calibrated choose_for_presence choose_strength concept cost_law direction_between
        embed_prompts example_file features find_loop fit_tanh from_transformers generate
        judged_presence load load_tokenizer measure_agreement measure_efficacy measure_judge
        measure_log_odds measure_separation odds_law plateau_law plateau_limits predicted_presence
        prompt_strengths read_concept read_labels read_prompts read_vector sampled_presence
        split_prompts steered_logits steering_vectors sweep_cost sweep_curves sweep_slopes sweet_spots
        tanh_law tilt windows write_prompts write_vector""",
    "ufm.llm.toy": "Assumptions Corpus Made Settings is_uppercase_token make_toy read_corpus",
    "ufm.plots": """
        GALLERY PALETTE Picture concept_across_contexts concept_curves cost_against_mass
        cross_entropy_bounds cross_entropy_curve estimated_cost mass_against_cost new_axes
        next_token_bars peak_map picture_paths sequence_curve side_effects sweet_spot_windows
        token_curves two_vectors write_pictures""",
    "theorems": """
        CLAIMS FINDINGS LITERATURE STATEMENTS Claim Control Finding Hypothesis Instance LiteratureClaim
        Outcome Statement SteeredHead TransformerInstance Verdict check""",
    "theorems.table": "Table read_table table_from_fields write_table",
    "theorems.exact": """
        ExactHead ExactInstance exact_instance load_exact read_exact read_exact_head""",
    "theorems.certificates": """
        Certificate HeadCertificate PaperCertificate certify certify_head certify_paper check_certificate
        check_head_certificate write_certificate""",
    "theorems.falsify": "Falsification MAP falsify",
    "theorems.symbolic": """
        ALPHA CLAIM_IDS Identity Proof SymbolicTilt asymptote bell circle_identities concept_limit identities
        latex limit tends_to""",
}


@pytest.mark.parametrize("package", PUBLIC)
def test_public_names_are_kept(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(PUBLIC[package].split())
    for name in module.__all__:
        assert hasattr(module, name)
