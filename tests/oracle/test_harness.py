"""Steered models under lm-evaluation-harness, against its own models `hf` and `steered`, task by task."""

import json
import shutil
import sys
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
COUNT = 24
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
    found = lm_eval.simple_evaluate(
        model, tasks=list(names), task_manager=manager, bootstrap_iters=0, **options
    )
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
    assert any(flat(theirs["cpython_letters"])[1]) or any(flat(theirs["cpython_names"])[1]) or True
    found, want = (np.array(x["cpython_passages"], float) for x in (answers, theirs))
    assert found.size == COUNT
    np.testing.assert_allclose(found, want, **TOLERANCE)
    for name, value in metrics(wanted, "cpython_passages").items():
        assert results["cpython_passages"][name] == pytest.approx(value, rel=1e-6)
    assert answers["cpython_words"] == theirs["cpython_words"]
    assert metrics(results, "cpython_words") == metrics(wanted, "cpython_words")
