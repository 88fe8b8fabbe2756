"""The theorems one by one, each with a picture.

As an app `marimo run notebooks/statements.py`, as a script `python notebooks/statements.py`, its
assertions alone `pytest notebooks/statements.py`. The statements' pages show the same `figures`.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="The theorems, one by one")

with app.setup(hide_code=True):
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    import ufm
    from theorems import suite
    from ufm import plots

    # Before any array is made: peaks need float64.
    jax.config.update("jax_enable_x64", True)

    BLUE, RED, GREEN = plots.PALETTE[:3]
    TOKENS = list("abcABCαβγ")
    TARGET = np.arange(9) < 3
    # The dataset of the paper's Figure 3: V = 9, G = 3, T = C₁, steered away from C₂.
    DATA = ufm.ConceptDataset.from_concept_laws(
        np.tile([53 / 125, 57 / 125, 3 / 25], 3),
        np.tile([2 / 5, 1 / 2, 1 / 10], 3),
        1 / 20,
        np.repeat(np.arange(3), 3),
    )
    TILT = ufm.ExponentialTilt.from_dataset(DATA, [0, 1], [2, 3])
    NEAR = np.linspace(-2.0, 3.0, 301)


@app.function(hide_code=True)
def captioned(drawn):
    """Figures by the functions that draw them, each above what its function says of it."""
    parts = [(figure, mo.md(f"*{draw.__doc__}*")) for draw, figure in drawn.items()]
    return mo.vstack([part for pair in parts for part in pair])


@app.function(hide_code=True)
def gallery(name):
    """A figure of the gallery above its caption."""
    picture = next(picture for picture in plots.GALLERY if picture.name == name)
    return mo.vstack([picture.draw(), mo.md(f"*{picture.caption}*")])


@app.cell(hide_code=True)
def _():
    _picture = next(picture for picture in plots.GALLERY if picture.name == "peak-map")
    mo.vstack(
        [
            mo.md("# The theorems, one by one"),
            _picture.draw(),
            mo.md(r"""
            The vocabulary has $V = 9$ tokens in three concepts, abc | ABC | αβγ; the steering vector is made
            from contexts of the first, the target $T$, less contexts of the second. This is Theorem 3.3 in
            one picture: in each context a token peaks the later, the larger its log-odds $M(z)$ are, so that
            all other tokens peak before the target's.

            Below are the results of [arXiv:2602.02712](https://arxiv.org/abs/2602.02712) in pictures, and
            those that go beyond it. The site's page of each statement has hypotheses, proofs and exceptions;
            the cells at the end check what is drawn.

            These letters are used throughout: $p_j(z)$ is the probability of the token $z$ after the context
            $c_j$, and $p_{j,\alpha}(z)$ that after steering with the strength $\alpha$. $P$ and $N$ are the
            contexts that the steering vector $v$ adds and takes away. $M(z)$, the log-odds, is the mean of
            $\log p_i(z)$ over $P$ less that over $N$: how much likelier the token is in $P$ than in $N$.
            $C_k$ are the concepts. CE is the cross-entropy, the mean of $-\log p$ of the token that
            comes, in nats.

            ## Assumption 2: perfect training

            A model that is trained perfectly says of the next token exactly what its data say. Everything
            below is about such a model. There is one if the hidden states have enough dimensions $d$: as
            many as the table of log-probabilities has rank, once the mean of each row is taken away. That
            training finds it is no theorem, but a run shows it: 600 steps of Adam come next to it.
            """),
        ]
    )
    return


@app.function(hide_code=True)
def curves(alphas) -> np.ndarray:
    """p_{j,α}(z) at all strengths, [strengths, contexts, tokens]."""
    return np.asarray(ufm.sweep(TILT, alphas, ufm.ExponentialTilt.probs))


@app.function(hide_code=True)
def draw_training():
    """How far the loss is from the entropy of the data at each step of Adam, for d = 1 and for d = G."""
    figure, (axes,) = plots.new_axes()
    data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    for dimension, ink in ((1, RED), (3, BLUE)):
        model = ufm.UFM.train(data, key=jax.random.key(0), steps=600, dimension=dimension)
        gap = np.maximum(np.asarray(model.losses) - float(data.entropy()), 1e-16)
        axes.semilogy(gap, color=ink, label=f"d = {dimension}", gid=f"gap {dimension}")
    axes.axhline(1e-4, color="0.5", linestyle=":", label="10⁻⁴ nats")
    axes.set(xlabel="step of Adam", ylabel="CE − entropy (nats)")
    axes.legend(frameon=False)
    return figure


@app.cell(hide_code=True)
def _():
    training = draw_training()
    captioned({draw_training: training})
    return (training,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Lemmas B.2 to B.5: one line, one tilt, one derivative

    Steering multiplies the probability of each token by a factor that depends on the token alone, and
    scales the whole to sum to one. This is because the decoder (the last, linear map from a hidden state
    to logits) turns a straight line of hidden states into straight lines of **logits** in α, with the same
    slopes $M(z)$ (up to one constant) in every context. Exponentiated and normalised they are the **tilt**
    $p_{j,\alpha}(z) \propto p_j(z) e^{\alpha M(z)}$.
    """)
    return


@app.function(hide_code=True)
def draw_logits():
    """Steered logits, less their mean, in two contexts."""
    figure, panels = plots.new_axes(2)
    model = ufm.UFM.fit(DATA)
    vector = ufm.difference_of_means(model.embeddings, [0, 1], [2, 3])
    alphas = np.array([-1.0, 0.0, 1.0, 2.0])
    rows = np.stack([np.asarray(model.steer(vector, alpha)) for alpha in alphas])
    rows -= rows.mean(axis=2, keepdims=True)
    for axes, context in zip(panels, (0, 4), strict=True):
        for z in range(9):
            ink = plots.PALETTE[z // 3]
            axes.plot(alphas, rows[:, context, z], color=ink, gid=f"logit {z}")
        axes.set_title(f"context in C{'₁₂₃'[context // 2]}", loc="left")
        axes.set(xlabel="steering strength α", ylabel="logit less the mean")
    return figure


@app.function(hide_code=True)
def draw_tilt():
    """The distribution after a context of N at four strengths; a colour is a concept."""
    figure, panels = plots.new_axes(4, height=2.6)
    rows = curves(np.linspace(0.0, 2.0, 5))[[0, 1, 2, 4], 2]
    for axes, row, name in zip(panels, rows, ("0", "½", "1", "2"), strict=True):
        axes.bar(range(9), row, color=np.repeat(plots.PALETTE[:3], 3), tick_label=TOKENS)
        axes.set_ylim(0, 0.6)
        axes.set_title(f"α = {name}", loc="left")
    panels[0].set_ylabel("$p_α(z)$, context in C₂")
    return figure


@app.cell(hide_code=True)
def _():
    logits = draw_logits()
    captioned({draw_logits: logits, draw_tilt: draw_tilt()})
    return (logits,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Lemma B.4.** Steering favours the target's tokens, and no others. Under Assumption 1 (words are
    likelier after contexts of their own concept) the slope is

    $$M(z) = w_k \log(a_z/b_z), \qquad z \in C_k,$$

    where $a_z$ is the probability of the token $z$ after contexts of its own concept, $b_z < a_z$ that after
    all others, and $w_k$ the share of the contexts $P$ that are of $C_k$, less that share of $N$. Here $w_k$
    is 1 for the target, −1 for the second concept and 0 for the third: $M$ is positive on the target and
    nowhere else.

    **Lemma B.5.** A probability grows as long as the token's $M$ exceeds the mean of $M$:

    $$\frac{d}{d\alpha}\, p_{j,\alpha}(z) = p_{j,\alpha}(z)\,\bigl(M(z) - \mathbb{E}_\alpha[M]\bigr),$$

    where $\mathbb{E}_\alpha[M] = \sum_y p_{j,\alpha}(y) M(y)$ is the mean of $M$ at this strength. So it goes
    on to all orders: the $n$-th derivative is $p$ times a polynomial (a Bell polynomial) in $M(z) -
    \mathbb{E}_\alpha[M]$ and in the cumulants of $M$. These are numbers that tell the shape of a
    distribution: the second is the variance, the third tells how lopsided it is.
    """)
    return


@app.function(hide_code=True)
def draw_log_odds():
    """M(z), token by token: abc is the target T, ABC the concept of N, αβγ the third."""
    figure, (axes,) = plots.new_axes(height=2.6)
    odds = np.asarray(TILT.log_odds)
    axes.bar(range(9), odds, color=np.repeat(plots.PALETTE[:3], 3), tick_label=TOKENS)
    axes.axhline(0.0, color="0.3", linewidth=1)
    axes.set_ylabel("M(z)")
    return figure


@app.function(hide_code=True)
def draw_derivatives():
    """p_α(b) of a target token b in a context of N, and three derivatives, each over its largest value."""
    figure, (axes,) = plots.new_axes()
    lines = ufm.sweep(
        TILT, NEAR, lambda t, a: jnp.stack([t.derivative(a, n)[2, 1] for n in range(4)])
    )
    for order, ink in enumerate(plots.PALETTE[:4]):
        line = np.asarray(lines)[:, order] / np.abs(np.asarray(lines)[:, order]).max()
        axes.plot(NEAR, line, color=ink, label="p" + "′" * order, gid=f"order {order}")
    axes.axhline(0.0, color="0.3", linewidth=1)
    axes.set(xlabel="steering strength α", ylabel="over its largest value")
    axes.set_title("token b, context in C₂", loc="left")
    axes.legend(frameon=False)
    return figure


@app.cell(hide_code=True)
def _():
    derivatives = draw_derivatives()
    captioned({draw_log_odds: draw_log_odds(), draw_derivatives: derivatives})
    return (derivatives,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Theorem 3.3: up, one peak, down

    Steered ever harder, most tokens become likelier, peak once and fade. The reason: the mean
    $\mathbb{E}_\alpha[M]$ increases from $\min M$ to $\max M$. A token rises while the mean is
    below its $M(z)$ and falls afterwards, so that peaks come in the order of $M$. The mean never
    reaches the largest $M$: tokens that have it rise for ever.
    """)
    return


@app.cell(hide_code=True)
def _():
    gallery("fig-3")
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Height of a peak.** How likely a token can become is a formula too:

    $$\max_\alpha p_\alpha(z) = p(z)\, e^{I(M(z))}, \qquad I(m) = \max_\alpha\, (\alpha m - K(\alpha)),$$

    $$K(\alpha) = \log \sum_y p(y)\, e^{\alpha M(y)},$$

    where $p = p_j$ is the unsteered distribution, and $K$ the logarithm of what the tilt is divided by to
    sum to one. $I$ is called the **Legendre transform** of $K$: $I(m)$ is how far the line $\alpha m$
    gets above the curve $K(\alpha)$.

    **Sign of a peak.** Does a token peak when one steers forwards or backwards? The peak of $z$ in the
    context $c_j$ is at a positive strength, $\alpha(j,z) > 0$, exactly if

    $$M(z) > \operatorname{mean}_{i \in N} \mathrm{KL}(p_j \,\Vert\, p_i) -
    \operatorname{mean}_{i \in P} \mathrm{KL}(p_j \,\Vert\, p_i),$$

    where $\mathrm{KL}(p \,\Vert\, q) = \sum_z p(z) \log(p(z)/q(z))$ says how unlike $q$ is to $p$. The right
    side is the mean $\mathbb{E}_j[M]$ of $M$ under $p_j$; it is large for contexts that are like those of
    $P$. Remark 3.4 is what this says of the target on the γ/ω dataset, on which tokens are unequal:
    $a_z = (1 - \varepsilon)\gamma_z$ and $b_z = \varepsilon\,\omega_z/(G-1)$, with $G$ concepts. It
    holds for contexts outside the target and small ε, as its proof has it; the main text (v1) names
    neither condition. On the right of the second picture, target tokens in a context of the target peak
    at negative strengths.
    """)
    return


@app.function(hide_code=True)
def draw_height():
    """log p_α(z)/p(z) of three tokens, and (dotted) the height that the Legendre transform promises."""
    figure, (axes,) = plots.new_axes()
    peaks, context = np.asarray(ufm.peak_strengths(TILT)), 2
    for token, ink in ((0, BLUE), (1, RED), (6, GREEN)):
        rise = np.log(curves(NEAR)[:, context, token] / np.exp(TILT.log_probs[context, token]))
        alpha = peaks[context, token]
        p = np.exp(np.asarray(TILT.log_probs[context]))
        k = np.log(p @ np.exp(alpha * np.asarray(TILT.log_odds)))
        height = alpha * float(TILT.log_odds[token]) - k
        axes.plot(NEAR, rise, color=ink, label=TOKENS[token], gid=f"rise {token}")
        axes.axhline(height, color=ink, linestyle=":", gid=f"height {token}")
    axes.set(xlabel="steering strength α", ylabel="log $p_α(z)/p(z)$", ylim=(-2, 4.5))
    axes.legend(frameon=False, title="dotted: I(M(z))")
    return figure


@app.function(hide_code=True)
def mean_log_odds(tilt) -> np.ndarray:
    """E[M] under p_j, as mean_N KL(p_j||p_i) - mean_P KL(p_j||p_i); P = [0, 1], N = [2, 3]."""
    logs = np.asarray(tilt.log_probs)
    divergence = (np.exp(logs)[:, None] * (logs[:, None] - logs[None])).sum(2)
    return divergence[:, [2, 3]].mean(1) - divergence[:, [0, 1]].mean(1)


@app.function(hide_code=True)
def draw_sign_rule():
    """Peaks α(j,z) against M(z) - E_j[M], where E_j[M] is the mean of M under p_j: both have one sign."""
    figure, panels = plots.new_axes(2)
    two = ufm.ConceptDataset.from_rates([0.6, 0.2, 0.6, 0.2], [0.1] * 4, [0, 0, 1, 1])
    two_tilt = ufm.ExponentialTilt.from_dataset(two, [0, 1], [2, 3])
    for axes, tilt, size in zip(panels, (TILT, two_tilt), (3, 2), strict=True):
        peaks = np.asarray(ufm.peak_strengths(tilt))
        slack = np.asarray(tilt.log_odds)[None] - mean_log_odds(tilt)[:, None]
        for j in range(0, len(peaks), 2):
            finite = np.isfinite(peaks[j])
            on = finite & (np.arange(peaks.shape[1]) < size)
            ink = plots.PALETTE[j // 2]
            axes.plot(
                slack[j, finite & ~on],
                peaks[j, finite & ~on],
                "o",
                color=ink,
                mfc="none",
                gid="off",
            )
            name = f"context in {('C₁ = T', 'C₂', 'C₃')[j // 2]}"
            axes.plot(slack[j, on], peaks[j, on], "o", color=ink, label=name, gid="on")
        axes.axhline(0.0, color="0.3", linewidth=1)
        axes.axvline(0.0, color="0.3", linewidth=1)
        axes.set(xlabel="M(z) − its mean under $p_j$", ylabel="peak α(j, z)")
        axes.set_title(f"V = {peaks.shape[1]}", loc="left")
    panels[1].legend(frameon=False, title="filled: target")
    panels[0].legend(frameon=False, title="filled: target")
    return figure


@app.cell(hide_code=True)
def _():
    height = draw_height()
    signs = draw_sign_rule()
    captioned({draw_height: height, draw_sign_rule: signs})
    return height, signs


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Proposition B.1: the limits, and how fast

    Steered without end, a model says nothing but the tokens of largest $M$, and it gets there
    exponentially fast. How far it still is from there is measured by the **total variation**, the
    probability that would have to be moved from some tokens to others (half the sum of all
    $\lvert p(z) - q(z) \rvert$). At the strength α it is at most

    $$\frac{1-F}{F}\, e^{-\alpha g},$$

    where $F$ is the probability of the tokens of largest $M$ without steering, and $g$ how far the second
    largest $M$ is below the largest.
    """)
    return


@app.function(hide_code=True)
def draw_rate():
    """Total variation to the limit and its bound (dotted), in a context of each concept."""
    figure, (axes,) = plots.new_axes()
    alphas, odds = np.linspace(0.0, 60.0, 301), np.asarray(TILT.log_odds)
    top = odds == odds.max()
    gap = odds.max() - odds[~top].max()
    rows = curves(alphas)
    for j, ink in zip((0, 2, 4), plots.PALETTE, strict=False):
        mass = np.exp(np.asarray(TILT.log_probs[j]))[top].sum()
        far = 0.5 * np.abs(rows[:, j] - np.asarray(TILT.limit(1)[j])).sum(1)
        bound = (1 - mass) / mass * np.exp(-alphas * gap)
        axes.semilogy(alphas, far, color=ink, label=f"C{'₁₂₃'[j // 2]}", gid=f"distance {j}")
        axes.semilogy(alphas, bound, color=ink, linestyle=":", gid=f"bound {j}")
    axes.set(xlabel="steering strength α", ylabel="total variation")
    axes.legend(frameon=False, title="context; dotted: bound")
    return figure


@app.cell(hide_code=True)
def _():
    rate = draw_rate()
    captioned({draw_rate: rate})
    return (rate,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Theorem 3.6: concepts

    Steered harder, the target takes over and the concept steered away from vanishes; a concept between
    them vanishes in both directions. The mass $F(\alpha)$ of a concept (the probability of all its tokens
    together) is an S-shaped function of its log-odds $\log F/(1-F)$,

    $$F(\alpha) = \frac{1}{1 + e^{-(r + \nu(\alpha))}},$$

    where $r$ is these log-odds without steering and $\nu(\alpha)$ how far steering has moved them; the paper
    writes the same with a tanh. For the target ν increases. Its slope is at least the margin
    $\delta$, by which the smallest $M$ on the target exceeds the largest off it, and at most the range $R =
    \max M - \min M$. The target has half of the mass where $\nu = -r$, which is therefore between
    $-r/\delta$ and $-r/R$: the bars below.
    """)
    return


@app.function(hide_code=True)
def draw_concept_log_odds():
    """ν of the target between its two lines, and where its mass is one half (discs) between the bounds."""
    figure, panels = plots.new_axes(2)
    delta = float(ufm.separation_margin(TILT, TARGET))
    spread, alphas = float(TILT.odds_range()), np.linspace(-1.5, 2.5, 161)
    half = np.asarray(ufm.half_saturation(TILT, TARGET))
    sides = np.stack([TARGET, ~TARGET])
    masses = np.asarray(ufm.sweep_aggregates(TILT, alphas, concepts=sides).concept_masses)
    odds = np.log(masses[:, :, 0] / masses[:, :, 1])
    for j, ink in zip((0, 2, 4), plots.PALETTE, strict=False):
        start = float(np.interp(0.0, alphas, odds[:, j]))
        panels[0].plot(alphas, odds[:, j] - start, color=ink, gid=f"nu {j}")
        panels[1].plot(alphas, 1 / (1 + np.exp(-odds[:, j])), color=ink, label=f"C{'₁₂₃'[j // 2]}")
        panels[1].plot([half[j]], [0.5], "o", color=ink, gid=f"half {j}")
        ends = sorted((-start / spread, -start / delta))
        panels[1].plot(ends, [0.5, 0.5], color=ink, linewidth=5, alpha=0.25, gid=f"ends {j}")
    for slope, style in ((delta, ":"), (spread, "--")):
        panels[0].plot(alphas, slope * alphas, color="0.4", linestyle=style)
    panels[0].set(xlabel="steering strength α", ylabel="ν, with δα (dots) and Rα (dashes)")
    panels[0].set_ylim(-12, 16)
    panels[1].set(xlabel="steering strength α", ylabel="mass of the target")
    panels[1].legend(frameon=False, title="context; bar: bounds")
    return figure


@app.cell(hide_code=True)
def _():
    concept_log_odds = draw_concept_log_odds()
    mo.vstack([captioned({draw_concept_log_odds: concept_log_odds}), gallery("fig-4")])
    return (concept_log_odds,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    **Contrastive path.** Steered with α = 1, a context of $N$ behaves as one of the target. This is so where
    all contexts of $P$ have one distribution $p_T$ and all of $N$ one distribution $p_N$: steering then
    walks from $p_N$ to $p_T$ along $p_N^{1-\alpha} p_T^{\alpha}$ (normalised). The curves of a context of $N$
    are those of a context of $T$, one unit later.
    """)
    return


@app.function(hide_code=True)
def draw_path():
    """Tokens in a context of N (lines) and in one of T, one unit later (dots)."""
    figure, (axes,) = plots.new_axes()
    negative, positive = curves(NEAR)[:, 2], curves(NEAR[::12] - 1.0)[:, 0]
    for z, ink in zip((0, 1, 2, 3, 6), plots.PALETTE, strict=False):
        axes.plot(NEAR, negative[:, z], color=ink, label=TOKENS[z], gid=f"negative {z}")
        axes.plot(NEAR[::12], positive[:, z], ".", color=ink, gid=f"positive {z}")
    axes.axvline(1.0, color="0.6", linewidth=1)
    axes.set(xlabel="steering strength α", ylabel="$p_α(z)$")
    axes.legend(frameon=False, title="dots: $p_{α−1}$ from T")
    return figure


@app.cell(hide_code=True)
def _():
    path = draw_path()
    captioned({draw_path: path})
    return (path,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Theorem 3.8 and beyond: the price

    A little steering costs next to nothing, twice as much costs four times that, and far out the price
    grows in a straight line. The price $\Delta\mathrm{CE}$ is the rise of the cross-entropy over all
    contexts, in nats a token. Near 0 it is

    $$\tfrac12\sigma^2\alpha^2, \quad \text{up to } R^3\lvert\alpha\rvert^3/(36\sqrt3),$$

    where $\sigma^2$ is the variance of $M$ in a context, in the mean over contexts, and
    $R = \max M - \min M$. It is convex everywhere and tends to a line; bounds from above
    and below hold at every strength.
    """)
    return


@app.function(hide_code=True)
def draw_remainder():
    """How far ΔCE is from ½σ²α², and the bound."""
    figure, (axes,) = plots.new_axes()
    alphas = np.geomspace(1e-3, 3.0, 121)
    weights = np.asarray(DATA.context_weights)
    found = ufm.sweep_aggregates(TILT, np.concatenate([[0.0], alphas]), weights=weights)
    sigma2 = float(weights @ np.asarray(found.variance)[0])
    rise = np.asarray(found.cross_entropy_increase)[1:]
    distance = np.abs(rise - sigma2 * alphas**2 / 2)
    bound = float(TILT.odds_range()) ** 3 * alphas**3 / (36 * np.sqrt(3))
    axes.loglog(alphas, distance, color=BLUE, label="|ΔCE − ½σ²α²|", gid="distance")
    axes.loglog(alphas, bound, color=RED, linestyle="--", label="R³α³/(36√3)", gid="bound")
    axes.set(xlabel="steering strength α", ylabel="nats")
    axes.legend(frameon=False)
    return figure


@app.cell(hide_code=True)
def _():
    remainder = draw_remainder()
    mo.vstack([captioned({draw_remainder: remainder}), gallery("bounds")])
    return (remainder,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## Proposition 4.1: before the norm

    Steered before the last norm, a transformer levels off, whatever the strength. All above is about
    a steered *last* hidden state. In practice $\alpha v$ is added to the residual stream, which runs through
    all blocks to a final norm, and a norm keeps the direction of a vector and not its length. The distance of
    the logits to their limit shrinks like $1/\alpha$ at least. The logits' limits for $\alpha \to \infty$ and
    $\alpha \to -\infty$ are opposite with RMSNorm; with LayerNorm they are not, because of its bias.
    """)
    return


@app.function(hide_code=True)
def norm_case(norm: str):
    """A random pre-norm transformer of two blocks, its stream and its steering vector."""
    case = suite.random_transformer(np.random.default_rng(1), norm, 0, "all")
    return case.transformer, case.hidden, case.vector


@app.function(hide_code=True)
def steered_logits(norm: str, alphas) -> np.ndarray:
    """Its logits at all strengths, [strengths, tokens]."""
    model, hidden, vector = norm_case(norm)
    at = jax.jit(
        lambda a: jax.lax.map(lambda x: model.logits(hidden, x, vector=vector, layer=0), a)
    )
    return np.asarray(at(jnp.asarray(alphas)))


@app.function(hide_code=True)
def draw_norm():
    """Logits of four tokens on a transformer with either norm, with their limits (dotted, at both ends)."""
    figure, panels = plots.new_axes(2)
    alphas = np.linspace(-12.0, 12.0, 241)
    for axes, norm in zip(panels, ("rmsnorm", "layernorm"), strict=True):
        rows = steered_logits(norm, alphas)
        for z, ink in zip(range(4), plots.PALETTE, strict=False):
            axes.plot(alphas, rows[:, z], color=ink, gid=f"logit {z}")
            for sign in (-1, 1):
                limit = float(norm_case(norm)[0].limit_logits(norm_case(norm)[2], sign)[z])
                axes.plot([9 * sign, 12 * sign], [limit] * 2, ":", color=ink, gid=f"limit {z}")
        axes.set(xlabel="steering strength α", ylabel="logit (dots: limits)")
        axes.set_title("RMSNorm" if norm == "rmsnorm" else "LayerNorm", loc="left")
    return figure


@app.function(hide_code=True)
def draw_norm_rate():
    """Distance of a logit to its limit, and the bound that the weights imply."""
    figure, (axes,) = plots.new_axes()
    alphas = np.geomspace(3.0, 1e5, 61)
    model, hidden, vector = norm_case("rmsnorm")
    far = np.abs(steered_logits("rmsnorm", alphas) - np.asarray(model.limit_logits(vector, 1)))
    rho = model.remainder_bound(hidden, 0)
    bound = [float(model.logit_rate_bound(vector, a, rho)[0]) for a in alphas]
    axes.loglog(alphas, far[:, 0], color=BLUE, label="distance to the limit", gid="distance")
    axes.loglog(alphas, bound, color=RED, linestyle="--", label="bound", gid="bound")
    axes.set(xlabel="steering strength α", ylabel="of one logit")
    axes.legend(frameon=False)
    return figure


@app.cell(hide_code=True)
def _():
    norm_rate = draw_norm_rate()
    captioned({draw_norm: draw_norm(), draw_norm_rate: norm_rate})
    return (norm_rate,)


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## The circle before the norm

    Steered between the last block and the final norm, the logits run along half an ellipse, and all
    strengths from $-\infty$ to $\infty$ are on it:

    $$\text{logits}(\alpha) = \cos t\; a + \sin t\; b + c, \qquad \tan t = \frac{\alpha - \alpha^*}{w},$$

    where $\alpha^*$ is the strength at which the steered state $h + \alpha v$ is shortest, and $w$ its length
    there over that of $v$: at $\alpha^* \pm w$ the angle $t$ is ±45°. Of the vectors with an entry a token,
    $a$ are the logits of that shortest state, $b$ those of the vector $v$ (both after the norm, without its
    bias), and $c$ those of the norm's bias. (A LayerNorm first takes the mean of $h$ and of $v$ away.)

    At both ends each probability levels off, at its plateau: it ends above it if $a(z)$ is
    larger than the mean of $a$ there, else below. The log-odds of two tokens turn at most once; one
    probability of three can turn three times. The loss levels off too, here from above: a budget between
    its plateau and its top allows small strengths and large ones.
    """)
    return


@app.function(hide_code=True)
def circle_of(rows) -> ufm.NormCircle:
    """The circle with a and b in the `rows` [V, 2], α* = 0 and w = 1."""
    head, one = np.asarray(rows) / np.sqrt(2), np.ones(2)
    return ufm.NormCircle(head, np.eye(2)[:1], np.eye(2)[1], one, eps=0.0)


@app.function(hide_code=True)
def along_circle(circle, angles) -> np.ndarray:
    """Its log-probabilities at α = tan t, [angles, tokens]."""
    return np.asarray(jax.vmap(circle.log_probs_at)(jnp.tan(jnp.asarray(angles))))[:, 0]


@app.function(hide_code=True)
def name_angles(axes):
    """Label an axis of angles by the strengths that they are."""
    axes.set_xticks(np.arctan([-10, -2, 0, 2, 10]), ["-10", "-2", "0", "2", "10"])
    axes.set(xlim=(-np.pi / 2, np.pi / 2), xlabel="(α − α*) / w, on the scale of its angle t")


@app.function(hide_code=True)
def draw_circle():
    """Probabilities of four tokens along the half circle, with plateaus (dotted) and next terms (dashed)."""
    figure, (axes,) = plots.new_axes()
    circle = circle_of([[2.2, 0.6], [0.0, 1.6], [-1.6, 1.0], [0.9, -1.4]])
    angles = np.pi / 2 * np.linspace(-0.9999, 0.9999, 401)
    probs = np.exp(along_circle(circle, angles))
    for z, ink in zip(range(4), plots.PALETTE, strict=False):
        axes.plot(angles, probs[:, z], color=ink, gid=f"p {z}")
        for sign, end in ((-1, "minus"), (1, "plus")):
            plateau = float(circle.limit(sign)[z])
            near = sign * np.linspace(np.pi / 2 - 0.3, np.pi / 2, 31)
            slope = float(circle.approach(sign)[0, z])
            axes.plot(near, [plateau] * 31, ":", color=ink, gid=f"plateau {z} {end}")
            first = plateau * (1 + np.cos(near) * slope)
            axes.plot(near, first, "--", color=ink, linewidth=1, gid=f"next term {z} {end}")
            mark = "v" if slope > 0 else "^"
            axes.plot([sign * (np.pi / 2 - 0.04)], [plateau], mark, color=ink, clip_on=False)
    for mark, side in (("v", "above"), ("^", "below")):
        axes.plot([], [], mark, color="0.5", label=f"ends {side} its plateau")
    name_angles(axes)
    axes.set_ylabel("p(z)   (dotted: plateaus)")
    axes.legend(frameon=False, loc="upper right")
    return figure


@app.function(hide_code=True)
def draw_circle_log_odds():
    """Log-odds of three pairs, with their one turn; and three tokens, of which one turns three times."""
    figure, panels = plots.new_axes(2)
    angles = np.pi / 2 * np.linspace(-0.999, 0.999, 401)
    rows = np.array([[1.2, 0.8], [0.0, 0.0], [0.0, -1.4]])
    log_p = along_circle(circle_of(rows), angles)
    for y, z, ink in ((0, 1, BLUE), (0, 2, RED), (1, 2, GREEN)):
        name = f"{TOKENS[y]} against {TOKENS[z]}"
        panels[0].plot(angles, log_p[:, y] - log_p[:, z], color=ink, label=name, gid=name)
        a, b = rows[y] - rows[z]
        if a:
            panels[0].plot([np.arctan(b / a)], [np.copysign(np.hypot(a, b), a)], "o", color=ink)
    panels[0].set_ylabel("log-odds of two tokens (dots: turns)")
    panels[0].legend(frameon=False)
    probs = np.exp(along_circle(circle_of([[0.0, 0.0], [4.0, 3.0], [4.0, -3.0]]), angles))
    for z, ink in zip(range(3), plots.PALETTE, strict=False):
        panels[1].semilogy(angles, probs[:, z], color=ink, gid=f"three {z}")
    panels[1].set_ylabel("p(z), three tokens")
    for axes in panels:
        name_angles(axes)
    return figure


@app.function(hide_code=True)
def draw_circle_cost():
    """ΔCE along the half circle, its plateaus (dotted), and what a budget above one of them allows."""
    figure, (axes,) = plots.new_axes()
    circle = circle_of([[4.0, 0.0], [0.0, -1.4]])
    angles = np.pi / 2 * np.linspace(-0.9999, 0.9999, 801)
    # unsteered, α = 0, is here at α* - 4 w
    data = along_circle(circle, [-np.arctan(4.0)])[0]
    cost = (np.exp(data) * (data - along_circle(circle, angles))).sum(axis=1)
    axes.plot(angles, cost, color=BLUE, label="ΔCE", gid="cost")
    for sign in (-1, 1):
        after = np.log(np.asarray(circle.limit(sign)))
        plateau = float((np.exp(data) * (data - after)).sum())
        near = sign * np.linspace(np.pi / 2 - 0.3, np.pi / 2, 31)
        mean = float(np.exp(data) @ np.asarray(circle.approach(sign)[0]))
        axes.plot(near, [plateau] * 31, ":", color=BLUE, gid=f"plateau {sign}")
        first = plateau - np.cos(near) * mean
        axes.plot(near, first, "--", color=RED, linewidth=1, gid=f"next term {sign}")
    budget = 0.7
    axes.axhline(budget, color="0.5", linestyle="-.", label="budget", gid="budget")
    kept = {"color": GREEN, "alpha": 0.15, "label": "strengths within it"}
    axes.fill_between(angles, 0, budget, where=cost <= budget, **kept)
    axes.set_ylabel("ΔCE in nats (dotted: plateaus)")
    name_angles(axes)
    axes.legend(frameon=False)
    return figure


@app.cell(hide_code=True)
def _():
    circle_drawn = draw_circle()
    circle_log_odds = draw_circle_log_odds()
    circle_cost = draw_circle_cost()
    captioned(
        {
            draw_circle: circle_drawn,
            draw_circle_log_odds: circle_log_odds,
            draw_circle_cost: circle_cost,
        }
    )
    return circle_cost, circle_drawn, circle_log_odds


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## What the paper says in passing

    Four things that the paper mentions, each with its picture.

    **Length.** A vector twice as long needs half the strength: $c v$ does at $\alpha$ what $v$ does at
    $c \alpha$, for any number $c$, so peaks are divided by $c$.

    **Presence.** One word of the target is soon in a long text. The probability that one is among $L$ sampled
    tokens lies between the target's mean mass and $L$ times that, and reaches one half long before the mass
    does.

    **Prompts.** Steered hard, all prompts get the same answer, nearly. Behind a norm two prompts come
    together at the rate $1/\alpha$; without one they do so unless several tokens share the largest $M$,
    between which the prompt goes on to decide.

    **Which token wins.** Is it the one that the data favour most? Behind a norm the token of the largest
    logit in the limit dominates; in the theory it is that of the largest $M$. Steered at the last block, $M$
    is proportional to the limit's logits if all hidden states are equally long; a block that
    follows ends that.
    """)
    return


@app.function(hide_code=True)
def draw_scaling():
    """One probability along three multiples of v, against α and against cα."""
    figure, panels = plots.new_axes(2)
    alphas = np.linspace(-5.0, 5.0, 401)
    for factor, ink in ((1.0, BLUE), (2.0, RED), (-0.5, GREEN)):
        tilt = ufm.ExponentialTilt(TILT.log_probs, factor * TILT.log_odds)
        p = np.asarray(ufm.sweep(tilt, alphas, ufm.ExponentialTilt.probs))[:, 4, 1]
        peak = float(np.asarray(ufm.peak_strengths(tilt))[4, 1])
        name = f"{factor:g}".replace("-", "−") + " v"
        for axes, x in zip(panels, (1.0, factor), strict=True):
            axes.plot(x * alphas, p, color=ink, label=name, gid=f"along {factor:g}")
            if abs(peak) < 5:
                axes.plot([x * peak], [p.max()], "o", color=ink, gid=f"peak {factor:g}")
    panels[0].set(xlabel="steering strength α", ylabel="$p_α(b)$, context in C₃")
    panels[1].set(xlabel="strength times factor, cα", xlim=(-3, 3))
    panels[0].legend(frameon=False, title="along")
    return figure


@app.function(hide_code=True)
def draw_presence():
    """Whether T is among 1, 10 and 300 tokens, against the strength and against its mass."""
    figure, panels = plots.new_axes(2)
    alphas = np.linspace(-3.0, 2.0, 251)
    chain = ufm.ContextChain(TILT, np.full((6, 9), 4), np.eye(6)[4])
    for length, ink in ((1, BLUE), (10, RED), (300, GREEN)):
        at = jax.jit(jax.vmap(lambda a, n=length: chain.presence(a, TARGET, n)))
        found = np.asarray(at(jnp.asarray(alphas)))
        panels[0].plot(alphas, found, color=ink, label=f"{length}", gid=f"presence {length}")
        mass = curves(alphas)[:, 4, :3].sum(axis=1)
        panels[1].semilogx(mass, found, color=ink, gid=f"against mass {length}")
        half = 1 - 0.5 ** (1 / length)
        panels[1].plot([half], [0.5], "o", color=ink, gid=f"half {length}")
        if length == 10:
            for name, line in (("most", np.minimum(1, length * mass)), ("least", mass)):
                panels[1].plot(mass, line, ":", color=ink, gid=name)
    for axes in panels:
        axes.axhline(0.5, color="0.7", linewidth=0.8)
    panels[0].set(xlabel="steering strength α", ylabel="$P_α$(T appears)")
    panels[1].set(xlabel="mass of T, $F_T$(0) + |T| Δp(T)")
    panels[0].legend(frameon=False, title="tokens")
    return figure


@app.function(hide_code=True)
def draw_prompts():
    """How far two prompts are apart: in total variation without a norm, in a logit behind one."""
    figure, panels = plots.new_axes(2)
    alphas = np.linspace(0.0, 20.0, 201)
    rows = np.log(np.array([[1, 2, 5], [2, 1, 5]]) / 8)
    cases = (("one largest M", [1.0, 0.5, 0.0], BLUE), ("two share it", [1.0, 1.0, 0.0], RED))
    for name, odds, ink in cases:
        tilt = ufm.ExponentialTilt(rows, np.array(odds))
        p = np.asarray(ufm.sweep(tilt, alphas, ufm.ExponentialTilt.probs))
        apart = np.abs(p[:, 0] - p[:, 1]).sum(axis=1) / 2
        panels[0].semilogy(alphas, apart, color=ink, label=name, gid=name)
    panels[0].set(xlabel="steering strength α", ylabel="TV of two prompts, no norm")
    panels[0].legend(frameon=False)
    model, hidden, vector = norm_case("rmsnorm")
    other = -2.0 * hidden[::-1]
    far = jnp.asarray(np.geomspace(3.0, 1e5, 61))

    def logits(stream):
        at = jax.jit(lambda x: model.logits(stream, x, vector=vector, layer=0))
        return np.asarray(jax.lax.map(at, far))

    apart = np.abs(logits(hidden) - logits(other))[:, 0]
    rho = [model.remainder_bound(stream, 0) for stream in (hidden, other)]
    bound = [sum(float(model.logit_rate_bound(vector, a, r)[0]) for r in rho) for a in far]
    panels[1].loglog(far, apart, color=BLUE, label="two prompts", gid="distance")
    panels[1].loglog(far, bound, color=RED, linestyle="--", label="bound", gid="bound")
    panels[1].set(xlabel="steering strength α", ylabel="of one logit, behind RMSNorm")
    panels[1].legend(frameon=False)
    return figure


@app.function(hide_code=True)
def draw_dominating():
    """M against the limit's logits of v, a dot a token: states of one length, of several; a block follows."""
    figure, panels = plots.new_axes(3, height=2.8)
    rng = np.random.default_rng(2)
    head, states = rng.standard_normal((40, 16)), rng.standard_normal((8, 16))
    states[:4] += 1.5 * rng.standard_normal(16)
    even = states / np.linalg.norm(states, axis=1, keepdims=True)
    lengths = np.geomspace(1.0, 8.0, 8)[:, None]
    block = 1.5 * rng.standard_normal((16, 16))
    cases = {
        "equally long states": (even, even),
        "1 to 8 times as long": (lengths * even, lengths * even),
        "a block follows": (even, even + np.tanh(4 * even) @ block),
    }
    for axes, (name, (steered, read)) in zip(panels, cases.items(), strict=True):
        v = steered[:4].mean(axis=0) - steered[4:].mean(axis=0)
        normed = read / np.linalg.norm(read, axis=1, keepdims=True)
        limit = 4 * head @ v / np.linalg.norm(v)
        odds = 4 * head @ (normed[:4].mean(axis=0) - normed[4:].mean(axis=0))
        axes.plot(limit, odds, "o", color=BLUE, markersize=3, gid="tokens")
        axes.plot([limit.max()] * 2, [odds.min(), odds.max()], ":", color=RED, gid="dominates")
        axes.axhline(odds.max(), color=GREEN, linestyle=":", gid="extremal")
        axes.set_title(name, loc="left")
        axes.set_xlabel("limit's logit $W N_0(v)$")
    panels[0].set_ylabel("M(z) (dotted: largest)")
    return figure


@app.cell(hide_code=True)
def _():
    scaling, presence = draw_scaling(), draw_presence()
    prompts, dominating = draw_prompts(), draw_dominating()
    captioned(
        {
            draw_scaling: scaling,
            draw_presence: presence,
            draw_prompts: prompts,
            draw_dominating: dominating,
        }
    )
    return dominating, presence, prompts, scaling


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## What was drawn is so

    The cells below look at the lines in the figures, not at the formulas that drew them.
    """)
    return


@app.function(hide_code=True)
def drawn(figure, gid: str, panel: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the line with that gid."""
    line = next(line for line in figure.axes[panel].lines if line.get_gid() == gid)
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


@app.cell
def test_training_reaches_the_entropy_only_if_wide_enough(training):
    assert drawn(training, "gap 3")[1][-1] < 1e-4
    assert drawn(training, "gap 1")[1][-1] > 0.1
    return


@app.cell
def test_logits_are_lines_with_the_slopes_of_m(logits):
    _odds = np.asarray(TILT.log_odds)
    for _panel in (0, 1):
        for _z in range(9):
            _slopes = np.diff(drawn(logits, f"logit {_z}", _panel)[1])
            # the logits less their mean grow like M less its mean; ten digits are left of rounding
            assert np.abs(_slopes - (_odds[_z] - _odds.mean())).max() < 1e-10
    return


@app.cell
def test_a_derivative_changes_sign_where_the_curve_before_it_turns(derivatives):
    for _order in (0, 1, 2):
        _x, _line = drawn(derivatives, f"order {_order}")
        _turns = _x[1:-1][np.diff(np.sign(np.diff(_line))) != 0]
        _slope = drawn(derivatives, f"order {_order + 1}")[1]
        _changes = _x[1:][np.sign(_slope[1:]) != np.sign(_slope[:-1])]
        # on a grid: each turn within one step of a change of sign
        assert len(_turns) == len(_changes)
        assert np.abs(_turns - _changes).max() < 2 * (_x[1] - _x[0])
    return


@app.cell
def test_no_curve_rises_above_its_height_and_each_comes_close(height):
    for _token in (0, 1, 6):
        (_level,) = set(drawn(height, f"height {_token}")[1])
        _top = drawn(height, f"rise {_token}")[1].max()
        # 1e-12: rounding of a logarithm; 1e-3: the peak of token a is off this grid by half a step
        assert _top < _level + 1e-12
        _inside = np.asarray(ufm.peak_strengths(TILT))[2, _token] < NEAR[-1]
        assert not _inside or _top > _level - 1e-3
    return


@app.cell
def test_peaks_lie_on_the_side_that_the_sign_rule_says(signs):
    _points = [
        line for axes in signs.axes for line in axes.lines if line.get_gid() in ("on", "off")
    ]
    _slack, _peaks = (
        np.concatenate([np.asarray(_get(line), float) for line in _points])
        for _get in (lambda line: line.get_xdata(), lambda line: line.get_ydata())
    )
    # the third concept's tokens in its own context have slack and peak 0 by symmetry, up to rounding
    _at_zero = np.abs(_slack) < 1e-12
    assert np.abs(_peaks[_at_zero]).max() < 1e-12
    assert (np.sign(_slack) == np.sign(_peaks))[~_at_zero].all()
    _mean = np.exp(TILT.log_probs) @ np.asarray(TILT.log_odds)
    np.testing.assert_allclose(mean_log_odds(TILT), _mean, atol=1e-12)
    # Remark 3.4 as printed: a target token in a context of the target peaks below 0
    _targets = [line for line in signs.axes[1].lines if line.get_gid() == "on"]
    assert min(np.asarray(line.get_ydata()).min() for line in _targets if len(line.get_ydata())) < 0
    return


@app.cell
def test_the_limit_is_reached_at_the_promised_rate(rate):
    for _j in (0, 2, 4):
        _distance, _bound = drawn(rate, f"distance {_j}")[1], drawn(rate, f"bound {_j}")[1]
        assert (_distance <= _bound + 1e-14).all()
    return


@app.cell
def test_half_saturation_lies_between_its_bounds(concept_log_odds):
    _delta = float(ufm.separation_margin(TILT, TARGET))
    for _j in (0, 2, 4):
        (_half,), _ = drawn(concept_log_odds, f"half {_j}", 1)
        _low, _high = drawn(concept_log_odds, f"ends {_j}", 1)[0]
        assert _low <= _half <= _high
        _alphas, _nu = drawn(concept_log_odds, f"nu {_j}")
        _slope = np.diff(_nu) / np.diff(_alphas)
        assert (_slope > _delta - 1e-9).all()
        assert (_slope < float(TILT.odds_range()) + 1e-9).all()
    return


@app.cell
def test_a_context_of_n_follows_one_of_t_one_unit_behind(path):
    for _z in (0, 1, 2, 3, 6):
        assert (
            np.abs(drawn(path, f"negative {_z}")[1][::12] - drawn(path, f"positive {_z}")[1]).max()
            < 1e-13
        )
    return


@app.cell
def test_bounds_lie_above_what_they_bound(norm_rate, remainder):
    for _figure in (norm_rate, remainder):
        assert (drawn(_figure, "distance")[1] <= drawn(_figure, "bound")[1]).all()
    # the distance to the limit falls like 1/α: ten times the strength, a tenth of it
    _alphas, _distance = drawn(norm_rate, "distance")
    _fall = np.diff(np.log(_distance)) / np.diff(np.log(_alphas))
    assert np.abs(_fall[-10:] + 1).max() < 0.01
    return


@app.cell
def test_the_circle_ends_on_the_side_that_the_next_term_says(circle_drawn):
    for _z in range(4):
        for _end, _k in (("minus", 0), ("plus", -1)):
            _plateau = drawn(circle_drawn, f"plateau {_z} {_end}")[1][0]
            _first = drawn(circle_drawn, f"next term {_z} {_end}")[1][0]
            _near = drawn(circle_drawn, f"p {_z}")[1][_k]
            assert (_near > _plateau) == (_first > _plateau)
    return


@app.cell
def test_log_odds_turn_once_and_a_probability_three_times(circle_log_odds):
    def _turns(line):
        return np.count_nonzero(np.diff(np.sign(np.diff(line))))

    _pairs = ["a against b", "a against c", "b against c"]
    assert [_turns(drawn(circle_log_odds, _pair)[1]) for _pair in _pairs] == [1, 1, 0]
    assert _turns(drawn(circle_log_odds, "three 0", 1)[1]) == 3
    return


@app.cell
def test_a_budget_above_the_plateau_allows_small_and_large_strengths(circle_cost):
    _cost, (_budget, _) = drawn(circle_cost, "cost")[1], drawn(circle_cost, "budget")[1]
    assert drawn(circle_cost, "plateau 1")[1][0] < _budget
    assert np.count_nonzero(np.diff(_cost <= _budget)) == 2
    return


@app.cell
def test_peaks_of_multiples_fall_into_one(scaling):
    _places = [drawn(scaling, f"peak {_c}", 1)[0][0] for _c in ("1", "2", "-0.5")]
    assert np.ptp(_places) < 1e-9
    assert [round(drawn(scaling, f"peak {_c}")[0][0] / _places[0], 9) for _c in ("2", "-0.5")] == [
        0.5,
        -2.0,
    ]
    return


@app.cell
def test_presence_is_between_its_bounds_and_half_where_it_is_marked(presence):
    _mass, _found = drawn(presence, "against mass 10", 1)
    assert (drawn(presence, "least", 1)[1] <= _found + 1e-12).all()
    assert (_found <= drawn(presence, "most", 1)[1] + 1e-12).all()
    for _length in (1, 10, 300):
        _mass, _found = drawn(presence, f"against mass {_length}", 1)
        (_half,), _ = drawn(presence, f"half {_length}", 1)
        # the curve is convex or concave between neighbours on this grid: 1% of one half
        assert abs(np.interp(np.log(_half), np.log(_mass), _found) - 0.5) < 0.005
    return


@app.cell
def test_prompts_stay_apart_where_two_tokens_share_the_largest_m(prompts):
    assert drawn(prompts, "two share it")[1][-1] > 0.33
    assert drawn(prompts, "one largest M")[1][-1] < 1e-3
    assert (drawn(prompts, "distance", 1)[1] <= drawn(prompts, "bound", 1)[1]).all()
    return


@app.cell
def test_the_token_that_dominates_has_the_largest_m_at_the_last_block_alone(dominating):
    _points = [drawn(dominating, "tokens", _k) for _k in range(3)]
    _same = [_limit.argmax() == _odds.argmax() for _limit, _odds in _points]
    assert _same[0]
    assert not _same[2]
    _even, _uneven, _behind = (np.corrcoef(*_pair)[0, 1] for _pair in _points)
    assert _even > 1 - 1e-12
    assert _behind < _uneven < 0.95
    return


@app.function(hide_code=True)
def figures() -> dict:
    """The figures of this notebook that the site's statement pages show, by file name."""
    return {
        "training": draw_training,
        "logits": draw_logits,
        "tilt": draw_tilt,
        "log-odds": draw_log_odds,
        "derivatives": draw_derivatives,
        "sign-rule": draw_sign_rule,
        "rate": draw_rate,
        "height": draw_height,
        "path": draw_path,
        "concept-log-odds": draw_concept_log_odds,
        "remainder": draw_remainder,
        "norm": draw_norm,
        "norm-rate": draw_norm_rate,
        "norm-circle": draw_circle,
        "norm-circle-log-odds": draw_circle_log_odds,
        "norm-circle-cost": draw_circle_cost,
        "scaling": draw_scaling,
        "presence": draw_presence,
        "prompts": draw_prompts,
        "dominating": draw_dominating,
    }


if __name__ == "__main__":
    app.run()
