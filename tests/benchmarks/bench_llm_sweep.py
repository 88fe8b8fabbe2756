"""256 strengths on a GPT-2-small-sized model: this package against one full pass a strength.

    python -m tests.benchmarks.bench_llm_sweep

Random weights, 12 tokens, float32; wall clock, both ways compiled before they are timed and taken
in turn, the best of `ROUNDS`. Full passes work as published code does, all blocks and the head at
all positions for each α anew, here as one compiled program; they are timed on every fourth α and
the time is multiplied by four.
"""

import json
import tempfile
import time
from functools import partial
from pathlib import Path

import jax
import numpy as np
from safetensors.numpy import save_file

import ufm.llm

TOKENS = np.random.default_rng(0).integers(0, 50257, size=12)
ALPHAS = np.linspace(-50, 50, 256)
WANTED = {3: 2.0, 6: 3.5, 11: 20.0}
ROUNDS = 3
SHARE = 4


def gpt2_small(directory: Path) -> None:
    d, n, rng = 768, 12, np.random.default_rng(1)
    settings = dict(
        model_type="gpt2", vocab_size=50257, n_positions=1024, n_embd=d, n_layer=n, n_head=12
    )
    (directory / "config.json").write_text(json.dumps(settings))

    def normal(*shape):
        return rng.standard_normal(shape, np.float32) * np.float32(0.02)

    tensors = {"wte.weight": normal(50257, d), "wpe.weight": normal(1024, d)}
    shapes = {"attn.c_attn": (d, 3 * d), "attn.c_proj": (d, d)}
    shapes |= {"mlp.c_fc": (d, 4 * d), "mlp.c_proj": (4 * d, d)}
    for i in range(n):
        for name, shape in shapes.items():
            tensors[f"h.{i}.{name}.weight"] = 4 * normal(*shape)
            tensors[f"h.{i}.{name}.bias"] = normal(shape[1])
    for name in [f"h.{i}.ln_{k}" for i in range(n) for k in (1, 2)] + ["ln_f"]:
        tensors[f"{name}.weight"] = np.ones(d, np.float32) + normal(d)
        tensors[f"{name}.bias"] = normal(d)
    save_file(tensors, directory / "model.safetensors")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        gpt2_small(Path(name))
        model = ufm.llm.load(name)
    vector = np.random.default_rng(2).standard_normal(768).astype(np.float32) / 28

    @partial(jax.jit, static_argnums=1)
    def one(model, layer, alpha):
        return model.all_logits(TOKENS, alpha, vector=vector, layer=layer)[-1]

    def full(layer):
        return np.stack([np.asarray(one(model, layer, a)) for a in ALPHAS[::SHARE]])

    for layer, wanted in WANTED.items():
        steering = ufm.llm.Steering(vector, layer)
        one(model, layer, ALPHAS[0])
        ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS)
        times: dict[str, list[float]] = {"full": [], "ours": []}
        for _ in range(ROUNDS):
            start = time.perf_counter()
            slow = full(layer)
            times["full"].append(SHARE * (time.perf_counter() - start))
            start = time.perf_counter()
            fast = ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS)
            times["ours"].append(time.perf_counter() - start)
        gap = abs(jax.nn.softmax(fast[::SHARE]) - jax.nn.softmax(slow)).max()
        ratio = min(times["full"]) / min(times["ours"])
        print(
            f"block {layer:2}: full {min(times['full']):6.2f} s, ours {min(times['ours']):6.3f} s, "
            f"{ratio:5.1f} times (wanted {wanted}), probabilities {gap:.1e} apart",
            flush=True,
        )


if __name__ == "__main__":
    main()
