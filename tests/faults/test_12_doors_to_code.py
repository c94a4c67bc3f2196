"""Fault 12: every door of a task to Python stays shut without --trust-code: nothing is imported or run."""

import sys
from pathlib import Path

import pytest
from bad_files import GOOD, TASK, command, refusal, write_task

TRAP = "from pathlib import Path\nPath('ran').touch()\nTASKS_TABLE = []\ndef best(case): ...\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with modules that leave a file behind when they are run; Python would find them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("trap_module.py").write_text(TRAP)
    Path("trap_metric").mkdir()
    Path("trap_metric/trap_metric.py").write_text(TRAP)
    yield
    assert not Path("ran").exists()
    assert not [name for name in sys.modules if name.startswith("trap_")]


@pytest.mark.parametrize(
    ("scorer", "words"),
    [
        ("trap_module:best", "would run code from outside; say --trust-code"),
        ("trap_module:best: {}", "would run code from outside"),
        ("exact: {as: x}\n  - trap_module:best: {as: y}", "would run code from outside"),
        ("evaluate: {path: ./trap_metric}", "would run code from outside"),
        ("runs_tests", "runs code that models write, without a sandbox; say --trust-code"),
        ("os:system", "would run code from outside"),
        ("trap_module.best", "unknown scorer"),
    ],
)
def test_a_scorer_of_a_task(scorer, words):
    task = write_task(Path("t"), GOOD.encode(), task=(TASK % "samples.jsonl").replace("- exact", f"- {scorer}"))

    message = refusal("tasks", task)

    assert any(one in message for one in words.split("|")), message


def test_a_metric_of_a_custom_file_of_lighteval_that_nobody_loaded():
    scorer = "lighteval: {task: trap_module.py, metric: m}"

    command(
        "tasks", write_task(Path("t"), GOOD.encode(), task=(TASK % "samples.jsonl").replace("- exact", f"- {scorer}"))
    )


@pytest.mark.parametrize("reference", ["trap_module.py", "trap_module.py:x", "./trap_module.py|3"])
def test_a_custom_file_of_lighteval(reference):
    assert "a custom file is code; say --trust-code if you trust it" in refusal("tasks", f"lighteval:{reference}")


@pytest.mark.parametrize(
    "lines",
    [
        "process_docs: !function trap_module.best",
        "doc_to_text: !function trap_module.best",
        "class: !function trap_module.best",
        "metric_list: [{metric: !function trap_module.best}]",
        "filter_list: [{name: x, filter: [{function: custom, filter_fn: !function trap_module.best}]}]",
        "fewshot_config: {samples: !function trap_module.best}",
        "dataset_kwargs: {data_files: !function trap_module.best}",
        "x: !!python/object/apply:trap_module.best []",
        "x: !!python/name:trap_module.best",
        "metric_list: [{metric: ./trap_metric, hf_evaluate: true}]",
    ],
)
def test_a_file_of_lm_eval(lines):
    key = lines.partition(":")[0]
    base = {
        "task": "mine",
        "dataset_path": "nobody/x",
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": '"{{question}}"',
        "doc_to_target": '"{{answer}}"',
        "metric_list": "[{metric: exact_match}]",
    }
    base.pop(key, None)
    Path("x.yaml").write_text("".join(f"{name}: {value}\n" for name, value in base.items()) + lines + "\n")

    refusal("tasks", "lm_eval:x.yaml")


def test_a_data_set_with_a_script():
    folder = write_task(Path("t"), GOOD.encode(), task=(TASK % "x").replace("samples: x", "dataset: {path: trap_data}"))
    (folder / "trap_data").mkdir()
    (folder / "trap_data" / "trap_data.py").write_text(TRAP)

    assert "Dataset scripts are no longer supported" in refusal("tasks", folder)
