"""Fuzz: task.yaml, its rows and its templates, whole documents spoilt and bytes mutated."""

import json

import pytest
import yaml
from bad_files import GOOD
from fuzz import bounded, mutated, one_line_or_fine, spoilt
from hypothesis import given
from hypothesis import strategies as st

from chateval.config import Suite
from chateval.pipeline.tasks import load_tasks
from chateval.task import bundled_tasks
from chateval.task.render import compile_text

DOCUMENT = {
    "name": "mine",
    "version": 1,
    "description": "d",
    "source": "me",
    "licence": "CC0",
    "samples": "samples.jsonl",
    "output": "choose",
    "messages": [
        {"role": "system", "content": "{{ question }}"},
        {"role": "user", "content": "{{ question | upper }}"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
    "target": "{{ answer }}",
    "targets": ["{{ answer }}", "b"],
    "choices": ["{{ answer }}", "{{ question }}"],
    "tags": ["{{ question }}"],
    "cluster": "{{ answer }}",
    "demos": {"n": 1, "samples": "samples.jsonl", "seed": 1, "layout": "turns"},
    "decoding": {"max_new_tokens": 5, "stop": ["x"], "temperature": 0.5, "top_p": 0.9, "seed": 1, "repeats": 2},
    "scorers": ["choice", {"exact": {"ignore_case": True, "as": "other"}}, {"regex": {"pattern": "a+"}}],
    "measures": [],
}
PLAIN = {key: DOCUMENT[key] for key in ("name", "version", "source", "samples", "messages", "target")} | {
    "scorers": ["exact", "clean_stop"]
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "samples.jsonl").write_text(GOOD)
    return folder


def load(folder):
    """Load the task of a folder as a run does."""
    return one_line_or_fine(lambda: load_tasks(Suite((), (str(folder),), "", limit=2))[0])


@bounded(30)
@given(data=st.data())
def test_a_task_file_with_junk_in_it(folder, data):
    document = data.draw(spoilt(data.draw(st.sampled_from([DOCUMENT, PLAIN]))))
    (folder / "task.yaml").write_bytes(json.dumps(document).encode("utf-8", "surrogatepass"))

    load(folder)


REAL = [(path / "task.yaml").read_bytes() for path in bundled_tasks().values()]


@bounded(50)
@given(data=st.data())
def test_a_task_file_with_mutated_bytes(folder, data):
    real = data.draw(st.sampled_from([*REAL, yaml.safe_dump(DOCUMENT).encode(), yaml.safe_dump(PLAIN).encode()]))
    (folder / "task.yaml").write_bytes(data.draw(mutated(real)))

    load(folder)


ROWS = [json.loads(line) for line in GOOD.splitlines()]


@bounded(66)
@given(data=st.data())
def test_rows_with_junk_in_them(folder, data):
    (folder / "task.yaml").write_text(json.dumps(PLAIN))
    rows = data.draw(spoilt(ROWS))
    lines = rows if isinstance(rows, list) else [rows]
    (folder / "samples.jsonl").write_bytes("\n".join(map(json.dumps, lines)).encode())

    found = load(folder)

    (folder / "samples.jsonl").write_text(GOOD)
    assert found is None or len(found[0].samples) == min(2, len(lines))


PIECES = [
    *(
        "{{",
        "}}",
        "{%",
        "%}",
        " for x in a ",
        " endfor ",
        " if a ",
        " endif ",
        " else ",
        " set a = ",
        "a",
        "b.c",
        "[0]",
    ),
    *("|", "join", "tojson", "(", ")", " ~ ", " + ", " * ", "'x'", "9", " macro f() ", " endmacro ", "f()", "{#", "-"),
]


@bounded(83)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_template_of_pieces_of_jinja(source):
    one_line_or_fine(lambda: compile_text(source, where="x:1: target")({"a": ["p", "q"], "b": {"c": 1}}, "y:1"))
