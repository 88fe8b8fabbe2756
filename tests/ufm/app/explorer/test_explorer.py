"""What the explorer works out from what is chosen, without a browser (tests/browser has one)."""

import importlib.util
import json
import re
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import theorems
from tests.command_line import run
from theorems import hypotheses
from theorems.certificates import certify
from theorems.certificates.write.hypotheses import concept_laws
from theorems.falsify import falsify
from theorems.tables.exact import ExactInstance, load_exact, read_exact
from theorems.tables.files import read_table, write_table
from theorems.tables.table import Table
from ufm.app import explorer
from ufm.app.explorer import BREAKS, FALSE, SOURCES, Choice, Judgement, Row
from ufm.app.playground.served import SERVED

ROOT = Path(__file__).parents[4]
INSTANCE, TABLE = ROOT / "docs" / "smallest_instance.json", ROOT / "docs" / "smallest_table.json"


def judged(choice: Choice) -> dict[str, Row]:
    judgement = explorer.judgement(choice)
    assert [*judgement.watch()][-1] == len(judgement.rows())
    assert judgement.is_final
    return {row.claim.id: row for row in judgement.rows()}


# links

BAD_LINKS = [
    ({"source": "figure-9"}, "source = figure-9 in the link is none of figure-3, "),
    ({"broken": "maths"}, "broken = maths in the link is none of assumption-1, "),
    ({"seed": "-1"}, "seed = -1 in the link is none of 0 to 999: left out"),
]


@pytest.mark.parametrize(("query", "complaint"), BAD_LINKS)
def test_bad_entries_of_a_link_are_told(query, complaint):
    choice, complaints = explorer.from_query({**query, "session_id": "marimo's"})
    assert choice == Choice()
    assert [line.startswith(complaint) for line in complaints] == [True]


def test_a_link_holds_the_choice():
    choice = Choice("random", 7, INSTANCE.read_text(), "separation")
    assert explorer.from_query(explorer.to_query(choice)) == (choice, [])
    assert explorer.to_query(Choice()) == {}


# instances


def test_every_listed_instance_is_exact():
    for source in SOURCES:
        scene = explorer.build(Choice(source))
        assert read_exact(json.loads(explorer.json_text(scene.record))).rows == scene.exact.rows


def test_random_rates_meet_assumption_1_and_differ():
    scenes = [explorer.build(Choice("random", seed)) for seed in range(30)]
    for scene in scenes:
        assert hypotheses.ASSUMPTION_1.unmet(scene.instance) is None
        assert scene.instance.margin > 0
    assert len({str(scene.record) for scene in scenes}) == 30
    assert explorer.build(Choice("random", 3)).record == scenes[3].record


def own(name: str, content: bytes) -> ExactInstance:
    return read_exact(explorer.read_record(name, content))


def test_a_file_is_an_instance_a_certificate_or_what_the_falsifier_found():
    exact = load_exact(INSTANCE)
    assert own("case.json", INSTANCE.read_bytes()).sha256 == exact.sha256
    certificate = json.dumps(certify(exact).record).encode()
    assert own("certificate.json", certificate).sha256 == exact.sha256
    found = falsify("lemma-b4.sign", "assumption-1")
    assert (
        own("found.json", json.dumps(found.as_json()).encode()).rows
        == read_exact(found.counterexample).rows
    )


@pytest.mark.parametrize("suffix", [".json", ".csv", ".npz"])
def test_a_table_becomes_exact_as_it_is(tmp_path, suffix):
    table: Table = read_table(ROOT / "tests" / "data" / "letter_case.json")
    path = tmp_path / f"case{suffix}"
    write_table(path, table)
    exact = own(path.name.upper(), path.read_bytes())
    # what rounding leaves of a row's sum goes to its largest entry
    np.testing.assert_allclose(np.array(exact.rows, float), table.next_token_probs, rtol=1e-14)
    assert {sum(row) for row in exact.rows} == {Fraction(1)} == {sum(exact.weights)}
    assert (exact.positive, exact.negative) == (table.positive, table.negative)
    assert exact.target == tuple(table.target.tolist())


BAD_FILES = [
    ("case.json", b"[1]", "case.json: this is no JSON object"),
    ("case.json", b'{"in_concept": 1', "case.json: "),
    ("case.csv", b"a,b\n1,2\n", "case.csv: "),
    ("case.json", b'{"context_concept": [0]}', "case.json: next_token_probs: missing"),
    ("case.txt", b"", "case.txt: "),
    (
        "head.json",
        b'{"head": [["1"]]}',
        "head.json: this is a head behind a norm, which `ufm certify`",
    ),
    ("other.json", b"{}", "other.json: in_concept is missing; give in_concept, "),
    (
        "half.json",
        b'{"next_token_probs": [["1/2", "1/2"], ["1/8", "7/8"]], "target": [true, false],'
        b' "positive": [0], "negative": [1]}',
        "half.json: token_concept and contexts are not given: add them to the record",
    ),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD_FILES)
def test_a_file_that_is_none_says_why_in_one_line(name, content, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}") as error:
        own(name, content)
    assert "\n" not in str(error.value)
    assert "/tmp" not in str(error.value)


# hypotheses that are broken


@pytest.mark.parametrize("source", ["figure-3", "figure-4", "random"])
@pytest.mark.parametrize("broken", BREAKS)
def test_what_is_broken_is_unmet(source, broken):
    scene = explorer.build(Choice(source, 1, broken=broken))
    named = next(h for h in vars(hypotheses).values() if getattr(h, "id", "") == broken)
    assert named.unmet(scene.instance) is not None
    whole = explorer.build(Choice(source, 1))
    assert (scene.exact.target, scene.exact.weights) == (whole.exact.target, whole.exact.weights)
    assert read_exact(scene.record).rows == scene.exact.rows
    assert (scene.data is not None) == (broken == "assumption-2")


TWO_TOKENS = json.dumps(
    {
        **json.loads(INSTANCE.read_text()),
        **{"in_concept": ["9/10"] * 2, "off_concept": ["1/10"] * 2, "token_concept": [0, 1]},
    }
)


@pytest.mark.parametrize(
    "choice", [*map(Choice, SOURCES), Choice("random", 259), Choice(own=TWO_TOKENS)]
)
def test_each_hypothesis_can_be_broken_on_every_instance(choice):
    for broken in BREAKS:  # build raises where it is met all the same
        assert explorer.build(replace(choice, broken=broken)).choice.broken == broken


def test_what_cannot_be_broken_says_what_to_press():
    exchanged = {**json.loads(TWO_TOKENS), "target": [False, True]}  # P is off T already
    with pytest.raises(
        ValueError, match=r"on this instance: press “none” to judge it whole$"
    ) as error:
        explorer.build(Choice(own=json.dumps(exchanged), broken="target-contexts"))
    assert str(error.value).startswith("P in T, N off it cannot be broken")


@pytest.mark.parametrize("source", ["figure-3", "figure-4", "random"])
def test_the_reason_names_the_token_that_was_made_likelier(source):
    scene, whole = (explorer.build(Choice(source, 1, broken=name)) for name in ("assumption-1", ""))
    raised = int((scene.instance.odds - whole.instance.odds).argmax())
    reason = hypotheses.ASSUMPTION_1.unmet(scene.instance)
    assert reason is not None
    assert reason.startswith(f"p(token {raised}|c) varies over contexts of other concept, from ")
    assert concept_laws(scene.exact) == reason.partition(", from")[0]  # the certificate's own words


# verdicts


@pytest.mark.parametrize("broken", ["", *BREAKS])
def test_verdicts_are_the_checks(broken):
    choice = Choice(broken=broken)
    rows = judged(choice)
    fresh = explorer.build(choice).instance  # with nothing remembered of the first
    assert {*rows} == {name for name, claim in theorems.CLAIMS.items() if claim.is_of_tilts}
    for name, row in rows.items():
        found = theorems.check(name, fresh)
        assert row.verdict == found.verdict, name
        assert bool(row.lost) == (found.verdict == "hypotheses unmet"), name
        assert row.lost or row.seen == found.evidence
        assert all(f"{h}: {row.lost[h]}" == found.evidence for h in [*row.lost][:1])


# What becomes of the conclusions of claims that lost a hypothesis.
FALSE_HERE = {
    "assumption-1": {"lemma-b4.sign"},
    "separation": {"lemma-b4.sign", "thm-3.3.peak-order", "sweet-spot.nonempty"},
    "target-contexts": {
        "lemma-b4.sign", "thm-3.3.peak-order", "thm-3.6.target-increasing", "sweet-spot.nonempty",
        "strength.budget",
    },
    "assumption-2": {"ce.kl-identity", "thm-3.8.quadratic", "ce.lower-bounds", "ce.remainder"},
    "non-constant-log-odds": {"thm-3.3.monotone", "ce.convex", "sign-rule"},
}  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
def test_what_falls_with_a_hypothesis(broken):
    rows = judged(Choice(broken=broken))
    instance = explorer.build(Choice(broken=broken)).instance
    false = {name for name, row in rows.items() if row.anyway == FALSE}
    assert FALSE_HERE[broken] <= false
    assert not {name for name, row in rows.items() if row.verdict == "fails"}
    assert rows["thm-3.6.growth"].verdict == "holds"  # also where nothing moves: 0 <= 0
    # what balls refute, floats do not confirm; that of all orders is checked on the model's own ΔCE alone
    for name in false - {"tilt.all-orders"}:
        with np.errstate(all="ignore"), suppress(ValueError):  # where it means nothing
            assert theorems.CLAIMS[name].conclusion(instance).verdict != "holds", name
    order = [row.anyway == FALSE for row in rows.values() if not row.claim.is_of_others]
    assert order == sorted(order, reverse=True)


def falls(choice: Choice) -> str:
    """What the page says first: which claims fall, or do not apply."""
    judged(choice)
    found = re.search(
        '<p class="falls" data-mark="falls">(.*?)</p>', explorer.page(explorer.judgement(choice))
    )
    assert found is not None
    return re.sub("<.*?>", "", found[1])


def test_what_an_own_instance_lacks_does_not_apply_and_what_a_button_breaks_falls():
    own = INSTANCE.read_text()
    rows = judged(Choice(own=own))
    vanishing = rows["thm-3.6.vanishing"]
    assert (vanishing.word, vanishing.anyway) == ("does not apply here", FALSE)
    assert not [row for row in rows.values() if row.word == FALSE and not row.claim.is_of_others]
    assert "2 claims do not apply here: " in falls(Choice(own=own))
    assert " fall" not in falls(Choice(own=own))
    broken = Choice(own=own, broken="target-contexts")
    rows = judged(broken)
    assert rows["thm-3.6.vanishing"].word == "does not apply here"
    assert rows["thm-3.6.decreasing"].word == FALSE  # its concept is the target's now
    assert falls(broken).startswith("9 claims fall: ")
    assert "others vanish" not in falls(broken)
    # an instance of the list is there to be broken: what it lacks is judged as before
    assert not any(row.is_apart for row in judged(Choice()).values())


def test_a_peak_order_that_is_false_names_the_two_tokens_and_is_drawn():
    row = judged(Choice(broken="target-contexts"))["thm-3.3.peak-order"]
    said = "in context 0 token 2 of the target peaks at -∞, before token 5 off the target at +∞"
    assert row.seen.startswith(said)
    assert row.margin == -1
    page = explorer.page(explorer.judgement(Choice(broken="target-contexts")))
    unfolded = page[page.index('id="claim-thm-3.3.peak-order"') :].split("</details></li>")[0]
    worst = unfolded[unfolded.index('<div class="worst">') :].split("What it needs")[0]
    assert "The worst of these points fails by 1, where" in re.sub("<.*?>", "", worst)
    assert ">token 2</text>" in worst
    assert ">token 5</text>" in worst


def test_a_refutation_holds_numbers_that_the_library_gives():
    row = judged(Choice(broken="target-contexts"))["thm-3.6.target-increasing"]
    assert row.refutation is not None
    scene = explorer.build(Choice(broken="target-contexts"))
    tilt, target = scene.instance.tilt, scene.instance.target
    low, high = (np.asarray(tilt.probs(alpha))[0, target].sum() for alpha in (0.5, 1.0))
    assert f"falls from {low:.4g} to {high:.4g} between α = 1/2 and 1" in row.seen
    slope = (np.asarray(tilt.probs(0.5 + h))[0, target].sum() for h in (1e-5, -1e-5))
    up, down = slope
    assert float(dict(row.refutation.values)["slope"]) == pytest.approx(
        (up - down) / 2e-5, rel=1e-3
    )
    # the mark is on the curve, which the picture spans from its least to its greatest value
    picture = row.refutation.picture
    curve = np.array(
        [p.split(",") for p in re.findall(r'points="([^"]*)"', picture)[0].split()], float
    )
    x, y = (
        float(re.findall(rf'class="mark"[^>]* {c}="([^"]*)"', picture)[0]) for c in ("cx", "cy")
    )
    assert np.interp(x, *curve.T) == pytest.approx(y, abs=0.1)
    ends = [np.asarray(tilt.probs(a))[0, target].sum() for a in (-0.8, 0.8)]
    share = (low - ends[1]) / (ends[0] - ends[1])
    assert (curve[-1, 1] - y) / np.ptp(curve[:, 1]) == pytest.approx(share, abs=0.005)
    assert "marked at α = 0.5" in picture


def test_a_wrong_sign_is_marked_among_all_log_odds():
    row = judged(Choice(broken="separation"))["lemma-b4.sign"]
    assert row.refutation is not None
    assert row.refutation.picture.count("<circle") == 9
    assert row.refutation.picture.count('class="mark"') == 1
    assert "token 0" in row.refutation.picture


def texts_of(picture: str) -> list[tuple[float, float, str]]:
    """The words of a picture, from where they begin and end if a letter is 6 wide, with their height."""
    found = []
    for x, y, anchor, words in re.findall(
        r'<text class=".*?" x="(.*?)" y="(.*?)" text-anchor="(.*?)">(.*?)</text>', picture
    ):
        left = float(x) - len(words) * {"start": 0, "middle": 3, "end": 6}[anchor]
        found.append((left, float(y), words))
    return found


@pytest.mark.parametrize("broken", BREAKS)
def test_no_words_of_a_picture_touch(broken):
    pictures = [
        row.refutation.picture
        for row in judged(Choice(broken=broken)).values()
        if row.refutation is not None
    ]
    assert pictures
    for picture in pictures:
        texts = texts_of(picture)
        for n, (left, y, words) in enumerate(texts):
            for other, height, more in texts[n + 1 :]:
                is_beside = left + 6 * len(words) < other or other + 6 * len(more) < left
                assert is_beside or abs(y - height) >= 13, (words, more)


def test_the_ends_of_a_curve_are_told_apart():
    from ufm.app.explorer._refutation import _apart

    assert _apart(0.01, 0.36) == ["0.01", "0.36"]
    assert _apart(0.009991, 0.010009) == ["0.00999", "0.01"]
    assert _apart(-4.5e-17, 0.0066) == ["0", "0.0066"]
    row = judged(Choice(broken="non-constant-log-odds"))["lemma-b4.sign"]
    assert row.refutation is not None
    assert "M = 0 for all" in row.refutation.picture


def planted(verdict: theorems.Verdict) -> Judgement:
    """The judgement of the default instance, with another conclusion in place of a claim's."""
    judgement = Judgement(explorer.build(Choice()))
    row = judgement._rows["thm-3.6.growth"]
    claim = replace(row.claim, conclusion=lambda instance: verdict)
    judgement._rows = {"thm-3.3.bump": judgement._rows["thm-3.3.bump"], claim.id: Row(claim, {})}
    return judgement


def test_a_claim_that_fails_comes_first(monkeypatch):
    from ufm.app.explorer import _verdicts

    wrong = theorems.Verdict(theorems.Outcome.FAILS, -1.0, 1e-9, "<planted>")
    judgement = planted(wrong)
    monkeypatch.setattr(_verdicts, "JUDGED", tuple(row.claim for row in judgement.rows()))
    assert [*judgement.watch()][-1] == 2
    assert [row.claim.id for row in judgement.rows()] == ["thm-3.6.growth", "thm-3.3.bump"]
    page = explorer.page(judgement)
    assert "Fails: 1" in page or "fails: 1" in page
    assert "&lt;planted&gt;" in page
    assert "<planted>" not in page


def test_what_goes_wrong_in_a_check_is_raised(monkeypatch):
    from ufm.app.explorer import _verdicts

    def broken(row, scene):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(_verdicts, "_judged", broken)
    with pytest.raises(ZeroDivisionError, match="planted"):
        list(Judgement(explorer.build(Choice())).watch())


def test_judging_stops_where_nobody_wants_it():
    judgement = Judgement(explorer.build(Choice("figure-5")))
    assert [*judgement.watch(lambda: False)] == []
    assert not any(row.is_known for row in judgement.rows() if not row.lost)
    judged(Choice())
    assert explorer.judgement(Choice()) is explorer.judgement(Choice())
    same = explorer.judgement(Choice())
    assert [*same.watch()] == [len(same.rows())]  # at once, with nothing to do


# the page


def test_every_claim_is_on_the_page_and_in_the_file():
    judged(Choice(broken="separation"))
    judgement = explorer.judgement(Choice(broken="separation"))
    page, record = explorer.page(judgement), json.loads(explorer.as_json(judgement))
    assert all(name in page for name in theorems.CLAIMS)
    assert {claim["id"] for claim in record["claims"]} == {*re.findall('data-claim="(.*?)"', page)}
    peak = next(claim for claim in record["claims"] if claim["id"] == "thm-3.3.peak-order")
    assert (peak["verdict"], peak["conclusion"]) == ("hypotheses unmet", FALSE)
    assert set(peak["values"]) == {"α(0,6)", "α(0,0)"}
    assert read_exact(record["instance"]).rows == judgement.scene.exact.rows
    assert 'data-hypothesis="separation"' in page


def test_what_others_say_is_counted_apart():
    rows = judged(Choice()).values()
    own = [row for row in rows if not row.claim.is_of_others]
    false = sum(row.anyway == FALSE for row in rows)
    page = explorer.page(explorer.judgement(Choice()))
    words = re.sub("<.*?>", "", page[page.index('data-mark="count">') :].split("</p>")[0])
    mine, others = words.split(">", 1)[1].split(f" {len(rows) - len(own)} sentences of others. ")
    assert mine.startswith(f"{len(own)} claims. Holds: ")
    assert not any(row.anyway == FALSE for row in own)
    assert "false" not in mine
    assert others == f"Holds: {len(rows) - len(own) - false}, false here: {false}."


def test_the_page_says_what_each_verdict_means():
    page = explorer.page(explorer.judgement(Choice()))
    for words in ("✓ holds", "✗ false here", "○ true here all the same", "– means nothing here"):
        assert f"{words}</span></dt><dd>" in page


def test_every_formula_is_set_and_every_proof_is_shown():
    page = explorer.page(explorer.judgement(Choice()))
    assert page.count("<marimo-tex") == page.count("data-claim=")
    assert "thm_3_3_bump" in page
    assert "Theorem thm_3_3_bump" in page


@pytest.mark.parametrize(
    ("broken", "claim"),
    [
        ("", "thm-3.3.bump"),
        ("assumption-2", "ce.kl-identity"),
        ("separation", "thm-3.6.target-increasing"),
    ],
)
def test_what_is_to_be_typed_gives_the_same_verdict(broken, claim, tmp_path, monkeypatch, capsys):
    row = judged(Choice(broken=broken))[claim]
    judgement = explorer.judgement(Choice(broken=broken))
    page = explorer.page(judgement)
    item = page[page.index(f'data-claim="{claim}"') :]
    typed = item[item.index("Repeat it") :]
    code = unescape(typed[typed.index("In Python") :].split("<pre>")[1].split("</pre>")[0])
    (tmp_path / "instance.json").write_text(explorer.json_text(judgement.scene.record))
    (tmp_path / "table.json").write_text(explorer.table_text(judgement.scene.record))
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    said = capsys.readouterr().out
    lines = typed[: typed.index("In Python")]
    assert ("ufm certify" in lines) == ("--table table.json" in lines) == (broken != "assumption-2")
    if broken != "assumption-2":  # of which no file says anything
        _, out, _ = run(monkeypatch, capsys, "verify", claim, "--table", "table.json", "--json")
        shown = json.loads(out)["statements"][0]["claims"][0]
        assert str(row.verdict) in json.dumps(shown), shown
    said_there = {FALSE: "fails", "": row.verdict}.get(row.anyway, "holds")
    assert f"<Outcome.{said_there.upper()}: " in said


def test_links_lead_to_the_playground_and_the_documentation_where_they_are(monkeypatch):
    scene = explorer.judgement(Choice("figure-4"))
    assert "<a " not in explorer.about(scene, [], "", []) + explorer.page(scene)
    monkeypatch.setattr(SERVED, "playground", "play.html")
    address = re.findall('href="(.*?)"', explorer.about(scene, [], "", []))[0]
    from urllib.parse import parse_qs

    state = parse_qs(unescape(address).partition("#")[2])
    assert json.loads(state["own"][0]) == scene.scene.record


def test_what_is_written_by_hand_is_escaped():
    html = explorer.about(None, ["<script>alert(1)</script>"], "", [])
    assert "<script>" not in html
    assert 'role="alert"' in html


def test_notebook_shows_the_default_instance():
    spec = importlib.util.spec_from_file_location("explore", ROOT / "notebooks" / "explore.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, definitions = module.app.run()
    page = "".join(output.text for output in outputs if hasattr(output, "text"))
    assert definitions["choice"] == Choice()
    assert json.loads(definitions["listed_text"]) == explorer.build(Choice()).record
    assert 'data-final="true"' in page
    assert page.count('data-verdict="holds"') > 50
