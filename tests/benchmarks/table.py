"""Times the library against what a user would write, side by side in one process, and prints a table.

    python -m tests.benchmarks.table [--json FILE] [--quick]

Every row runs ours and its rival in turn, several rounds, and compares the medians: the machine may be
shared, and then only ratios mean anything. The losses are rows too.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
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


def timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - start


def race(rounds: int, *calls: Callable[[], Any]) -> list[float]:
    """Median seconds of each call, run in turn; the first round warms up (compiles) and is dropped."""
    times = [[timed(call) for call in calls] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*times, strict=True)]


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


def scipy_peak(log_p: np.ndarray, odds: np.ndarray, token: int) -> float:
    return brentq(lambda a: softmax(log_p + a * odds) @ odds - odds[token], -30, 30, xtol=1e-13)


def row(work: str, rival: str, ours_s: float, rival_s: float, target: str, met: bool) -> dict:
    return {
        "work": work,
        "rival": rival,
        "ours_s": ours_s,
        "rival_s": rival_s,
        "times_faster": rival_s / ours_s,
        "target": target,
        "met": bool(met),
    }


def peaks_rows(rounds: int) -> list[dict]:
    tilt = zipf_tilt(V)
    log_p, odds = arrays(tilt)
    alphas = np.linspace(-4, 4, 1024)
    tokens = np.random.default_rng(1).choice(np.argsort(odds)[50:-50], 50)
    peaks = lambda: ufm.peak_strengths(tilt)  # noqa: E731
    each = lambda: [scipy_peak(log_p, odds, z) for z in tokens]  # noqa: E731
    ours, one, dense = race(rounds, peaks, each, lambda: numpy_rows(log_p, odds, alphas))
    every = one / tokens.size * V
    rows = [
        row(
            "all peaks, V = 50,257",
            "scipy brentq a token",
            ours,
            every,
            ">= 500 x",
            every >= 500 * ours,
        ),
        row("all peaks, V = 50,257", "numpy, dense 1,024 α", ours, dense, ">= 1 x", dense >= ours),
    ]
    million = zipf_tilt(10**6)
    large, small = race(rounds, lambda: ufm.peak_strengths(million), peaks)
    rows.append(
        row("all peaks, V = 1e6", "ours at 50,257", large, small, "> 1/25 x", large < 25 * small)
    )
    gigabytes = peak_memory_of_a_million()
    used = row(
        "peak memory in GB, V = 1e6", "a target of 2 GB", gigabytes, 2.0, "> 1 x", gigabytes < 2
    )
    rows.append(used)
    return rows


def peak_memory_of_a_million() -> float:
    """Of a fresh process that finds all peaks at V = 1e6, imports included."""
    code = (
        "import resource; from tests.benchmarks.table import *; "
        "ufm.peak_strengths(zipf_tilt(10**6)); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
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
    ours, rows_s, fill, jax_s = race(
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
        row(dense, "numpy, row by row", ours, rows_s, ">= 3 x", rows_s >= 3 * ours),
        row(dense, "filling the array", ours, fill, ">= 1/3 x", ours <= 3 * fill),
        row(dense, "jitted JAX softmax", ours, jax_s, "", True),
        row("dense 256 uneven α x V", "numpy, row by row", one_by_one, numpy_256, "", True),
        row("top 20 at 1,024 α", "numpy argpartition", top, 16 * sorting, "", True),
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
        row(
            "aggregates, 10,000 α",
            "numpy (K, mean, var)",
            ours,
            100 * part,
            ">= 20 x",
            5 * part >= ours,
        ),
        row("aggregates, 100,000 α", "ours at 10,000", more, ours, "> 1/2 x", more <= 2 * ours),
    ]


def derivative_rows(rounds: int) -> list[dict]:
    tilt = zipf_tilt(V)
    nested = lambda a: jax.nn.softmax(tilt.log_probs[0] + a * tilt.log_odds)  # noqa: E731
    for _ in range(8):
        nested = (lambda f: lambda a: jax.jvp(f, (a,), (jnp.ones_like(a),))[1])(nested)
    theirs, ours = jax.jit(nested), jax.jit(lambda a: tilt.derivative(a, 8)[0])
    at = jnp.asarray(0.7)
    first = timed(lambda: ours(at)), timed(lambda: theirs(at))
    fast, slow = race(rounds, lambda: ours(at), lambda: theirs(at))
    a, b = np.asarray(ours(at)), np.asarray(theirs(at))
    error = float(np.abs(a - b).max() / np.abs(b).max())
    print(f"order 8: largest difference over the largest derivative {error:.1e}", file=sys.stderr)
    return [
        row(
            "derivatives of order 8", "nested jvp, jitted", fast, slow, ">= 10 x", slow >= 10 * fast
        ),
        row("the same, compiled and run once", "nested jvp, jitted", *first, "", True),
    ]


def losses(rounds: int) -> list[dict]:
    """Where ours is no faster, or much slower than on laws of text."""
    rng = np.random.default_rng(0)
    tilt = zipf_tilt(V)
    log_p, _ = arrays(tilt)
    wild = ufm.ExponentialTilt(log_p[None, :], rng.pareto(0.1, V))
    one = np.array([0.3])
    alphas = np.linspace(-4, 4, 1024)
    hard, dense = race(
        min(rounds, 2),
        lambda: ufm.peak_strengths(wild),
        lambda: numpy_rows(log_p, np.asarray(tilt.log_odds), alphas),
    )
    single, direct = race(
        rounds,
        lambda: ufm.sweep_aggregates(tilt, one).mean,
        lambda: numpy_aggregates(log_p, np.asarray(tilt.log_odds), one),
    )
    return [
        row("all peaks, Pareto(0.1) M", "numpy, dense 1,024 α", hard, dense, "", True),
        row("aggregates, 1 α", "numpy (K, mean, var)", single, direct, "", True),
    ]


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
    parts = [peaks_rows, sweep_rows, aggregate_rows, derivative_rows, losses]
    rows: list[dict] = []
    for part in track(parts, "racing", console=Console(stderr=True)):
        rows += part(rounds)
    worst, count = peak_error(tokens)
    model = cost_model(min(rounds, 3))
    return {"rows": rows, "peak_error": worst, "peak_error_tokens": count, "cost_model": model}


def show(found: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("work", "against", "ours s", "rival s", "times faster", "target", ""):
        table.add_column(
            name, justify="left" if name in ("work", "against") else "right", no_wrap=True
        )
    for r in found["rows"]:
        mark = "" if not r["target"] else "met" if r["met"] else "MISSED"
        numbers = (f"{r[key]:.3g}" for key in ("ours_s", "rival_s", "times_faster"))
        table.add_row(r["work"], r["rival"], *numbers, r["target"], mark)
    console = Console(width=130)
    console.print(table)
    error, count = found["peak_error"], found["peak_error_tokens"]
    console.print(
        f"largest relative error of {count} peaks against balls: {error:.1e} (target 1e-12)"
    )
    for name, value in found["cost_model"].items():
        console.print(f"{name}: {value:.3g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="one round, 40 peaks checked by balls")
    options = parser.parse_args()
    found = report(*((1, 40) if options.quick else (5, 200)))
    show(found)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
