"""The toy model in transformers; runs that are killed."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import torch
import transformers

import ufm.llm
from tests.data.make_toy import HERE


def test_transformers_reads_the_folder_and_gives_the_same_logits():
    theirs, report = transformers.AutoModelForCausalLM.from_pretrained(
        HERE, output_loading_info=True
    )
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    their_names = transformers.AutoTokenizer.from_pretrained(HERE)
    ours, names = ufm.llm.load(HERE), ufm.llm.load_tokenizer(HERE)
    text = (HERE / "heldout.txt").read_text()
    tokens = names.encode(text)
    assert their_names(text)["input_ids"] == tokens
    assert their_names.decode(tokens) == names.decode(tokens) == text
    assert their_names.eos_token_id == their_names.bos_token_id == 0
    windows = np.array(tokens[: 32 * 20]).reshape(20, 32)
    with torch.no_grad():
        want = theirs(torch.as_tensor(windows)).logits.numpy()
    found = np.asarray(ours.all_logits(windows))
    # float32 sums of a few hundred terms; logits reach 20
    assert abs(found - want).max() <= 5e-6 * max(1.0, abs(want).max())
    assert abs(want).max() > 5


def written_at(path):
    """When the file was last written; None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None


def test_a_run_killed_while_it_trains_leaves_what_it_goes_on_from_and_nothing_else(tmp_path):
    random.seed(0)
    kept = tmp_path / "out.training.safetensors"
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    sizes = ["--dimension", "16", "--heads", "2", "--vocabulary", "320", "--steps", "1000000"]
    # started by a shell's background job, a process is born deaf to Ctrl-C: give it its ears
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{hear}; from ufm.app.main import main; main()"
    command = [sys.executable, "-c", program, "toy", "out", *sizes]
    for sent, status in [(signal.SIGKILL, -9), (signal.SIGINT, 130)]:
        running = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        before = written_at(kept)
        while running.poll() is None and written_at(kept) == before:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
        assert running.poll() is None, running.stderr.read()
        running.send_signal(sent)
        _, complaint = running.communicate(timeout=120)
        assert running.returncode == status
        assert "Traceback" not in complaint
        assert list(tmp_path.iterdir()) == [kept]
