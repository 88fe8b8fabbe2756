"""Plain formulas as the site sets them, each written here by hand, and what must stay as it is."""

import re
import sys
from pathlib import Path

import pytest

import theorems
from theorems.falsify import MAP
from theorems.judging.claim import NotCertified

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import prose_math  # noqa: E402
import results_page  # noqa: E402
import statement_pages  # noqa: E402

SET = {
    "p_{j,α}(z) = p(z|c_j) e^{αM(z)} / Σ_y p(y|c_j) holds": (
        r"$p_{j,\alpha}(z)$ $= p(z \mid c_{j}) e^{\alpha M(z)} / \sum_{y} p(y \mid c_{j})$ holds"
    ),
    "So |ν_j(α)| <= R|α|.": r"So $\lvert \nu_{j}(\alpha) \rvert \le R\lvert \alpha \rvert$.",
    "at (1/|C|) Σ_{C'} p": r"at $(1/\lvert C \rvert) \sum_{C'} p$",
    "The price is KL(p_j||p_{j,α}), in nats": (
        r"The price is $\mathrm{KL}(p_{j} \,\Vert\, p_{j,\alpha})$, in nats"
    ),
    "δ = min_T M - max_{not T} M > 0": (
        r"$\delta$ $= \min_{T} M - \max_{[V] \setminus T} M$ $> 0$"
    ),
    "1[z in Mtop] a_z/Σ a - a_z": (r"$\mathbf{1}[z \in M_{\mathrm{top}}] a_{z}/\sum a - a_{z}$"),
    "E_α[M|C] and E_{p_j}[M]": r"$\mathbb{E}_{\alpha}[M \mid C]$ and $\mathbb{E}_{p_{j}}[M]$",
    "a ratio of |α||v| to √(2κ/σ²)": (
        r"a ratio of $\lvert \alpha \rvert \lvert v \rvert$ to $\sqrt{2\kappa /\sigma^{2}}$"
    ),
    "the ε-smoothed dataset (ε0 = 1e-3)": (
        r"the $\varepsilon$-smoothed dataset ($\varepsilon_{0} = 10^{-3}$)"
    ),
    "ΔCE'(0) = <Σ_j ∂CE/∂h_j, v>, which": (
        r"$\Delta \mathrm{CE}'(0)$ $= \langle \sum_{j} \partial \mathrm{CE}/\partial h_{j}, v\rangle$, which"
    ),
    "γ=(3/4, 1/4 | 1/2, 1/2)": r"$\gamma =(3/4, 1/4 \mid 1/2, 1/2)$",
    "below (G-1)/G of C', at α(c_0, token 1)": (
        r"below $(G-1)/G$ of $C'$, at $\alpha (c_{0}, \ \text{token}\ 1)$"
    ),
    "toy: holds, R² .998. At α = 0.5,": r"toy: holds, $R^{2}$ .998. At $\alpha = 0.5$,",
    "σ(r_min + Rα) of log_odds": r"$\sigma (r_{\mathrm{min}} + R\alpha)$ of log_odds",
    "strictly increasing on R": r"strictly increasing on $\mathbb{R}$",
    "α* and h⊥_j, up to O(α⁻²)": (r"$\alpha^{\ast}$ and $h_{\perp ,j}$, up to $O(\alpha^{-2})$"),
    "Var_j(M|not T)/Var_j(M) is R̄ - |M̂(z)|": (
        r"$\operatorname{Var}_{j}(M \mid [V] \setminus T)/\operatorname{Var}_{j}(M)$ is "
        r"$\bar R - \lvert \hat M(z) \rvert$"
    ),
    "to W' LN_0(±v) as": r"to $W' \mathrm{LN}_{0}(\pm v)$ as",
    "½ Σ_j π_j Var_j(M) α²": (r"$\tfrac12 \sum_{j} \pi_{j} \operatorname{Var}_{j}(M) \alpha^{2}$"),
    "Δp_j(z|α) → 1[z in Mtop] p_j(z)/Σ_{Mtop} p_j - p_j(z) as α": (
        r"$\Delta p_{j}(z \mid \alpha)$ $\to \mathbf{1}[z \in M_{\mathrm{top}}] "
        r"p_{j}(z)/\sum_{M_{\mathrm{top}}} p_{j}$ ${}- p_{j}(z)$ as $\alpha$"
    ),
    r"| T of \|M\| | V = 50,257 |": r"| $T$ of $\lvert M \rvert$ | $V = 50{,}257$ |",
}

LEFT = [
    "a claim, e.g. that of App. B.3 in v1 (3.6 of 9), is `p_{j,α}(z)`\n",
    "# Choosing α\n",
    "(claim-α)=\n",
    "already $p_{j,\\alpha}$ and\n\n$$\np_α\n$$\n",
    "```python\nα = p_j(z)\n```\n",
    "    α = p_j(z)  # indented\n",
    "{ref}`α <x>`, [α](there.md) and <a href='α'>it</a> by log_probs, C++ or llama.cpp's\n",
    "```{image} α.svg\n:alt: p_{j,α}\n```\n",
    "A sentence (with brackets) of 9 tokens - or 10 - and nothing else.\n",
    "v1, main text, p. 5, and pp. 7-8\n",
    "> -outfitter was not here, as a model wrote\n",
]


@pytest.mark.parametrize("plain", SET)
def test_a_plain_formula_is_set(plain):
    assert prose_math.with_formulas(f"{plain}\n") == f"{SET[plain]}\n"


@pytest.mark.parametrize("text", LEFT)
def test_code_links_headings_and_words_are_left(text):
    assert prose_math.with_formulas(text) == text


def test_a_page_that_is_set_is_not_set_again():
    page = "\n".join(statement_pages._page(theorems.STATEMENTS[5]))
    once = prose_math.with_formulas(page)
    assert prose_math.with_formulas(once) == once != page


def sentences():
    """All that the registry says in words on the site."""
    yield from (statement.in_short for statement in theorems.STATEMENTS)
    for claim in theorems.CLAIMS.values():
        yield claim.text
        yield claim.control.text
        yield from (hypothesis.text for hypothesis in claim.hypotheses)
        yield (
            claim.certificate.why
            if isinstance(claim.certificate, NotCertified)
            else claim.certificate.how
        )
    yield from (entry.reason for entry in MAP.values() if hasattr(entry, "reason"))
    for finding in theorems.FINDINGS:
        yield from (
            finding.quote,
            finding.says,
            finding.truth,
            finding.charitable_reading,
            finding.witness,
        )
    for found in theorems.LITERATURE:
        yield from (found.says, found.truth, found.real)


def test_no_sentence_of_the_registry_keeps_a_raw_formula():
    plain = {*sentences()}
    assert sum("_" in text or "^" in text for text in plain) > 50  # there is something to set
    for text in plain:
        left = re.sub(r"\$[^$]*\$|`[^`]*`", "", prose_math.with_formulas(f"{text}\n"))
        assert not re.search(r"[α-ωΑ-Ω∑√∞≤≥²³½^]|\b\w_", left), (text, left)


def test_every_formula_is_balanced_and_fit_for_a_table():
    for text in {*sentences()}:
        for formula in re.findall(r"\$([^$]*)\$", prose_math.with_formulas(f"{text}\n")):
            assert "|" not in formula
            assert formula.count("{") == formula.count("}"), formula
            assert formula.count(r"\lvert") == formula.count(r"\rvert"), formula


def test_a_statement_is_read_in_the_order_in_which_it_is_understood():
    statement = next(s for s in theorems.STATEMENTS if s.id == "thm-3.6")
    page = "\n".join(statement_pages._page(statement))
    first = statement.claims[0]
    order = [
        first.text,
        "$$\n",
        f"(claim-{first.id}-figure)=",
        f"(claim-{first.id}-hypotheses)=",
        *(
            f"</summary>\n\n(claim-{first.id}-{part})="
            for part in ("check", "control", "coq", "certificate")
        ),
        f"(claim-{statement.claims[1].id})=",
        "## What the paper says differently",
    ]
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert page.count("<details>") == page.count("</details>")
    for finding in results_page.findings_about(statement):
        assert f"<finding-{finding.id}>" in page[places[-1] :]


def test_the_table_of_results_leads_to_every_statement_finding_and_proof():
    page = "\n".join(results_page._page())
    rows = {
        re.search(r"<statement-([\w.-]+)>", r)[1]: r
        for r in page.splitlines()
        if r.startswith("| {ref}")
    }
    assert set(rows) == {s.id for s in theorems.STATEMENTS}
    assert page.count("<coq-") == sum(not claim.unproved for claim in theorems.CLAIMS.values())
    found = re.findall(r"<finding-([\w.-]+)>", page)
    assert set(found) == {f.id for f in theorems.FINDINGS}
    for name, status in {
        "assumption-2": "run",
        "thm-3.3": "proved, certified",
        "thm-3.6": "proved, 5 of 6 certified",
        "lemma-b2": "proved",
    }.items():
        assert f"| <details><summary>{status}</summary>" in rows[name]
    for statement in theorems.STATEMENTS:
        assert f" | {statement.in_short.replace('|', chr(92) + '|')} | " in rows[statement.id]


def test_a_proved_result_of_the_project_is_boxed_as_a_proposition():
    boxes = {
        claim: kind
        for statement in theorems.STATEMENTS
        for kind, claim in re.findall(
            r"\{prf:(\w+)\}.*\n:nonumber:\n:label: box-(\S+)",
            "\n".join(statement_pages._page(statement)),
        )
    }
    assert set(boxes) == set(theorems.CLAIMS)
    assert boxes["thm-3.3.bump"] == "theorem"
    assert boxes["assumption-2.trained"] == "assumption"
    assert boxes["sweet-spot.nonempty"] == boxes["prop-4.1.rate"] == "proposition"
    assert "property" not in boxes.values()
