"""The extensions that write the site: what they must refuse, and what they must keep."""

import html
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

import theorems
from theorems import suite, symbolic
from theorems.falsify.needed import NotNeeded
from theorems.judging import controls
from theorems.proofs import PROVED_BY, theorem_names
from ufm import _broken_formula as broken_formula
from ufm import plots
from ufm.app.playground.page import PAGE

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import api_page  # noqa: E402
import build_stamp  # noqa: E402
import claim_sections  # noqa: E402
import command_page  # noqa: E402
import coq_code  # noqa: E402
import coq_drawing  # noqa: E402
import coq_graph_page  # noqa: E402
import coq_items  # noqa: E402
import coq_page  # noqa: E402
import figures_page  # noqa: E402
import findings_page  # noqa: E402
import github_markdown  # noqa: E402
import literature_page  # noqa: E402
import narrow_figure  # noqa: E402
import notebook_pages  # noqa: E402
import pages  # noqa: E402
import playground_page  # noqa: E402
import site_check  # noqa: E402
import source_code  # noqa: E402
import statement_pages  # noqa: E402

CLAIMS = theorems.CLAIMS
CLAIM = CLAIMS["thm-3.3.bump"]


@pytest.mark.parametrize("claim", theorems.CLAIMS)
def test_a_broken_formula_loses_nothing_and_each_line_is_balanced(claim):
    formula = symbolic.latex(claim)
    broken = broken_formula.broken(formula)
    lines = broken.removeprefix(r"\begin{gathered}").removesuffix(r"\end{gathered}")
    if broken != formula:
        for line in lines.split(r" \\ "):
            if r"\begin{cases}" in line or r"\end{cases}" in line:
                continue  # its own rows end like lines
            assert line.count("{") == line.count("}"), line
            assert line.count(r"\left") - line.count(r"\leftarrow") == line.count(r"\right"), line

    def letters(text):
        return re.sub(r"\\q?quad|\\\\|\s", "", text)

    assert letters(lines) == letters(formula)


# Sums, fractions and norms within brackets, which have no place for the end of a line.
WIDE = {"dominating.last-block", "norm-circle.approach", "prop-4.1.rate", "thm-3.6.logistic"}


@pytest.mark.parametrize("claim", theorems.CLAIMS)
def test_the_lines_of_a_formula_fit_a_narrow_screen(claim):
    broken = broken_formula.broken(symbolic.latex(claim))
    lines = broken.removeprefix(r"\begin{gathered}").removesuffix(r"\end{gathered}").split(r" \\ ")
    widest = max(map(broken_formula._width, lines))
    assert (widest > broken_formula._WIDEST) is (claim in WIDE)
    assert widest < 64  # as wide as those of WIDE, which were looked at


def test_a_formula_breaks_at_the_best_places_that_do():
    broken = broken_formula.broken
    assert broken(r"a \quad b") == r"a \quad b"
    x, y, z = ("x" * 40, "y" * 35, "z" * 5)
    assert broken(rf"{x} = {y} \quad {z}") == (
        rf"\begin{{gathered}}{x} \\ = {y} \\ {z}\end{{gathered}}"
    )
    assert broken(rf"{x} \text{{ if }} {y} = {z}") == (
        rf"\begin{{gathered}}{x} \\ \text{{ if }} {y} = {z}\end{{gathered}}"
    )
    whole = rf"\left( {x} = {y} \quad {z} \right)"
    assert broken(whole) == whole
    assert broken_formula._width(rf"\frac{{{x}}}{{{y}}}") == 40


def test_every_claim_has_every_section():
    for claim in theorems.CLAIMS.values():
        found = claim_sections.sections(claim)
        assert list(found) == ["hypotheses", "check", "control", "coq", "certificate", "figure"]
        assert all(text.strip() for text in found.values()), claim.id
        for hypothesis in claim.hypotheses:
            assert f"`{hypothesis.id}`" in found["hypotheses"]


def test_below_a_figure_is_the_first_sentence_of_its_own_caption():
    below = {name: claim_sections.sections(claim)["figure"] for name, claim in CLAIMS.items()}
    assert "*Δp_j(z|α) after the context ABB of C₂, for α from 0 to 60;" in below["thm-3.3.bump"]
    assert "Our parameters" not in below["thm-3.3.bump"]
    assert (
        "*Steered logits, less their mean, in two contexts.* From the" in below["lemma-b2.affine"]
    )
    for claim, text in below.items():
        assert text.count("\n*") == text.count(".svg\n") == len(CLAIMS[claim].figures)
        assert text.count("-narrow.png\n:alt: ") == len(CLAIMS[claim].figures)


def test_a_figure_is_shown_once_on_a_page_and_linked_from_there_on():
    statement = next(s for s in theorems.STATEMENTS if s.id == "literature")
    page = "\n".join(statement_pages._page(statement))
    assert page.count("figures/separable.svg") == page.count("figures/tanh.svg") == 1
    assert "vanishing" not in page  # there M has three values, and no mass is a tanh of α
    link = "{ref}`The picture of “pairs of words” <claim-literature.pairs-figure>` shows it too."
    assert link in page.partition("(claim-literature.masses-figure)=")[2]


def test_letters_that_a_hypothesis_alone_uses_are_explained_below_it():
    hypotheses = claim_sections.sections(CLAIMS["remark-3.4.positive-peaks"])["hypotheses"]
    assert r"Here $w_k = \lvert P \cap C_k \rvert / \lvert P \rvert - " in hypotheses
    assert r"Here $\varepsilon_0$ is the root" in hypotheses
    assert "Here $" not in claim_sections.sections(CLAIMS["thm-3.3.bump"])["hypotheses"]


def test_the_table_of_parts_repeats_no_sentence():
    for statement in theorems.STATEMENTS:
        summary = "\n".join(statement_pages._summary(statement))
        assert not any(claim.text in summary for claim in statement.claims)


def test_a_counterexample_breaks_only_what_is_said():
    table = claim_sections.sections(CLAIMS["remark-3.4.positive-peaks"])["hypotheses"]
    assert table.count("breaks") == 1
    assert "--without concept-laws` finds a counterexample; whatever does so breaks" in table


def test_the_front_picture_is_in_one_section_in_both_its_forms():
    page = "\n".join(figures_page._figures())
    assert page.count("## Steering strength at a glance") == 1
    contents = page[: page.index("\n## ")]
    assert contents.count("\n- {ref}`") == page.count("\n## ")
    assert page.count("at-a-glance.svg") == page.count("at-a-glance-narrow.png") == 1
    assert (
        page.count(":class: narrow-page") == page.count(":class: wide-page") == page.count("\n## ")
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("CONCLUSIONS", "conclusions.py has no conclusion for it"),
        ("PROVED_BY", "no theorem of Statements.v is said to prove it"),
    ],
)
def test_a_claim_without_a_part_stops_the_build(table, message, monkeypatch):
    entries = getattr(claim_sections, table).items()
    without = {claim: entry for claim, entry in entries if claim != CLAIM.id}
    monkeypatch.setattr(claim_sections, table, without)
    with pytest.raises(ExtensionError, match=message):
        claim_sections.sections(CLAIM)


def test_a_hypothesis_that_is_not_in_the_map_stops_the_build(monkeypatch):
    monkeypatch.delitem(claim_sections.MAP, (CLAIM.id, "exponential-path"))
    with pytest.raises(ExtensionError, match="lacks exponential-path"):
        claim_sections.sections(CLAIM)


def test_the_example_of_an_added_theorem_needs_no_other_place(monkeypatch):
    """docs/added_theorem.py, as if in theorems/statements; with docs/add_a_theorem.md's other places."""
    name = "theorems.statements.mean_increases"
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "added_theorem.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (claim,) = module.STATEMENT.claims
    assert claim.check(controls.standard()).verdict == "holds"
    assert claim.run_control()[0]
    for hypothesis in claim.hypotheses:
        entry = NotNeeded("an example")
        monkeypatch.setitem(claim_sections.MAP, (claim.id, hypothesis.id), entry)
    page = "\n".join(statement_pages._page(module.STATEMENT))
    assert claim.formula in page
    assert module.STATEMENT.idea in page


def test_every_theorem_of_the_coq_file_is_found_with_its_proof():
    found = coq_page.theorems_of_coq()
    assert list(found) == list(theorem_names())
    assert {name for names in PROVED_BY.values() for name in names} <= set(found)
    lines = (ROOT / "theorems" / "coq" / "Statements.v").read_text().splitlines()
    for theorem in found.values():
        assert lines[theorem.line - 1].startswith(f"Theorem {theorem.name}")
        assert theorem.proof.startswith("Proof.")
        assert theorem.proof.endswith("Qed.")
        assert "Proof." not in theorem.statement
    shown = as_text(coq_page.statement("thm_3_3_bump", "statements/thm-3.3"))
    assert "Hypothesis M_varies : varies V M." in shown
    # is outside of all sections
    assert "Hypothesis" not in coq_page.statement("sign_rule", "statements/sign-rule")
    with pytest.raises(ExtensionError, match="no theorem thm_9"):
        coq_page.statement("thm_9", "statements/thm-3.3")


def as_text(page):
    """What is left of HTML to read."""
    return html.unescape(re.sub("<[^>]*>", "", page))


def test_each_name_in_coq_code_leads_to_the_item_that_it_names():
    code = coq_page.statement("thm_3_3_bump", "statements/thm-3.3")
    links = dict(re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', code))
    for name in ("law", "varies", "increasing_until", "decreasing_from"):
        assert (
            links[f"../coq_definitions.html#coq-item-definitions-{name.replace('_', '-')}"] == name
        )
    assert not {"M", "V", "p", "z", "Hypothesis"} & {*links.values()}
    bound = coq_code.linked("(* law *) Lemma law' : law x'.", {"law": "Definitions.law"}, "coq")
    assert re.findall(r"<a [^>]*>([^<]+)</a>", bound) == ["law"]
    assert 'href="coq_definitions.html#' in bound
    assert as_text(bound).splitlines()[1] == "(* law *) Lemma law' : law x'."


def test_each_theorem_is_in_one_section_below_the_words_of_the_claim_that_it_proves():
    listed = "\n".join(coq_page._page())
    shown = []
    for section, found in coq_page.sections().items():
        assert len({theorem.heading for theorem in found}) == 1
        assert f"\ncoq_theorems/{section}\n" in listed
        page = "\n".join(coq_page._section(section, found))
        parts = re.split(r"\n\(coq-(\w+)\)=\n", page)
        shown += parts[1::2]
        for name, part in zip(parts[1::2], parts[2::2], strict=True):
            theorem = coq_page.theorems_of_coq()[name]
            above = part.partition("```{raw} html")[0]
            for claim in {*theorem.claims} & {*CLAIMS}:
                assert f"<claim-{claim}>`: {CLAIMS[claim].text}" in above
            assert theorem.proof in as_text(part)
    assert shown == list(coq_page.theorems_of_coq())


def test_the_findings_page_starts_with_a_table_of_all_that_is_said():
    lines = "\n".join(findings_page._findings()).splitlines()
    first_section = next(n for n, line in enumerate(lines) if line.startswith("## "))
    rows = [line for line in lines[:first_section] if line.startswith("| {ref}`")]
    assert len(rows) == len(theorems.FINDINGS)
    additions = [f for f in theorems.FINDINGS if f.severity == "addition"]
    findings = [f for f in theorems.FINDINGS if f not in additions]
    assert f": {len(theorems.FINDINGS)} findings, false statement (1)," in "\n".join(lines)
    assert len(additions) == 1
    for row, finding in zip(rows, findings + additions, strict=True):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        title, severity, says, truth = (cell.replace("\\|", "|") for cell in cells)
        assert title == f"{{ref}}`{finding.title} <finding-{finding.id}>`<br>{finding.source}"
        assert says == finding.says
        assert truth == finding.truth
        instance = f"**The instance.** {finding.witness}. Recomputed: {finding.confirm().numbers}."
        assert instance in lines
        assert severity == finding.severity
    text = "\n".join(lines)
    assert "false statement (1), loose remark (6), misprint (1), addition (1)" in text
    assert text.count("\n## ") == len(rows)
    assert text.count("<summary>The instance in fractions<") == len(rows)
    assert text.count("<summary>Proof in Coq<") == len(rows)


def test_the_page_of_claims_of_others_has_a_row_of_each_with_the_claim_that_judges_it():
    lines = "\n".join(literature_page._page()).splitlines()
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("| ")][2:]
    assert len(rows) == len(theorems.LITERATURE)
    for (who, says, in_model, on_real), found in zip(rows, theorems.LITERATURE, strict=True):
        assert who.strip() == f"{found.source}, {found.place}"
        assert says.replace("\\|", "|").strip() == found.says
        assert in_model.replace("\\|", "|").strip().startswith(f"**{found.in_model}**")
        assert found.truth in in_model.replace("\\|", "|")
        assert (f"<claim-{found.id}>" in in_model) is (found.claim is not None)
        assert all(f"<claim-{name}>" in in_model for name in found.settled_by)
        assert on_real.replace("\\|", "|").strip() == f"**{found.on_real}**.<br>{found.real}"


def test_a_statement_links_to_the_findings_about_it_with_their_severity():
    statement = next(s for s in theorems.STATEMENTS if s.id == "thm-3.8")
    page = "\n".join(statement_pages._page(statement))
    assert "grows linearly <finding-finding-5.linear>` (addition)" in page


def test_the_graph_has_a_square_for_every_item_that_leads_to_its_statement():
    page = "\n".join(coq_graph_page._overview())
    squares = re.findall(
        r'<a href="([^"]+)" data-node="(\d+)" data-uses="[\d ]*" aria-label="([^":]+): [^"]+" '
        r'data-says="([^"]+)"',
        page,
    )
    keys = list(coq_items.items())
    assert [int(place) for _, place, *_ in squares] == [*range(len(keys))]
    assert [name for *_, name, _ in squares] == [html.escape(key) for key in keys]
    assert [address for address, *_ in squares] == [coq_items.address(key) for key in keys]
    says = {html.unescape(name): html.unescape(said) for *_, name, said in squares}
    assert says["Statements.thm_3_3_bump"] == f"{CLAIM.id}: {CLAIM.text}"
    assert says["Definitions.below"].startswith("Definition below (s t : strength) : Prop :=")
    every = "\n".join(
        "\n".join(coq_page._section(section, found))
        for section, found in coq_page.sections().items()
    )
    for file, items in coq_items.items_by_file().items():
        where = coq_items.page_of(f"{file}.{items[0].name}")
        every += (
            "" if file == "Statements" else "\n".join(coq_graph_page._file_page(file, items, where))
        )
    for key in keys:
        assert every.count(f"\n({coq_items.label(key)})=\n") == 1
    assert "Statements.lemma_b5_derivative" in coq_items.used_by()["Tilt.tilt_derivative"]


def test_used_by_is_uses_turned_round():
    pairs = {(name, other) for name, used in coq_items.uses().items() for other in used}
    assert pairs == {(user, name) for name, users in coq_items.used_by().items() for user in users}
    colours = {coq_items.status(i) for items in coq_items.items_by_file().values() for i in items}
    assert colours == {*coq_graph_page._LEGEND}


def test_a_file_is_drawn_below_what_it_uses_and_lines_that_follow_are_left_out():
    def node(name, *uses):
        return coq_drawing.Node(name, "lemma", "lemma", f"x.html#{name}", uses, "it says")

    files = {"A": [node("a")], "B": [node("b", "a")], "C": [node("c", "a", "b"), node("c2", "c")]}
    picture = coq_drawing.draw(files)
    heights = [float(y) for y in re.findall(r'class="file" x="[\d.]+" y="([\d.]+)"', picture)]
    assert heights == sorted(set(heights))
    assert picture.count("<path") == 2  # A to C goes by way of B
    assert 'data-node="2" data-uses="0 1"' in picture
    assert 'data-files="0 1"' in picture


def test_no_row_of_files_is_wider_than_the_text_of_a_page():
    many = {f"F{n}": [coq_drawing.Node(f"f{n}", "lemma", "lemma", "x", (), "")] for n in range(10)}
    picture = coq_drawing.draw(many)
    assert (
        float(re.search(r'viewBox="0 0 ([\d.]+)', picture)[1]) < 736
    )  # the text of a page is 46rem
    heights = re.findall(r'class="file" x="[\d.]+" y="([\d.]+)"', picture)
    assert sorted(heights.count(y) for y in set(heights)) == [3, 3, 4]


def test_the_table_of_results_has_every_result_of_the_paper(monkeypatch):
    rows = [line for line in coq_graph_page._results() if line.startswith("| {ref}")]
    of_paper = [s for s in theorems.STATEMENTS if s.is_of_paper]
    assert len(rows) == len(of_paper) == len(coq_graph_page.SCOPES)
    for row, statement in zip(rows, of_paper, strict=True):
        assert len(re.split(r"(?<!\\)\|", row)) == 6
        for claim in statement.claims:
            assert all(row.count(f"<coq-{name}>") == 1 for name in PROVED_BY.get(claim.id, ()))
    named = re.findall(r"`(\w+)`", str([*coq_graph_page.SCOPES.values()]))
    assert {*named} <= {key.split(".")[1] for key in coq_items.uses()}
    assert len(named) >= 3
    monkeypatch.delitem(coq_graph_page.SCOPES, "thm-3.3")
    with pytest.raises(ExtensionError, match=r"statement thm-3\.3: .* lacks it"):
        list(coq_graph_page._results())


def test_a_lambda_shows_what_it_calls():
    shown = source_code.source_of(theorems.CLAIMS["thm-3.6.growth"].control.instance)
    assert shown.name == "theorems.judging.controls.rescaled_vector"
    assert shown.text.startswith("def rescaled_vector")
    assert (ROOT / shown.file).read_text().splitlines()[shown.line - 1] in shown.text


def test_a_partial_function_shows_what_it_calls_and_what_is_given_to_it():
    conclusion = theorems.CLAIMS["sequence.divergence"].control.conclusion
    assert source_code.source_of(conclusion).text.startswith("def _divergence")
    assert source_code.text_of(conclusion) == "_divergence(instance, is_every_step=False)"
    plain = theorems.CLAIMS["thm-3.6.growth"]
    assert source_code.text_of(plain.conclusion).startswith("def ")


def test_the_commands_page_shows_every_option_and_refuses_one_without_help():
    page = "\n".join(command_page._page())
    for option in (
        "--without",
        "--budget",
        "`--proofs`, `--no-proofs`",
        "--text-tokens",
        "--hidden-states",
    ):
        assert option in page
    assert "## `ufm vector convert`" in page

    @dataclass
    class Mute:
        """Do something.

        Args:
            other: Not of path.
        """

        path: Path

    with pytest.raises(ExtensionError, match="mute: path has no help"):
        list(command_page._command(Mute))
    Mute.__doc__ = None
    with pytest.raises(ExtensionError, match="mute has no help"):
        list(command_page._command(Mute))


def test_a_broken_link_and_an_address_on_the_network_are_seen(tmp_path, monkeypatch):
    (tmp_path / "there.html").write_text('<p id="here">')
    (tmp_path / "index.html").write_text(
        '<a href="there.html#here"></a><a href="https://example.org"></a><link rel="canonical" '
        'href="https://example.org"><a href="there.html#gone"></a><a href="gone.html"></a>'
        '<script src="https://example.org/a.js"></script>'
    )
    said = []
    monkeypatch.setattr(
        site_check.logger, "warning", lambda text, *values: said.append(text % values)
    )
    app = SimpleNamespace(outdir=str(tmp_path), builder=SimpleNamespace(format="html"))
    site_check._check(app, None)
    assert said == [
        "index.html fetches https://example.org/a.js from the network",
        "index.html links to gone.html: there is no such file",
        "index.html links to there.html#gone: there is no such place on that page",
    ]
    listed = (tmp_path / "external_links.txt").read_text()
    assert listed == "https://example.org\tindex.html\n"


def test_the_stamp_tells_the_commit_of_this_tree_and_of_no_other(tmp_path):
    def git(*arguments):
        person = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", *person, "-C", str(tmp_path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "copy").mkdir()
    (tmp_path / "file").write_text("as committed")
    assert build_stamp.commit(tmp_path) == "no commit known"
    git("init", "-q")
    git("add", "file")
    git("commit", "-qm", "one")
    head = git("rev-parse", "--short=12", "HEAD")
    assert build_stamp.commit(tmp_path) == f"commit {head}"
    assert build_stamp.commit(tmp_path / "copy") == "no commit known"
    (tmp_path / "file").write_text("otherwise")
    assert build_stamp.commit(tmp_path) == f"commit {head}, changed since"
    assert re.match(
        r"ufm \d+\.\d+\.\d+\S*, no commit known\. Built with Python 3",
        build_stamp.build_stamp(tmp_path / "copy"),
    )


def test_every_public_name_is_on_one_page_of_the_api_with_its_summary():
    rooms = list(api_page.rooms())
    shown = [(room.package.__name__, name) for room in rooms for name in room.names]
    public = [
        (p, n)
        for p in api_page.PACKAGES
        for n in api_page._public_names(importlib.import_module(p))
    ]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(public)
    (tilt,) = (room for room in rooms if room.module.__name__ == "ufm.tilt")
    page = "\n".join(api_page._page(tilt))
    for name in tilt.names:
        assert f"\n| {{py:obj}}`~ufm.{name}` | " in page
        assert re.search(rf"\n`+{{py:(function|class)}} {name}\b", page)
    contents = "\n".join(api_page._contents(rooms))
    for room in rooms:
        assert contents.count(f"<api/{room.module.__name__}>") == 1
        assert contents.count(f"\napi/{room.module.__name__}\n") == 1


def test_an_indented_formula_of_a_docstring_is_set_and_code_is_left():
    text = "See\n\n    c_{t+1} = f(α)   for Σ_y p(y)\n\nand\n\n    ufm.sweep(α)\n"
    assert api_page._with_displays(text) == (
        "See\n\n$$\n\\begin{gathered}c_{t+1} = f(\\alpha)\\qquad \\ \\text{for}\\ \\sum_{y} p(y)"
        "\\end{gathered}\n$$\n\nand\n\n    ufm.sweep(α)\n"
    )


def held(value):
    """An attribute as marimo writes it: JSON, in a string in JSON, escaped."""
    return html.escape(json.dumps(json.dumps(value)))


def test_a_notebook_needs_no_front_end():
    element = "<marimo-ui-element object-id='a'>{}</marimo-ui-element>"
    slider = element.format("<marimo-slider data-label='ε'></marimo-slider>")
    mime = held("application/vnd.marimo+mimebundle")
    shapes = {"image/png": "data:image/png;base64,AAAA", "narrow": "data:image/png;base64,BBBB"}
    picture = held(shapes)
    rows = held([{"claim": "thm", "verdict": "a < b"}])
    shown = notebook_pages.plain_html(
        '<marimo-tex class="arithmatex">||(\\delta &gt; 0||)</marimo-tex>'
        f"<marimo-mime-renderer data-mime='{mime}' data-data='{picture}'></marimo-mime-renderer>"
        f"<div>{slider}{slider}</div>"
        + element.format(f"<marimo-table data-data='{rows}'></marimo-table>")
        + "<p>a &lt; b, and p_α of <code>p_α</code></p>"
    )
    assert shown == (
        '<span class="math notranslate nohighlight">\\(\\delta &gt; 0\\)</span>'
        '<img class="wide-page" src="data:image/png;base64,AAAA" alt="Picture: this notebook">'
        '<img class="narrow-page" src="data:image/png;base64,BBBB" alt="Picture: this notebook">'
        "<div></div>"
        "<table><tr><th>claim</th><th>verdict</th></tr><tr><td>thm</td>"
        '<td><span class="math notranslate nohighlight">\\(a &lt; b\\)</span></td></tr></table>'
        '<p><span class="math notranslate nohighlight">\\(a &lt; b\\)</span>, and '
        '<span class="math notranslate nohighlight">\\(p_{\\alpha}\\)</span> of <code>p_α</code></p>'
        + notebook_pages._CONTROLS
    )
    with pytest.raises(ExtensionError, match="<marimo-video>, which is not known here"):
        notebook_pages.plain_html("<marimo-video></marimo-video>")


PLOTTING = """
import marimo
app = marimo.App()

@app.cell
def _():
    from matplotlib.figure import Figure
    figure = Figure()
    figure.subplots().plot([0, 1])
    figure
    return
"""


def test_a_notebook_is_exported_with_its_pictures_in_two_shapes(tmp_path):
    (tmp_path / "plotting.py").write_text(PLOTTING)
    exporter = Path(notebook_pages.__file__).with_name("export_notebook.py")
    command = [sys.executable, exporter, "export", "html", "plotting.py", "--output", "page.html"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    (cell,) = notebook_pages._part(page, "session")
    bundle = json.loads(cell["outputs"][0]["data"]["application/vnd.marimo+mimebundle"])
    assert all(bundle[shape].startswith("data:image/png") for shape in ("image/png", "narrow"))
    assert bundle["image/png"] != bundle["narrow"]


def test_a_figure_for_a_phone_is_narrow_and_cuts_no_words():
    figure, panels = plots.new_axes(2)
    for axes in panels:
        axes.plot([0, 1], [0, 1], label="the steered mass of the target, by a long name, " * 2)
        axes.set_title("a title that is much longer than a phone is wide", loc="left")
        axes.set_ylabel("a name that is much longer than a panel is high, on every phone")
        axes.legend()
    beside = panels[1].annotate("words that run out of their panel to the right", (0.9, 0.5))
    size, words = tuple(figure.get_size_inches()), [axes.get_title("left") for axes in panels]
    narrow = narrow_figure.narrowed(figure)
    narrow.draw_without_rendering()
    assert narrow.get_figwidth() == 4.2
    above, below = narrow.axes
    assert above.bbox.y0 > below.bbox.y1  # one panel above the other
    for axes in narrow.axes:
        legend, title = axes.get_legend(), axes._left_title
        assert legend.get_window_extent().y1 < axes.xaxis.label.get_window_extent().y0
        for shown in (legend, title):
            assert shown.get_window_extent().x1 <= narrow.bbox.x1
        along = axes.yaxis.label.get_window_extent()
        assert narrow.bbox.y0 <= along.y0 < along.y1 <= narrow.bbox.y1
    assert [len(axes.texts) for axes in narrow.axes] == [0, 0]  # the legend names the curve
    # and the figure itself is as it was
    assert tuple(figure.get_size_inches()) == size
    assert [axes.get_title("left") for axes in panels] == words
    assert beside in panels[1].texts


def test_short_words_beside_a_curve_are_kept_on_a_phone():
    figure, (axes,) = plots.new_axes()
    axes.plot([0, 1], [0, 1], label="a")
    axes.annotate("a", (0.4, 0.5))
    (narrow,) = narrow_figure.narrowed(figure).axes
    assert [text.get_text() for text in narrow.texts] == ["a"]
    assert narrow.get_legend() is None


def test_a_notebook_is_a_page_with_its_title_and_its_code_folded():
    def cell(code, output):
        data = {"text/markdown": output} if output else {"text/plain": ""}
        return {"code": code, "outputs": [{"type": "data", "data": data}]}

    title = '<span><h1 id="t">Title</h1>text</span>'
    cells = [cell("import ufm", ""), cell("mo.md(...)", title), cell("assert True", "")]
    page = "\n".join(notebook_pages._page("tour", cells))
    assert page.startswith("(notebook-tour)=\n# Title\n")
    assert "```{raw} html\n<span>text</span>\n```" in page
    parts = (
        "show the code",
        "<span>text",
        "{container} notebook-code",
        "import ufm",
        "mo.md(...)",
        "**Assertions**",
        "assert True",
    )
    assert [page.index(part) for part in parts] == sorted(page.index(part) for part in parts)
    with pytest.raises(ExtensionError, match="has no title"):
        list(notebook_pages._page("tour", cells[:1]))
    assert "On this page" not in page
    sections = "".join(f'<h2 id="s{k}">Part {k} <i>of</i> 3</h2>' for k in range(3))
    page = "\n".join(notebook_pages._page("tour", [cell("mo.md(...)", title + sections)]))
    links = re.findall(r'<li><a href="#(s\d)">(.*?)</a></li>', page)
    assert links == [(f"s{k}", f"Part {k} of 3") for k in range(3)]
    assert page.index("On this page") < page.index("show the code") < page.index("<span>text")
    slider = "<marimo-ui-element object-id='a'><marimo-slider></marimo-slider></marimo-ui-element>"
    moved = [cell("mo.md(...)", f"{title}{slider}"), cell("a", slider), cell("b", slider)]
    page = "\n".join(notebook_pages._page("tour", moved))
    assert page.count(notebook_pages._CONTROLS) == 1


def test_the_site_s_playground_is_the_package_s_and_links_to_the_notation(tmp_path):
    app = SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path)
    playground_page._copy(app, None)
    page = (tmp_path / "play.html").read_text(encoding="utf-8")
    assert page.count(' data-letters="notation.html"') == 1
    assert page.replace(' data-letters="notation.html"', "") == PAGE.read_text(encoding="utf-8")
    assert (ROOT / "docs" / "notation.md").is_file()
    (tmp_path / "play.html").unlink()
    playground_page._copy(app, ValueError("the build failed"))
    assert not (tmp_path / "play.html").exists()


def test_a_page_of_an_earlier_build_is_removed(tmp_path, monkeypatch):
    """It would be in no table of contents, and a build with warnings as errors would fail."""
    monkeypatch.setattr(pages, "_WRITTEN", set())
    app = SimpleNamespace(srcdir=tmp_path)
    pages.write_page(app, "coq_files/Now", ["# Now"])
    pages.write_page(app, "coq", ["# Coq"])
    stale = tmp_path / "_generated" / "coq_files" / "Before.md"
    of_another = tmp_path / "_generated" / "index_of_another.md"
    for page in (stale, of_another):
        page.write_text("# Before\n")
    pages.drop_stale(app)
    assert not stale.exists()
    assert of_another.exists()
    assert (tmp_path / "_generated" / "coq_files" / "Now.md").read_text() == "# Now\n"


def test_the_families_are_told_on_the_page_about_checks_in_the_words_of_the_code():
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert "```{families}" in github_markdown.for_the_site(page, ROOT)
    directive = SimpleNamespace(parse_text_to_nodes=lambda text: [text])
    (text,) = statement_pages.Families.run(directive)
    assert text.startswith("(families)=\nThe families: ")
    assert [name for name in suite.FAMILIES if f'"{name}"' not in text] == []
    assert "Families" not in "\n".join(statement_pages._overview())


def test_on_a_phone_words_beside_curves_without_names_are_the_legend():
    figure, (axes,) = plots.new_axes()
    axes.plot([0, 1], [0, 1], color="C0", linestyle=":")
    axes.annotate("words that run out of their panel to the right", (0.9, 0.5), color="C0")
    axes.annotate("words about all curves, and about much more", (0.9, 0.2), color="gray")
    (narrow,) = narrow_figure.narrowed(figure).axes
    assert not narrow.texts
    one, none = narrow.get_legend().legend_handles
    assert (one.get_linestyle(), none.get_linestyle()) == (":", "None")


def test_on_a_phone_one_of_two_numbers_that_touch_is_above_the_other():
    figure, (axes,) = plots.new_axes()
    bars = axes.bar(range(9), [0.0125] * 9)
    axes.set_ylim(0, 1)
    axes.bar_label(bars, padding=2)
    axes.annotate("words that run out of their panel to the right", (7, 0.5))
    (narrow,) = narrow_figure.narrowed(figure).axes
    boxes = [text.get_window_extent() for text in narrow.texts if text.get_text() == "0.0125"]
    assert len(boxes) == 9
    assert not any(one.overlaps(other) for one, other in pairwise(boxes))
