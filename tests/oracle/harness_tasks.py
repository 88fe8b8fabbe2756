"""Tasks for lm-evaluation-harness made of the text that ships with CPython, as YAML and JSON lines.

Four kinds, one of each way in which the harness asks a model: the topic of a passage of the language
reference by its letter (as in MMLU) and by its name, the probability of whole passages, and how one goes on.
"""

import json
import random
from pathlib import Path
from pydoc_data.topics import topics

_COMMON = """\
dataset_path: json
dataset_kwargs:
  data_files: {{test: {data}}}
  cache_dir: {cache}
test_split: test
"""
_YAML = {
    "cpython_letters": """\
task: cpython_letters
output_type: multiple_choice
doc_to_text: "{{passage}}\\nA. {{names[0]}}\\nB. {{names[1]}}\\nC. {{names[2]}}\\nD. {{names[3]}}\\nAnswer:"
doc_to_choice: ["A", "B", "C", "D"]
doc_to_target: answer
num_fewshot: 2
fewshot_split: test
fewshot_config: {sampler: first_n}
metric_list: [{metric: acc}, {metric: acc_norm}]
""",
    "cpython_names": """\
task: cpython_names
output_type: multiple_choice
doc_to_text: "{{passage}}\\nThis passage is about"
doc_to_choice: names
doc_to_target: answer
metric_list: [{metric: acc}, {metric: acc_norm}]
""",
    "cpython_passages": """\
task: cpython_passages
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{passage}}"
metric_list: [{metric: word_perplexity}, {metric: bits_per_byte}]
""",
    "cpython_words": """\
task: cpython_words
output_type: generate_until
doc_to_text: "{{start}}"
doc_to_target: "{{next}}"
generation_kwargs: {until: [",", ".", "\\n"], max_gen_toks: 8, do_sample: false}
metric_list: [{metric: exact_match}]
""",
}
TASKS = tuple(_YAML)


def write_tasks(directory: Path, count: int, seed: int = 0) -> None:
    """The files of all tasks, with `count` questions each, and the folder that the harness caches them in."""
    data, cache = directory / "passages.jsonl", directory / "cache"
    data.write_text("".join(json.dumps(row) + "\n" for row in _questions(count, seed)))
    for name, text in _YAML.items():
        common = _COMMON.format(data=data, cache=cache)
        (directory / f"{name}.yaml").write_text(common + text)


def _questions(count: int, seed: int) -> list[dict[str, object]]:
    rng = random.Random(seed)
    passages = [
        (name, " ".join(passage.split()))
        for name, text in sorted(topics.items())
        for passage in text.split("\n\n")
        if 25 <= len(passage.split()) <= 45 and name.isalpha() and "::" not in passage
    ]
    names = sorted({name for name, _ in passages})
    rows: list[dict[str, object]] = []
    for name, passage in rng.sample(passages, count):
        others = rng.sample([other for other in names if other != name], 3)
        answer = rng.randrange(4)
        words = passage.split(" ")
        rows.append(
            {
                "passage": passage,
                "names": [f" {each}" for each in [*others[:answer], name, *others[answer:]]],
                "answer": answer,
                "start": " ".join(words[:12]),
                "next": " " + words[12],
            }
        )
    return rows
