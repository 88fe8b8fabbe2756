"""Steered models under lm-evaluation-harness, against its own models `hf` and `steered`, task by task."""

import json
import logging
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import transformers

import ufm.llm
from tests.oracle.harness_tasks import TASKS, write_tasks
from tests.oracle.tiny_models import CONFIGS, randomise

lm_eval = pytest.importorskip("lm_eval")

from lm_eval.api.instance import Instance  # noqa: E402
from lm_eval.models.hf_steered import SteeredModel  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

from ufm.llm.harness import HarnessModel, __main__  # noqa: E402

TOY = Path(__file__).parents[1] / "data" / "llm" / "toy"
CHAT = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content | trim }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
COUNT = 12
# Sums of up to 200 log-probabilities in the float32 of either program.
TOLERANCE = {"rtol": 2e-6, "atol": 2e-5}
# Of each model: the hook of lm-eval, the steered block, and a strength that changes the answers.
MODELS = {"toy": ("h", 0, 6.0), "llama": ("layers", 1, 4.0)}


def write_llama(directory):
    """A random Llama of three blocks, whose tokenizer opens every text and has a chat template."""
    config = CONFIGS["llama3"]()
    config.update({"vocab_size": 384, "max_position_embeddings": 160, "eos_token_id": 0})
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    randomise(model, 7)
    model.generation_config.update(bos_token_id=1, eos_token_id=0, pad_token_id=0)
    model.save_pretrained(directory)
    inner = json.loads((TOY / "tokenizer.json").read_text())
    start = next(text for text, number in inner["model"]["vocab"].items() if number == 1)
    parts = {"single": [{"SpecialToken": {"id": start, "type_id": 0}}]}
    parts["single"].append({"Sequence": {"id": "A", "type_id": 0}})
    known = {start: {"id": start, "ids": [1], "tokens": [start]}}
    about = {"type": "TemplateProcessing", "pair": [], "special_tokens": known}
    inner["post_processor"] = about | parts
    inner["added_tokens"].append(inner["added_tokens"][0] | {"id": 1, "content": start})
    (directory / "tokenizer.json").write_text(json.dumps(inner))
    named = json.loads((TOY / "tokenizer_config.json").read_text())
    named |= {"bos_token": start, "chat_template": CHAT, "model_max_length": 160}
    (directory / "tokenizer_config.json").write_text(json.dumps(named))


@pytest.fixture(scope="module", params=MODELS)
def tiny(request, tmp_path_factory):
    """The directory of a model, and files of a vector for it, ours and lm-eval's, at one strength."""
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "toy":
        shutil.copytree(TOY, directory, dirs_exist_ok=True)
    else:
        write_llama(directory)
    hook, layer, alpha = MODELS[request.param]
    width = ufm.llm.load(directory).dimension
    v = (np.random.default_rng(5).normal(size=width) / width**0.5).astype(np.float32)
    vector = ufm.llm.ControlVector({layer: v}, alpha)
    ufm.llm.write_vector(vector, directory / "vector.safetensors")
    ufm.llm.write_vector(vector, directory / "steer.pt", hook=hook)
    return directory


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tasks")
    write_tasks(directory, COUNT)
    return directory


def ours(directory, is_steered, **options):
    more = {"vector": str(directory / "vector.safetensors")} if is_steered else {}
    return HarnessModel.create_from_arg_obj({"pretrained": str(directory), **more, **options})


def hf(directory, is_steered, batch_size=3):
    if not is_steered:
        return HFLM(str(directory), device="cpu", batch_size=batch_size)
    path = str(directory / "steer.pt")
    return SteeredModel(str(directory), path, device="cpu", batch_size=batch_size)


def evaluate(model, tasks, names=TASKS, **options):
    """The results of each task, and what the model answered to each request of it."""
    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    given = manager.load(list(names))
    found = lm_eval.evaluate(model, given, bootstrap_iters=0, **options)
    answers = {
        name: [sample["resps"] for sample in sorted(samples, key=lambda s: s["doc_id"])]
        for name, samples in found["samples"].items()
    }
    return found["results"], answers


def metrics(results, name):
    return {k: v for k, v in results[name].items() if isinstance(v, float) and "stderr" not in k}


def flat(answers):
    """Numbers and flags of the answers to a task of log-likelihoods."""
    pairs = np.array(answers, object).reshape(-1, 2)
    return pairs[:, 0].astype(float), pairs[:, 1].tolist()


@pytest.mark.parametrize("is_steered", [False, True], ids=["hf", "steered"])
def test_each_kind_of_task_has_the_scores_of_the_harness_s_own_model(tiny, tasks, is_steered):
    results, answers = evaluate(ours(tiny, is_steered, batch_size=4), tasks)
    wanted, theirs = evaluate(hf(tiny, is_steered), tasks)
    for name in ("cpython_letters", "cpython_names"):
        assert set(metrics(results, name)) == {"acc,none", "acc_norm,none"}
        assert metrics(results, name) == metrics(wanted, name)
        (found, is_greedy), (want, want_greedy) = flat(answers[name]), flat(theirs[name])
        assert found.size == 4 * COUNT
        np.testing.assert_allclose(found, want, **TOLERANCE)
        assert is_greedy == want_greedy
    found, want = (np.array(x["cpython_passages"], float) for x in (answers, theirs))
    assert found.size == COUNT
    np.testing.assert_allclose(found, want, **TOLERANCE)
    for name, value in metrics(wanted, "cpython_passages").items():
        assert results["cpython_passages"][name] == pytest.approx(value, rel=1e-6)
    assert answers["cpython_words"] == theirs["cpython_words"]
    assert metrics(results, "cpython_words") == metrics(wanted, "cpython_words")


def requests(kind, arguments):
    return [Instance(kind, {}, each, number) for number, each in enumerate(arguments)]


LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
PAIRS = [
    ("The quick brown", " fox jumps"),
    ("", "A text that nothing precedes"),
    ("a space at the end ", "moves"),
    ("def", "inition"),  # one word cut in two
    (LONG * 3, " sixteen"),  # cut on the left
    ("Which? A", "B"),
    ("Which? A", "C"),
]


def test_tokens_at_the_seam_and_what_is_cut(tiny):
    mine, theirs = ours(tiny, True, batch_size="auto"), hf(tiny, True)
    assert mine.prefix_token_id == theirs.prefix_token_id
    assert mine.max_length == theirs.max_length
    pairs = requests("loglikelihood", PAIRS)
    found, want = (np.array(m.loglikelihood(pairs), float) for m in (mine, theirs))
    np.testing.assert_allclose(found, want, **TOLERANCE)
    alone = np.array(ours(tiny, True).loglikelihood(pairs), float)
    np.testing.assert_allclose(found, alone, **TOLERANCE)
    texts = requests("loglikelihood_rolling", [(LONG * 4,), ("x",), ("",)])
    found, want = (m.loglikelihood_rolling(texts) for m in (mine, theirs))
    np.testing.assert_allclose(found, want, **TOLERANCE)
    # what the model itself says is the most likely continuation is greedy, and another is not
    (next_word,) = mine.generate_until(
        requests("generate_until", [("The quick", {"max_gen_toks": 1})])
    )
    pairs = requests("loglikelihood", [("The quick", next_word), ("The quick", next_word + "x")])
    assert [is_greedy for _, is_greedy in mine.loglikelihood(pairs)] == [True, False]
    unsteered = np.array(ours(tiny, False).loglikelihood(requests("loglikelihood", PAIRS)), float)
    assert abs(found[0] - hf(tiny, False).loglikelihood_rolling(texts)[0]) > 1
    assert abs(unsteered - alone)[:, 0].max() > 0.1


def test_text_up_to_a_stop(tiny):
    mine, theirs = ours(tiny, False, batch_size=2), hf(tiny, False)
    starts = ["The class is", "A", LONG * 3]
    (told,) = mine.generate_until(requests("generate_until", [("A", {"max_gen_toks": 9})]))
    for until in (["."], [], ["\n", "the"], [told[2:4]]):
        settings = {"until": until, "max_gen_toks": 9, "do_sample": False}
        asked = requests("generate_until", [(start, dict(settings)) for start in starts])
        assert mine.generate_until(asked) == theirs.generate_until(asked)
    assert mine.generate_until(asked)[1] == told[: told.index(told[2:4])]
    warm = {"max_gen_toks": 6, "do_sample": True, "temperature": 2.0}
    drawn = mine.generate_until(requests("generate_until", [("A", warm)] * 4))
    assert len(set(drawn)) > 1
    for settings, message in (
        ({"max_gen_toks": 6, "num_beams": 3}, "num_beams = 3 is unknown"),
        (warm | {"top_p": 0.9}, "top_p = 0.9 is unknown"),
        ({"max_gen_toks": 500}, "max_gen_toks = 500 leaves no room for a context"),
    ):
        with pytest.raises(ValueError, match=message):
            mine.generate_until(requests("generate_until", [("A", settings)]))


@pytest.mark.parametrize("tiny", ["llama"], indirect=True)
def test_conversations_by_the_chat_template(tiny, tasks):
    mine, theirs = ours(tiny, False), hf(tiny, False)
    told = [
        {"role": "user", "content": " Hi \n"},
        {"role": "assistant", "content": "The answer is "},
    ]
    for history, is_open in ((told[:1], True), (told, False)):
        found, want = (m.apply_chat_template(history, is_open) for m in (mine, theirs))
        assert found == want
        assert mine.tok_encode(found) == theirs.tok_encode(found)
    options = {"apply_chat_template": True, "fewshot_as_multiturn": True}
    (found, answers), (want, theirs) = (
        evaluate(model, tasks, ["cpython_letters"], **options) for model in (mine, theirs)
    )
    assert metrics(found, "cpython_letters") == metrics(want, "cpython_letters")
    np.testing.assert_allclose(
        *(flat(x["cpython_letters"])[0] for x in (answers, theirs)), **TOLERANCE
    )


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["lm_eval", "--model", "ufm", *map(str, arguments)])
    # thousands of tasks come with the harness, whose files it would read each time
    few = partial(TaskManager, include_defaults=False)
    monkeypatch.setattr(lm_eval.tasks, "TaskManager", few)
    # the harness keeps the standard error of this test, which is closed after it
    for name in (None, "lm_eval"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
    try:
        __main__.main()
        status = 0
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


@pytest.mark.parametrize("tiny", ["toy"], indirect=True)
def test_the_command_line(tiny, tasks, tmp_path, monkeypatch, capsys):
    options = ["--tasks", "cpython_letters", "--include_path", tasks, "--batch_size", 4]
    named = f"pretrained={tiny},vector={tiny}/vector.safetensors"
    status, out, _ = run(
        monkeypatch, capsys, "--model_args", named, *options, "--output_path", tmp_path
    )
    assert status == 0
    (file,) = tmp_path.rglob("results_*.json")
    written = json.loads(file.read_text())
    results, _ = evaluate(hf(tiny, True), tasks, ["cpython_letters"])
    score = results["cpython_letters"]["acc,none"]
    assert written["results"]["cpython_letters"]["acc,none"] == score
    assert f"|acc     |↑  |{score:.4g}|" in out
    assert (written["config"]["alpha"], written["config"]["layer"]) == (6.0, 0)


@pytest.mark.parametrize("tiny", ["toy"], indirect=True)
def test_bad_arguments_are_one_line(tiny, tasks, tmp_path, monkeypatch, capsys):
    last = ufm.llm.ControlVector({0: np.ones(32)}, 1.0, positions="last")
    ufm.llm.write_vector(last, tmp_path / "last.safetensors")
    options = ["--tasks", "cpython_letters", "--include_path", tasks]
    for given, message in (
        (f"vector={tmp_path}/none.safetensors", "none.safetensors does not exist"),
        ("alpha=3", "alpha steers nothing without a vector"),
        (f"vector={tiny}/vector.safetensors,layer=4", "there is no direction of block 4"),
        (f"vector={tmp_path}/last.safetensors", "ufm vector convert --positions all"),
        ("max_length=33", "max_length must be from 1 to the model's 32 tokens; got 33"),
    ):
        status, out, err = run(
            monkeypatch, capsys, "--model_args", f"pretrained={tiny},{given}", *options
        )
        assert (status, out) == (2, "")
        (line,) = [line for line in err.splitlines() if line.startswith("ufm: ")]
        assert message in line
        assert "Traceback" not in err


def test_a_task_that_the_harness_does_not_know_is_refused_before_anything_is_measured(tmp_path):
    program = [sys.executable, "-c", "from ufm.app.main import main; main()"]
    asked = ["reproduce", "smollm2", "--concepts", "joy", "--task", "no_such_task"]
    command = [*program, *asked, "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the harness knows no task 'no_such_task'" in done.stderr
    assert not (tmp_path / "out").exists()
