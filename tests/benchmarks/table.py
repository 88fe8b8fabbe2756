"""Times the library against what a user would write, side by side in one process, and prints a table.

    python -m tests.benchmarks.table [--json FILE] [--markdown FILE] [--quick] [--processor]

Every row runs ours and its rival in turn, several rounds, and compares the medians: the machine may be
shared, and then only ratios mean anything; where it is busy, `--processor` counts the seconds that processors
worked, of all threads together. The losses are rows too. `--markdown` writes what docs/benchmarks.md shows.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flint
import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402
from scipy.optimize import brentq  # noqa: E402
from scipy.special import softmax  # noqa: E402

import ufm  # noqa: E402

V = 50_257


def zipf_tilt(v: int, contexts: int = 1) -> ufm.ExponentialTilt:
    """Zipf's law over tokens in random order, normal M."""
    rng = np.random.default_rng(0)
    logs = -np.log(np.stack([rng.permutation(v) + 1.0 for _ in range(contexts)]))
    rows = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return ufm.ExponentialTilt(rows, rng.normal(size=v))


def arrays(tilt: ufm.ExponentialTilt) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(tilt.log_probs)[0], np.asarray(tilt.log_odds)


clock = time.perf_counter


def timed(call: Callable[[], Any]) -> float:
    start = clock()
    jax.block_until_ready(call())
    return clock() - start


def race(rounds: int, *calls: Callable[[], Any]) -> list[float]:
    """Median seconds of each call, run in turn; the first round warms up (compiles) and is dropped."""
    times = [[timed(call) for call in calls] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def pairs(
    rounds: int, ours: Callable[[], Any], *rivals: Callable[[], Any]
) -> list[tuple[float, float]]:
    """Ours and each rival, in a race of two: what a third one does with 400 MB slows the next down."""
    return [(first, second) for first, second in (race(rounds, ours, rival) for rival in rivals)]


def numpy_rows(log_p: np.ndarray, odds: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    out = np.empty((alphas.size, odds.size))
    for row, alpha in zip(out, alphas, strict=True):
        u = log_p + alpha * odds
        u -= u.max()
        np.exp(u, out=u)
        np.divide(u, u.sum(), out=row)
    return out


def numpy_aggregates(log_p: np.ndarray, odds: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """K, mean and variance, row by row."""
    out = np.empty((alphas.size, 3))
    for row, alpha in zip(out, alphas, strict=True):
        u = log_p + alpha * odds
        top = u.max()
        w = np.exp(u - top)
        total = w.sum()
        mean = (w @ odds) / total
        row[:] = top + np.log(total), mean, (w @ (odds - mean) ** 2) / total
    return out


def numpy_costs(log_p: np.ndarray, odds: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """K, mean, variance, entropy and KL(p||p_α), row by row."""
    start = np.exp(log_p) @ odds
    out = np.empty((alphas.size, 5))
    for row, alpha in zip(out, alphas, strict=True):
        u = log_p + alpha * odds
        top = u.max()
        w = np.exp(u - top)
        total = w.sum()
        log_total, mean = top + np.log(total), (w @ odds) / total
        variance = (w @ (odds - mean) ** 2) / total
        row[:] = log_total, mean, variance, log_total - (w @ u) / total, log_total - alpha * start
    return out


def large_circle(v: int) -> ufm.NormCircle:
    """A head of normal entries: logits with a spread of about 3, within 13."""
    rng, d = np.random.default_rng(0), 64
    head = 3 * rng.normal(size=(v, d)) / np.sqrt(d)
    bias = rng.normal(size=d) / 4
    return ufm.NormCircle(
        head, 2 * rng.normal(size=(1, d)), rng.normal(size=d), np.ones(d), bias, centred=True
    )


def numpy_circle(circle: ufm.NormCircle, alphas: np.ndarray) -> np.ndarray:
    """log Σ e^logit, entropy, and KL(p_0||p_α), row by row."""
    across, along, offset = (np.asarray(x) for x in (circle.across[0], circle.along, circle.offset))
    out = np.empty((alphas.size, 3))
    closest, width = float(circle.closest[0]), float(circle.width[0])

    def at(alpha: float) -> tuple[np.ndarray, np.ndarray, float]:
        radius = np.hypot(width, alpha - closest)
        u = (width / radius) * across + ((alpha - closest) / radius) * along + offset
        w = np.exp(u - u.max())
        return u, w / w.sum(), u.max() + np.log(w.sum())

    start, p, log_start = at(0.0)
    for row, alpha in zip(out, alphas, strict=True):
        u, q, log_total = at(alpha)
        row[:] = log_total, log_total - q @ u, p @ (start - u) + log_total - log_start
    return out


def scipy_peak(log_p: np.ndarray, odds: np.ndarray, token: int) -> float:
    return brentq(lambda a: softmax(log_p + a * odds) @ odds - odds[token], -30, 30, xtol=1e-13)


def row(work: str, rival: str, ours_s: float, rival_s: float, least: float | None = None) -> dict:
    """One row of the table; `least` is how many times faster than the rival ours should be."""
    times = rival_s / ours_s
    return {
        "work": work,
        "rival": rival,
        "ours_s": ours_s,
        "rival_s": rival_s,
        "times_faster": times,
        "least": least,
        "met": least is None or bool(times >= least),
    }


def peaks_rows(rounds: int) -> list[dict]:
    tilt = zipf_tilt(V)
    log_p, odds = arrays(tilt)
    alphas = np.linspace(-4, 4, 1024)
    tokens = np.random.default_rng(1).choice(np.argsort(odds)[50:-50], 50)
    peaks = lambda: ufm.peak_strengths(tilt)  # noqa: E731
    each = lambda: [scipy_peak(log_p, odds, z) for z in tokens]  # noqa: E731
    ours, one, dense = race(rounds, peaks, each, lambda: numpy_rows(log_p, odds, alphas))
    million = zipf_tilt(10**6)
    large, small = race(rounds, lambda: ufm.peak_strengths(million), peaks)
    return [
        row("all peaks", "scipy `brentq`, a token (50 timed)", ours, one / tokens.size * V, 500),
        row("all peaks", "numpy, dense sweep of 1,024 α", ours, dense, 1),
        row("all peaks, V = 1e6", "ours at 50,257", large, small, 1 / 25),
    ]


def peak_memory_of_a_million() -> float:
    """Gigabytes of a fresh process that finds all peaks at V = 1e6, imports included."""
    # not getrusage's: Linux counts there what the process that started this one had used
    code = (
        "from tests.benchmarks.table import *; ufm.peak_strengths(zipf_tilt(10**6)); "
        "print(*[x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1e6


def peak_error(tokens: int) -> tuple[float, int]:
    """The largest relative error over tokens, the ends and the peaks next to 0 among them, by balls."""
    log_p, odds = arrays(zipf_tilt(V))
    peaks = np.asarray(ufm.peak_strengths(zipf_tilt(V)))[0]
    order, near = np.argsort(odds), np.argsort(np.abs(peaks))
    chosen = [*order[1:11], *order[-11:-1], *near[:10]]
    chosen += list(np.random.default_rng(3).choice(order[11:-11], tokens - len(chosen)))
    flint.ctx.prec = 160
    logs, m = [flint.arb(x) for x in log_p.tolist()], [flint.arb(x) for x in odds.tolist()]
    worst = 0.0
    for z in track(chosen, "balls", console=Console(stderr=True)):
        alpha, value, slope = flint.arb(float(peaks[z])), flint.arb(0), flint.arb(0)
        for x, y in zip(logs, m, strict=True):
            gap = y - m[z]
            term = gap * (x + alpha * gap).exp()
            value += term
            slope += gap * term
        worst = max(worst, abs(float((value / slope / alpha).mid())))
    return worst, len(chosen)


def sweep_rows(rounds: int) -> list[dict]:
    tilt = zipf_tilt(V)
    log_p, odds = arrays(tilt)
    alphas = np.linspace(-4, 4, 1024)
    naive = jax.jit(jax.vmap(lambda a: jax.nn.softmax(tilt.log_probs[0] + a * tilt.log_odds)))
    probs = ufm.ExponentialTilt.probs
    by_rows, fill, by_jax = pairs(
        rounds,
        lambda: ufm.sweep(tilt, alphas, probs),
        lambda: numpy_rows(log_p, odds, alphas),
        lambda: np.full((alphas.size, V), 1.0),
        lambda: naive(jnp.asarray(alphas)),
    )
    uneven = np.sort(np.random.default_rng(2).uniform(-4, 4, 256))
    one_by_one, numpy_256 = race(
        rounds, lambda: ufm.sweep(tilt, uneven, probs), lambda: numpy_rows(log_p, odds, uneven)
    )
    top, sorting = race(
        rounds,
        lambda: ufm.sweep_top(tilt, alphas, 20).probs,
        lambda: np.argpartition(-numpy_rows(log_p, odds, alphas[::16]), 20, axis=1)[:, :20],
    )
    dense = "dense 1,024 α x V"
    return [
        row(dense, "numpy, row by row", *by_rows, 3),
        row(dense, "filling the array", *fill, 1 / 3),
        row(dense, "jitted JAX softmax, batched", *by_jax),
        row("dense 256 uneven α x V", "numpy, row by row", one_by_one, numpy_256, 1.5),
        row("top 20 at 1,024 α", "numpy `argpartition`, row by row", top, 16 * sorting),
    ]


def aggregate_rows(rounds: int) -> list[dict]:
    tilt = zipf_tilt(V)
    log_p, odds = arrays(tilt)
    few, many = np.linspace(-4, 4, 10_000), np.linspace(-4, 4, 100_000)
    ours, more, part = race(
        rounds,
        lambda: ufm.sweep_aggregates(tilt, few).mean,
        lambda: ufm.sweep_aggregates(tilt, many).mean,
        lambda: numpy_aggregates(log_p, odds, few[::100]),
    )
    return [
        row("aggregates, 10,000 α", "numpy (K, mean and variance)", ours, 100 * part, 20),
        row("aggregates, 100,000 α", "ours at 10,000", more, ours, 1 / 2),
        *few_rows(8 * rounds),
    ]


def few_rows(rounds: int) -> list[dict]:
    """Few strengths, and uneven ones: the same five quantities, and numpy's three alone.

    A tilt keeps the weights that its first sweep made: what that one takes is timed on new tilts.
    """
    tilt, found = zipf_tilt(V), []
    log_p, odds = arrays(tilt)
    for count, asked in ((1, 1.0), (2, 1.0), (4, 1.0), (8, 1.0), (64, 1.0), (256, 1.5)):
        alphas = np.sort(np.random.default_rng(count).uniform(0.3, 3, count))
        few = rounds if count < 64 else rounds // 4
        five = lambda alphas=alphas: numpy_costs(log_p, odds, alphas)  # noqa: E731
        three = lambda alphas=alphas: numpy_aggregates(log_p, odds, alphas)  # noqa: E731
        ours, five_s, three_s = race(
            few, lambda alphas=alphas: ufm.sweep_aggregates(tilt, alphas).mean, five, three
        )
        name = f"aggregates, {count} uneven α"
        found.append(row(name, "numpy, the same five", ours, five_s, asked))
        found.append(row(name, "numpy (K, mean and variance)", ours, three_s))
        if count <= 2:
            new = iter([jax.tree.map(lambda array: array, tilt) for _ in range(few + 1)])
            first = lambda alphas=alphas, new=new: ufm.sweep_aggregates(next(new), alphas).mean  # noqa: E731
            # numpy's three lie between: after a call that asks for memory, the next one is slow
            first_s, _, five_s = race(few, first, three, five)
            name = f"{name}, of a new tilt"
            found.append(row(name, "numpy, the same five", first_s, five_s, asked))
    return found


def circle_rows(rounds: int) -> list[dict]:
    circle, alphas = large_circle(V), np.linspace(-8, 8, 1024)
    fill, naive = pairs(
        rounds,
        lambda: ufm.sweep(circle, alphas, ufm.NormCircle.probs),
        lambda: np.full((alphas.size, V), 1.0),
        lambda: jax.lax.map(circle.probs, jnp.asarray(alphas), batch_size=64),
    )
    few, many = np.linspace(-8, 8, 10_000), np.linspace(-8, 8, 100_000)
    ours, more, part = race(
        rounds,
        lambda: ufm.sweep_aggregates(circle, few).mean,
        lambda: ufm.sweep_aggregates(circle, many).mean,
        lambda: numpy_circle(circle, few[::100]),
    )
    return [
        row("circle, dense 1,024 α x V", "filling the array", *fill, 1 / 2.5),
        row("circle, dense 1,024 α x V", "JAX, 64 strengths at a time", *naive),
        row("circle, aggregates, 10,000 α", "numpy (K, entropy, KL)", ours, 100 * part),
        row("circle, aggregates, 100,000 α", "ours at 10,000", more, ours),
    ]


def peak_derivative_rows(rounds: int) -> list[dict]:
    """A product with the Jacobian of all peaks, and one with its transpose, at two sizes."""

    def products(v: int) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
        tilt = zipf_tilt(v)
        point, direction = (tilt.log_probs, tilt.log_odds), jnp.cos(3 * tilt.log_odds)

        def peaks(log_probs: jax.Array, log_odds: jax.Array) -> jax.Array:
            found = ufm.peak_strengths(ufm.ExponentialTilt(log_probs, log_odds))
            return jnp.where(jnp.isfinite(found), found, 0.0)

        forward = jax.jit(lambda *x: jax.jvp(peaks, x, (jnp.zeros_like(x[0]), direction))[1])
        gradient = jax.jit(jax.grad(lambda *x: jnp.tanh(peaks(*x)).sum(), argnums=(0, 1)))
        return lambda: forward(*point), lambda: gradient(*point), lambda: ufm.peak_strengths(tilt)

    forward, gradient, peaks = products(V)
    _, smaller, _ = products(V // 4)
    along, back, alone, quarter = race(rounds, forward, gradient, peaks, smaller)
    gradient_of = "peaks and their gradient in log p and M"
    return [
        row("peaks and a product of their Jacobian", "peaks alone", along, alone),
        row(gradient_of, "peaks alone", back, alone),
        row(gradient_of, "ours at V/4", back, quarter, 1 / 8),
    ]


def derivative_rows(rounds: int) -> list[dict]:
    tilt = zipf_tilt(V)
    nested = lambda a: jax.nn.softmax(tilt.log_probs[0] + a * tilt.log_odds)  # noqa: E731
    for _ in range(8):
        nested = (lambda f: lambda a: jax.jvp(f, (a,), (jnp.ones_like(a),))[1])(nested)
    theirs, ours = jax.jit(nested), jax.jit(lambda a: tilt.derivative(a, 8)[0])
    at = jnp.asarray(0.7)
    first = timed(lambda: ours(at)), timed(lambda: theirs(at))
    probs = jax.jit(lambda a: tilt.probs(a)[0])
    orders = [jax.jit(lambda a, n=n: tilt.derivative(a, n)[0]) for n in (1, 2, 4)]
    timed_calls = [lambda call=call: call(at) for call in (ours, theirs, probs, *orders)]
    fast, slow, alone, *by_order = race(8 * rounds, *timed_calls)
    a, b = np.asarray(ours(at)), np.asarray(theirs(at))
    error = float(np.abs(a - b).max() / np.abs(b).max())
    print(f"order 8: largest difference over the largest derivative {error:.1e}", file=sys.stderr)
    by_order = zip((1, 2, 4, 8), (*by_order, fast), strict=True)
    return [
        *(row(f"derivatives of order {n}", "p_α itself", s, alone, 1 / 1.5) for n, s in by_order),
        row("derivatives of order 8", "nested `jvp`, jitted", fast, slow),
        row("derivatives of order 8, compiled and run once", "nested `jvp`, jitted", *first),
    ]


def losses(rounds: int) -> list[dict]:
    """Where M is much unlike that of text."""
    rng = np.random.default_rng(0)
    tilt = zipf_tilt(V)
    log_p, _ = arrays(tilt)
    wild = ufm.ExponentialTilt(log_p[None, :], rng.pareto(0.1, V))
    alphas = np.linspace(-4, 4, 1024)
    hard, dense = race(
        rounds,
        lambda: ufm.peak_strengths(wild),
        lambda: numpy_rows(log_p, np.asarray(tilt.log_odds), alphas),
    )
    return [row("all peaks, Pareto(0.1) M", "numpy, dense sweep of 1,024 α", hard, dense, 1)]


def cost_model(rounds: int) -> dict[str, float]:
    """Fits seconds = c · V^a · contexts^b · (number of α)^d, each exponent alone, by least squares."""
    sizes, contexts, counts = [12_500, 50_000, 200_000], [1, 2, 4], [1_000, 10_000, 100_000]

    def exponent(
        points: list[int], make: Callable[[int], Callable[[], Any]]
    ) -> tuple[float, float]:
        times = race(rounds, *[make(n) for n in points])
        slope, start = np.polyfit(np.log(points), np.log(times), 1)
        return float(slope), float(np.exp(start + slope * np.log(points[1])))

    def peaks(v: int, m: int) -> Callable[[], Any]:
        tilt = zipf_tilt(v, m)
        return lambda: ufm.peak_strengths(tilt)

    def totals(v: int, a: int) -> Callable[[], Any]:
        tilt, alphas = zipf_tilt(v), np.linspace(-4, 4, a)
        return lambda: ufm.sweep_aggregates(tilt, alphas).mean

    by_size, at_size = exponent(sizes, lambda v: peaks(v, 1))
    by_context, _ = exponent(contexts, lambda m: peaks(50_000, m))
    by_count, at_count = exponent(counts, lambda a: totals(50_000, a))
    totals_by_size, _ = exponent(sizes, lambda v: totals(v, 10_000))
    return {
        "peaks: seconds at V = 50,000, one context": at_size,
        "peaks: exponent of V": by_size,
        "peaks: exponent of contexts": by_context,
        "aggregates: seconds at V = 50,000, 10,000 α": at_count,
        "aggregates: exponent of V": totals_by_size,
        "aggregates: exponent of the number of α": by_count,
    }


def report(rounds: int, tokens: int) -> dict[str, Any]:
    circumstances = how_measured()
    parts = [peaks_rows, sweep_rows, aggregate_rows, circle_rows, derivative_rows]
    parts += [peak_derivative_rows, losses]
    rows: list[dict] = []
    for part in track(parts, "racing", console=Console(stderr=True)):
        rows += part(rounds)
    worst, count = peak_error(tokens)
    return {
        "measured": circumstances,
        "rows": rows,
        "peak_error": worst,
        "peak_error_tokens": count,
        "peak_memory_gb": peak_memory_of_a_million(),
        "cost_model": cost_model(min(rounds, 3)),
    }


def how_measured() -> str:
    seconds = (
        "by the clock" if clock is time.perf_counter else "of processors, all threads together"
    )
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "as many as it likes")
    return (
        f"{time.strftime('%d %B %Y')}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before, "
        f"Python {platform.python_version()}, JAX {jax.__version__}, NumPy {np.__version__}, threads of "
        f"OpenBLAS: {threads}; seconds {seconds}."
    )


def three_digits(x: float) -> str:
    return np.format_float_positional(x, precision=3, unique=False, fractional=False, trim="-")


def ratio(x: float) -> str:
    """`x` times, as 4.5 or as 1/2.2."""
    return three_digits(x) if x >= 1 else f"1/{three_digits(1 / x)}"


def cells(r: dict) -> list[str]:
    """A row of the table, as it is read."""
    seconds = three_digits(r["ours_s"]), three_digits(r["rival_s"])
    if r["least"] is None:
        asked, verdict = "", ""
    else:
        asked, verdict = ratio(r["least"]), "met" if r["met"] else "**missed**"
    return [r["work"], r["rival"], *seconds, ratio(r["times_faster"]), asked, verdict]


HEADS = ["work", "against", "ours, s", "rival, s", "times faster", "asked", ""]


def sentences(found: dict[str, Any]) -> list[str]:
    """What is said below the table."""
    model = found["cost_model"].items()
    return [
        f"**Error of the peaks.** The largest relative error of {found['peak_error_tokens']} peaks against "
        f"Arb balls is {found['peak_error']:.1e}; 1e-12 was asked.",
        f"**Memory.** A fresh process that finds all peaks at V = 1e6 uses {found['peak_memory_gb']:.2f} GB "
        "at most; 2 GB was allowed.",
        "**Cost model.** "
        + "; ".join(f"{name} {three_digits(value)}" for name, value in model)
        + ".",
    ]


def markdown(found: dict[str, Any]) -> str:
    lines = [HEADS, ["---"] * len(HEADS), *map(cells, found["rows"])]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return "\n\n".join([found["measured"], table, *sentences(found)]) + "\n"


MARKS = "<!-- written by tests.benchmarks.table -->", "<!-- end of what it wrote -->"


def written_into(page: str, text: str) -> str:
    """`page` with `text` between its marks; `text` alone where it has none."""
    before, mark, rest = page.partition(MARKS[0])
    return f"{before}{mark}\n{text}{MARKS[1]}{rest.partition(MARKS[1])[2]}" if mark else text


def show(found: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in HEADS:
        justify = "left" if name in ("work", "against") else "right"
        table.add_column(name, justify=justify, no_wrap=True)
    for r in found["rows"]:
        table.add_row(*cells(r))
    console = Console(width=160)
    console.print(found["measured"], table, *sentences(found), sep="\n", markup=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument(
        "--markdown", help="also write the page's table to this file, between the page's marks"
    )
    parser.add_argument("--quick", action="store_true", help="one round, 40 peaks checked by balls")
    parser.add_argument(
        "--processor", action="store_true", help="seconds of processors in place of the clock's"
    )
    options = parser.parse_args()
    if options.processor:
        global clock
        clock = time.process_time
    found = report(*((1, 40) if options.quick else (5, 200)))
    show(found)
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1))
    if options.markdown:
        page = Path(options.markdown)
        page.write_text(written_into(page.read_text() if page.exists() else "", markdown(found)))


if __name__ == "__main__":
    main()
