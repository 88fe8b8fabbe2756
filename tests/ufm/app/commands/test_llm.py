"""`ufm llm` on the command line, and what it and `ufm strength` refuse, as one table a kind."""

import json
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.command_line import refused, run
from tests.ufm.llm.report import killed_report

DATA = Path("tests/data/llm").absolute()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with good prompts and text, and files that are wrong in one way each."""
    files = {
        "p.txt": "\n".join(killed_report.POSITIVE),
        "n.txt": "\n".join(killed_report.NEGATIVE),
        "text.txt": killed_report.TEXT,
        "empty.txt": "\n\n",
        "bad.jsonl": '{"joy": ["x"]}\n{"joy": 3}',
        "cut.jsonl": '{"joy": ["x"]}\n{"joy"',
        "only.jsonl": '{"concept": "joy", "kind": "negative", "text": "alas"}',
        "two.jsonl": '{"joy": ["he"]}\n{"sad": ["it"]}',
        "long.txt": "the " * 40,
        "list.json": "[]",
        "word.json": '["no such token"]',
        "word.txt": "A\nno such token",
        "far.json": "[64]",
        "kind.json": "[1.5]",
        "none.json": '{"regex": "zzz"}',
        "rule.json": '{"regex": "["}',
        "torn.json": '["A"',
        "all.json": json.dumps(list(range(64))),
        "file": "",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "model").symlink_to(DATA / "gpt2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "ufm.app.commands.strength.LEAST_TOKENS", 4
    )  # tests read little, to be fast
    return tmp_path


PROMPTS = ["--positive", "p.txt", "--negative", "n.txt"]
COMMANDS = {"llm": ["--steps", "5"], "strength": ["--text", "text.txt", "--new-tokens", "17"]}
# What both commands refuse: the model, then what stands after the good arguments.
SHARED = [
    ("file", [], "neither a directory nor the id of a model"),
    (".", [], "is no model's folder: it holds no config.json, no tokenizer.json and no GGUF file"),
    (DATA / "qwen3", [], "holds no tokenizer.json"),
    ("model", ["--positive", "absent.txt"], "--positive absent.txt does not exist"),
    ("model", ["--negative", "model"], "--negative model is a folder, not a file"),
    ("model", ["--text", "absent.txt"], "--text absent.txt does not exist"),
    ("model", ["--contexts", "absent.txt"], "--contexts absent.txt does not exist"),
    ("model", ["--tokens", "absent.txt"], "--tokens absent.txt does not exist"),
    ("model", ["--positive", "empty.txt"], "holds no prompt"),
    ("model", ["--positive", "bytes.txt"], "not UTF-8"),
    ("model", ["--positive", "bad.jsonl"], "bad.jsonl, line 2"),
    ("model", ["--positive", "cut.jsonl"], "cut.jsonl, line 2 is not JSON"),
    ("model", ["--positive", "only.jsonl"], "holds no positive prompt"),
    ("model", ["--positive", "two.jsonl"], "holds the concepts joy, sad: name one"),
    ("model", ["--concept", "joy"], "no positive prompt of concept 'joy'"),
    ("model", ["--contexts", "long.txt"], "more than the model's 32 positions"),
    ("model", ["--positive", "n.txt"], "the steering vector after block "),
    ("model", ["--layer", "2"], "layer 2 is out of range: the model has blocks 0..1"),
    ("model", ["--layer", "x"], "--layer must be a whole number; got 'x'"),
    ("model", ["--tokens", "list.json"], "a list of tokens that is not empty"),
    ("model", ["--tokens", "word.json"], "“no such token” is no single token"),
    ("model", ["--tokens", "word.txt"], "entry 2: “no such token” is no single token"),
    ("model", ["--tokens", "bytes.txt"], "bytes.txt is not UTF-8 text"),
    ("model", ["--tokens", "empty.txt"], "a list of tokens that is not empty"),
    ("model", ["--tokens", "far.json"], "token 64 is outside 0..63"),
    ("model", ["--tokens", "kind.json"], "must be a text or a number; got 1.5"),
    ("model", ["--tokens", "none.json"], "the token set holds 0 of 64 tokens of this tokenizer"),
    ("model", ["--tokens", "rule.json"], "is no regex"),
    ("model", ["--tokens", "torn.json"], "is not JSON"),
    ("model", ["--tokens", "all.json"], "names every token"),
    ("model", ["--pooling", "max"], "--pooling must be last or mean; got 'max'"),
    ("model", ["--dtype", "int8"], "must be float32, float64 or bfloat16; got 'int8'"),
    ("model", ["--revision", "main"], "is a directory and has no revision"),
    ("model", ["--length", "1"], "--length must be at least 2; got 1"),
    ("model", ["--text-tokens", "-1"], "--text-tokens must be 0 (all) or more; got -1"),
    ("model", ["--normalise", "twice"], "twice"),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("model", "more", "message"), SHARED, ids=lambda v: str(v)[-40:])
def test_what_both_commands_refuse(monkeypatch, capsys, folder, command, model, more, message):
    given = [command, model, *PROMPTS, *COMMANDS[command], *more]
    refused(monkeypatch, capsys, message, *given)


GOOD = ["llm", "model", *PROMPTS, *COMMANDS["llm"]]
BAD_INPUT = [
    (["llm"], "ufm llm needs MODEL: "),
    (["llm", "model"], "--positive"),
    ([*GOOD, "--text", "empty.txt"], "empty.txt holds too few tokens to predict one"),
    ([*GOOD, "--out", "file"], "--out file is a file"),
    ([*GOOD, "--alphas", "1", "1"], "--alphas must be two strengths"),
    ([*GOOD, "--alphas", "nan", "1"], "--alphas must be two strengths"),
    ([*GOOD, "--steps", "4"], "--steps must be at least 5"),
    ([*GOOD, "--top", "0"], "--top must be at least 1"),
    ([*GOOD, "--positions", "first"], "--positions must be all or last; got 'first'"),
    ([*GOOD, "--dtype", "bfloat16"], "too coarse for the signs of slopes"),
    ([*GOOD, "--budget", "1"], "--budget"),
    ([*GOOD, "--site", "middle"], "--site must be residual or post-norm; got 'middle'"),
    ([*GOOD, "--site", "post-norm", "--layer", "0"], "follows the last block, 1; got layer 0"),
    ([*GOOD, "--unit", "miles"], "--unit must be vector, hidden or nats; got 'miles'"),
    ([*GOOD, "--unit", "vector"], "--unit vector needs --alphas"),
    ([*GOOD, "--unit", "nats", "--alphas", "-0.1", "1000"], "nats, not 1000: ask for fewer"),
    ([*GOOD, "--unit", "nats", "--alphas", "1", "2"], "reaches to both sides of 0; got 1 to 2"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=lambda v: str(v)[-40:])
def test_what_ufm_llm_refuses(monkeypatch, capsys, folder, arguments, message):
    refused(monkeypatch, capsys, message, *arguments)


def weights(change):
    def apply(path):
        found = load_file(path / "model.safetensors")
        change(found)
        save_file(found, path / "model.safetensors")

    return apply


def rewrite(name, change):
    return lambda path: (path / name).write_bytes(change((path / name).read_bytes()))


# What is wrong with the model's own files, as both commands say it.
CHECKPOINTS = [
    (rewrite("model.safetensors", lambda b: b[:-100]), "is corrupt or cut short"),
    (rewrite("model.safetensors", lambda b: b[:5]), "is corrupt or cut short"),
    (rewrite("model.safetensors", lambda b: b""), "is corrupt or cut short"),
    (rewrite("model.safetensors", lambda b: b"\xff" * 64 + b[64:]), "is corrupt or cut short"),
    (weights(lambda t: t["h.0.ln_1.weight"].__setitem__(2, np.nan)), "[2] = nan is not a finite"),
    (weights(lambda t: t["h.0.ln_1.weight"].__setitem__(2, np.inf)), "[2] = inf is not a finite"),
    (
        weights(lambda t: t.update({"h.0.ln_1.weight": np.ones(3, np.float32)})),
        "h.0.ln_1.weight has shape (3,); config.json asks for (16,)",
    ),
    (weights(lambda t: t.pop("h.0.ln_1.weight")), "h.0.ln_1.weight is missing"),
    (
        lambda path: (path / "model.safetensors").rename(path / "pytorch_model.bin"),
        "holds weights as pickle only (pytorch_model.bin)",
    ),
    (lambda path: (path / "config.json").unlink(), "holds no config.json"),
    (rewrite("config.json", lambda b: b.replace(b'"gpt2"', b'"mamba"')), "'mamba' is not supp"),
    (rewrite("config.json", lambda b: b[:-9]), "config.json is not JSON"),
    (rewrite("tokenizer.json", lambda b: b[:-9]), "is not a tokenizer"),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("spoil", "message"), CHECKPOINTS, ids=lambda v: str(v)[:40] if isinstance(v, str) else ""
)
def test_a_model_that_cannot_be_read(monkeypatch, capsys, folder, command, spoil, message):
    path = folder / "spoilt"
    shutil.copytree(DATA / "gpt2", path, ignore=shutil.ignore_patterns("golden*"))
    found = load_file(path / "model.safetensors")
    save_file(
        {name.removeprefix("transformer."): value for name, value in found.items()},
        path / "model.safetensors",
    )
    spoil(path)
    given = [command, path, *PROMPTS, *COMMANDS[command]]
    refused(monkeypatch, capsys, message, *given)


HOW = ["--dtype", "float64", "--steps", "64", "--alphas", "-40", "40", "--layer", "1"]
WHOLE = ["llm", "model", *PROMPTS, *HOW, "--top", "20"]


def test_the_command_writes_prints_and_exits_by_the_verdicts(monkeypatch, capsys, folder):
    status, out, err = run(monkeypatch, capsys, *WHOLE, "--json")
    record = json.loads(out)
    assert json.loads((folder / "ufm-llm" / "report.json").read_text()) == record
    assert err == ""
    assert record["prompts"] == {"positive": 3, "negative": 3, "contexts": 3}
    verdicts = record["summary"]
    assert verdicts["tanh"] == verdicts["quadratic"] == "undecided"
    assert status == (1 if "fails" in verdicts.values() else 0)
    names = {"token-curves", "plateau", "log-odds"}
    figures = {f"figures/{name}.{kind}" for name in names for kind in ("png", "svg")}
    found = {str(path.relative_to(folder / "ufm-llm")) for path in folder.glob("ufm-llm/*.*")}
    found |= {f"figures/{path.name}" for path in folder.glob("ufm-llm/figures/*")}
    assert found == {"report.json", "index.html", "recording.json"} | figures
    assert not list(folder.rglob("*.part"))
    refused(
        monkeypatch,
        capsys,
        "holds another run: top was 20, now it is 19",
        *WHOLE,
        "--top",
        "19",
    )
    full_disk(monkeypatch, capsys, out)


def test_ranges_in_units_of_what_they_do(monkeypatch, capsys, folder):
    few = ["llm", "model", *PROMPTS, "--steps", "5", "--top", "4", "--json", "--out"]
    ranges = []
    for name, more in (("plain", []), ("after", ["--site", "post-norm", "--unit", "nats"])):
        _, out, err = run(monkeypatch, capsys, *few, name, *more)
        assert err == ""
        record = json.loads(out)
        ranges.append(record["range"])
        # what was asked, and what it is in multiples of the vector
        assert (ranges[-1]["least"], ranges[-1]["largest"]) == (-2, 2)
        assert record["strengths"]["steps"] == 5
    assert record["steering"]["site"] == "post-norm"
    assert [x["unit"] for x in ranges] == ["hidden", "nats"]
    np.testing.assert_allclose(ranges[1]["nats_at_ends"], 2, rtol=0.2)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (0, "the model has no final norm, so that softmax(W LN(±v)) is not its limit"),
        (1, "no norm follows v: the logits are affine in α"),
    ],
)
def test_an_opt_without_a_final_norm(monkeypatch, capsys, folder, layer, reason):
    """Proposition 4.1 does not hold; after the last block the model is the tilt of Theorem 3.3."""
    shutil.copytree(DATA / "opt-350m", folder / "opt")
    shutil.copy(DATA / "gpt2" / "tokenizer.json", folder / "opt")
    shared = ["opt", *PROMPTS, "--layer", str(layer), "--dtype", "float64", "--json"]
    _, out, err = run(monkeypatch, capsys, "llm", *shared, "--steps", "17", "--top", "8")
    assert err == ""
    laws = {law["id"]: law for law in json.loads(out)["laws"]}
    assert laws["plateau"]["verdict"] == "hypotheses unmet"
    assert reason in laws["plateau"]["why"]
    if layer == 0:
        assert "v is added before later blocks" in laws["bumps"]["unmet"]
    else:
        assert (laws["bumps"]["verdict"], laws["bumps"]["unmet"]) == ("holds", None)
    how = ["--text", "text.txt", "--new-tokens", "17", "--kind", "forward_kl", "--budget", "100"]
    status, out, err = run(monkeypatch, capsys, "strength", *shared, *how)
    (found,) = json.loads(out)["blocks"]
    # logits that grow without end buy any budget, and those that a norm bounds do not
    assert (status, found["reachable"]) == ((0, True) if layer else (1, False))
    assert found["search"]["limit"] is None


def full_disk(monkeypatch, capsys, whole):
    """No file may grow past a size, as on a full disk; with room again, the run goes on to the same end."""
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size, stopped_at in (
        (64, "runs/curves/run.json"),
        (4096, "runs/curves/parts/prompt-000000.safetensors"),
        (210_000, "figures/"),
    ):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            message = f"cannot write small/{stopped_at}"
            refused(monkeypatch, capsys, message, *WHOLE, "--out", "small", "--json")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(Path("small").rglob(".*.part"))
        assert not Path("small/report.json").exists()
    signal.signal(signal.SIGXFSZ, ignored)
    _, out, _ = run(monkeypatch, capsys, *WHOLE, "--out", "small", "--json")
    assert out == whole
