"""Fault 15: a model folder brings Python, and asks for it to be run."""

import ast
import shutil
import sys
from pathlib import Path

import pytest
from hostile_models import FAKE, copy, refusal, refused_run, run

import chateval

AUTO_MAP = {"AutoModelForCausalLM": "modeling_evil.Model", "AutoTokenizer": ["modeling_evil.Tokenizer", None]}


@pytest.fixture
def evil(tiny_chat, tmp_path):
    """Copy a model with entries put into one of its files, and Python that says when it is imported."""

    def make(file=None, entries=None, folder=tiny_chat):
        place = copy(folder, tmp_path / "evil", **({file: entries} if file else {}))
        for name in ("modeling_evil.py", "custom_generate/generate.py"):
            path = place / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n")
        if file:
            shutil.rmtree(place / "custom_generate")
        return place

    yield make
    assert not (tmp_path / "imported").exists()
    assert not any("evil" in name for name in sys.modules)


@pytest.mark.parametrize(
    "file", ["config", "tokenizer_config", "processor_config", "preprocessor_config", "generation_config"]
)
@pytest.mark.parametrize("trust", [(), ("--trust-code",)], ids=["no trust", "--trust-code"])
def test_auto_map_is_refused_whatever_is_trusted(evil, tmp_path, file, trust):
    folder = evil(file, {"auto_map": AUTO_MAP})

    line = refusal(*FAKE, *trust, "--out", tmp_path / "run", "--checkpoint", f"it={folder}")

    assert line.startswith(f"{folder / file}.json: auto_map wants to run ")
    assert "modeling_evil.Model" in line
    assert "code of a checkpoint is never run" in line


def test_auto_map_deep_in_a_config_is_found(evil, tmp_path):
    folder = evil("config", {"text_config": {"sub": [{"auto_map": AUTO_MAP}]}})

    assert "auto_map wants to run" in refused_run(tmp_path / "run", f"it={folder}")


def test_an_adapter_that_asks_for_code_is_refused(evil, tiny_chat, tiny_loras, tmp_path):
    folder = evil("adapter_config", {"auto_map": AUTO_MAP}, tiny_loras[0])

    assert "auto_map wants to run" in refused_run(tmp_path / "run", f"it={folder}@{tiny_chat}")


@pytest.mark.parametrize("library", ["modeling_evil", "os", ["x"]])
def test_an_adapter_whose_auto_mapping_names_another_library_is_refused(evil, tiny_chat, tiny_loras, tmp_path, library):
    folder = evil("adapter_config", {"auto_mapping": {"parent_library": library}}, tiny_loras[0])

    assert "auto_mapping wants to import" in refused_run(tmp_path / "run", f"it={folder}@{tiny_chat}")


def test_the_class_of_the_base_in_auto_mapping_is_what_peft_writes(tiny_chat, tiny_loras, tmp_path):
    library = {"base_model_class": "LlamaForCausalLM", "parent_library": "transformers.models.llama.modeling_llama"}
    folder = copy(tiny_loras[0], tmp_path / "lora", adapter_config={"auto_mapping": library})

    assert run(*FAKE, "--checkpoint", f"it={folder}@{tiny_chat}", "--out", tmp_path / "run").exit_code == 0


def test_custom_generate_is_refused(evil, tmp_path):
    folder = evil()

    assert refused_run(tmp_path / "run", f"it={folder}") == (
        f"{folder / 'custom_generate/generate.py'}: code of a checkpoint is never run; remove custom_generate"
    )


def test_python_that_nothing_asks_for_is_not_imported(evil, tmp_path):
    folder = evil("config", {})
    command = ["transformers" if word == "fake" else word for word in FAKE]

    assert run(*command, "--checkpoint", f"it={folder}", "--out", tmp_path / "run").exit_code == 0


@pytest.mark.parametrize("file", ["config", "tokenizer_config"])
def test_a_template_check_of_such_a_folder_runs_nothing_either(evil, file):
    folder = evil(file, {"auto_map": AUTO_MAP, "model_type": "evil", "tokenizer_class": "EvilTokenizer"})

    found = run("template", "check", folder)

    assert found.exit_code in (0, 1, 2)
    assert isinstance(found.exception, SystemExit | chateval.errors.ChatevalError | None)


def _loads(tree):
    """Yield the calls of `from_pretrained` and the words that they are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "from_pretrained":
            yield ast.unparse(node.func.value), {word.arg: word.value for word in node.keywords}, ast.unparse(node)


def test_every_load_of_a_model_or_tokenizer_refuses_remote_code_in_so_many_words():
    found = []
    for path in Path(chateval.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        found += [(path, text, *load) for load in _loads(ast.parse(text))]

    assert len(found) >= 4
    for path, text, owner, words, call in found:
        if owner == "PeftModel":
            continue  # it takes no such word; what it could import is refused by its config
        value = words.get("trust_remote_code")
        is_named = isinstance(value, ast.Constant) and value.value is False
        assert is_named or ("**options" in call and '"trust_remote_code": False' in text), f"{path}: {call}"
