"""Rows -> what each tool reads: a chateval task folder, an lm-eval YAML, a folder of JSONL for lighteval."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.questions import Row


@dataclass(frozen=True, slots=True)
class Material:
    """One set of rows on disk, in the shapes of all tools."""

    name: str
    folder: Path
    rows: tuple[Row, ...]
    cap: int
    """Most new tokens of an answer; 0 where something is chosen."""

    @property
    def kind(self) -> str:
        """`choose` or `generate`."""
        return "choose" if self.cap == 0 else "generate"


def write_material(name: str, rows: Sequence[Row], folder: Path, *, cap: int, scorers: Sequence[str]) -> Material:
    """Write the rows for every tool.

    Args:
        name: Of the task, the same in all tools.
        rows: Each with its own prompt, so that no tool answers two at once.
        folder: Of this set of rows.
        cap: Most new tokens of an answer; 0 where something is chosen.
        scorers: What chateval scores with.
    """
    material = Material(name, folder, tuple(rows), cap)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    for place in (folder / "chateval" / "samples.jsonl", folder / "rows" / "test.jsonl"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(lines, "utf-8")
    _write_yaml(folder / "chateval" / "task.yaml", _chateval(material, scorers))
    _write_yaml(folder / "lm_eval" / f"{name}.yaml", _lm_eval(material))
    return material


def _chateval(material: Material, scorers: Sequence[str]) -> dict[str, object]:
    task: dict[str, object] = {
        "name": material.name,
        "version": 1,
        "source": "written for the benchmarks of chateval (benchmarks/questions.py)",
        "licence": "CC0-1.0",
        "samples": "samples.jsonl",
        "output": material.kind,
        "messages": [{"role": "user", "content": "{{ prompt }}"}],
        "target": "{{ answer }}",
        "scorers": list(scorers),
    }
    if material.kind == "choose":
        return task | {"choices": {"field": "choices"}}
    return task | {"decoding": {"max_new_tokens": material.cap}}


def _lm_eval(material: Material) -> dict[str, object]:
    task: dict[str, object] = {
        "task": material.name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(material.folder / "rows" / "test.jsonl")}},
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
        "num_fewshot": 0,
        "metadata": {"version": 1},
    }
    if material.kind == "choose":
        return task | {
            "output_type": "multiple_choice",
            "doc_to_choice": "choices",
            "doc_to_target": "index",
            "target_delimiter": "",
            "metric_list": [{"metric": "acc"}],
        }
    return task | {
        "output_type": "generate_until",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": [], "max_gen_toks": material.cap, "do_sample": False},
        "metric_list": [{"metric": "exact_match"}],
    }


def _write_yaml(path: Path, content: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")
