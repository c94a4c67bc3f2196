"""A task folder -> Task: faults with their place, sample ids by content, digests of what decides."""

import json

import pytest
import yaml

from chateval.errors import DataError, TaskError
from chateval.records import Decoding, ScorerSpec
from chateval.task import bundled_tasks, load_task

TASK = {
    "name": "mine",
    "version": 1,
    "source": "me",
    "samples": "samples.jsonl",
    "messages": [{"role": "user", "content": "{{ question }}"}],
    "target": "{{ answer }}",
    "scorers": ["exact"],
}
ROWS = [{"question": "1+1?", "answer": "2"}, {"question": "2+2?", "answer": "4"}, {"question": "3+3?", "answer": "6"}]
SCHEMA = {"json_schema": {"schema": "schema.json"}}


def check(spec):
    name = spec.called
    if name not in ("exact", "number", "json_schema", "bleu"):
        raise TaskError(f"unknown scorer {name!r}; known: exact, json_schema, number")


def write(folder, task=None, rows=ROWS):
    folder.mkdir(exist_ok=True)
    spec = {key: value for key, value in {**TASK, **(task or {})}.items() if value is not None}
    (folder / "task.yaml").write_text(yaml.safe_dump(spec, sort_keys=False, default_flow_style=None), "utf-8")
    text = rows if isinstance(rows, str) else "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "samples.jsonl").write_text(text, "utf-8")
    return folder


@pytest.fixture
def load(tmp_path):
    """Write a task to a folder and load it."""

    def run(task=None, rows=ROWS, *, name="mine", files=None):
        folder = write(tmp_path / name, task, rows)
        for file, content in (files or {}).items():
            (folder / file).write_text(content, "utf-8")
        return load_task(str(folder), check=check)

    return run


def line_of(folder, key):
    lines = (folder / "task.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.startswith(f"{key}:"))


def test_a_task_is_loaded_whole(load, tmp_path):
    task = load(
        {
            "description": "sums",
            "licence": "CC0-1.0",
            "decoding": {"max_new_tokens": 8, "stop": ["\n"]},
            "scorers": [{"number": {"tolerance": 0.5}}, "exact", {"json_schema": None}],
        },
        [{"question": "1+1?", "answer": "2", "cluster": "sums", "tags": ["easy", "one"]}],
    )

    [sample] = task.samples
    assert (task.name, task.version, task.description, task.source) == ("mine", 1, "sums", "me")
    assert (task.licence, task.output, task.path) == ("CC0-1.0", "generate", str(tmp_path / "mine" / "task.yaml"))
    assert task.decoding == Decoding(max_new_tokens=8, stop=("\n",))
    assert task.scorers == (ScorerSpec("number", {"tolerance": 0.5}), ScorerSpec("exact"), ScorerSpec("json_schema"))
    assert (sample.messages, sample.target) == (({"role": "user", "content": "1+1?"},), "2")
    assert (sample.choices, sample.cluster, sample.tags) == ((), "sums", ("easy", "one"))


# Where a task is


def test_a_task_is_found_by_folder_by_file_and_by_bundled_name(tmp_path):
    folder = write(tmp_path / "mine")

    found = [
        load_task(str(folder), check=check),
        load_task(str(folder / "task.yaml"), check=check),
        load_task("mine", check=check, relative_to=tmp_path),
    ]

    assert [task.digest for task in found] == [found[0].digest] * 3
    assert load_task("arithmetic", check=check).path == str(bundled_tasks()["arithmetic"] / "task.yaml")


@pytest.mark.parametrize("reference", ["arithmetik", "./nowhere", "", "."])
def test_a_task_that_is_not_there_lists_the_bundled_ones(tmp_path, reference):
    with pytest.raises(TaskError) as caught:
        load_task(reference, check=check, relative_to=tmp_path)

    assert str(caught.value).startswith(
        f"no task {reference!r}: neither a folder with a task.yaml nor one of the bundled"
    )
    assert str(caught.value).endswith("world_facts_letter, xstest")


# Scorers and the files they name


def test_an_unknown_scorer_is_named_with_its_line_and_the_known_ones(tmp_path):
    folder = write(tmp_path / "mine")
    (folder / "task.yaml").write_text((folder / "task.yaml").read_text().replace("[exact]", "\n  - exact\n  - exakt"))

    with pytest.raises(TaskError) as caught:
        load_task(str(folder), check=check)

    line = line_of(folder, "scorers") + 2
    assert str(caught.value) == (
        f"{folder / 'task.yaml'}:{line}: scorers[1]: unknown scorer 'exakt'; known: exact, json_schema, number"
    )


def test_a_schema_is_read_from_the_file_beside_the_task(load):
    task = load({"scorers": [SCHEMA]}, files={"schema.json": '{"type": "object"}'})

    assert task.scorers == (ScorerSpec("json_schema", {"schema": {"type": "object"}}),)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("../secret.json", "'../secret.json' lies outside the task's folder"),
        ("none.json", "no file 'none.json' beside"),
    ],
)
def test_a_schema_outside_the_folder_or_absent_is_refused_with_its_line(load, tmp_path, name, fault):
    (tmp_path / "secret.json").write_text("{}")

    with pytest.raises(TaskError) as caught:
        load({"scorers": [{"json_schema": {"schema": name}}]})

    line = line_of(tmp_path / "mine", "scorers")
    assert str(caught.value).startswith(f"{tmp_path / 'mine' / 'task.yaml'}:{line + 1}: scorers[0]: {fault}")


def test_a_schema_that_links_out_of_the_folder_is_refused(load, tmp_path):
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "schema.json").symlink_to(tmp_path / "secret.json")

    with pytest.raises(TaskError, match=r"'schema\.json' lies outside the task's folder"):
        load({"scorers": [SCHEMA]})


def test_a_schema_that_is_not_json_is_named(load, tmp_path):
    with pytest.raises(DataError) as caught:
        load({"scorers": [SCHEMA]}, files={"schema.json": "{type: object}"})

    assert str(caught.value).startswith(f"{tmp_path / 'mine' / 'schema.json'}: not valid JSON")


# Samples


@pytest.mark.parametrize(
    ("name", "fault"),
    [("../out.jsonl", "'../out.jsonl' lies outside the task's folder"), ("none.jsonl", "no file 'none.jsonl' beside")],
)
def test_a_samples_file_outside_the_folder_or_absent_is_refused_with_its_line(load, tmp_path, name, fault):
    (tmp_path / "out.jsonl").write_text('{"question": "q", "answer": "a"}\n')

    with pytest.raises(TaskError) as caught:
        load({"samples": name})

    assert str(caught.value).startswith(f"{tmp_path / 'mine' / 'task.yaml'}:4: samples: {fault}")


@pytest.mark.parametrize("rows", ["", "\n\n"])
def test_a_task_without_samples_is_refused(load, tmp_path, rows):
    with pytest.raises(DataError) as caught:
        load(rows=rows)

    assert str(caught.value) == f"{tmp_path / 'mine' / 'samples.jsonl'}: no samples; a task needs at least one"


GOOD = '{"question": "q", "answer": "a"}\n'


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('{"question": "q", "answer": "a"', "not valid JSON"),
        ('{"question": "q", "answer": "a", "question": "r"}', "not valid JSON: key 'question' stands twice"),
        ('{"question": "r", "answer": 1e999}', "not valid JSON: 1e999 is too large for a number"),
        ('{"question": "\\ud83d", "answer": "a"}', "half a surrogate pair stands alone"),
        ('{"question": "r"}', "target: 'answer' is undefined; the row has: question"),
        ('{"answer": "r"}', "messages[0].content: 'question' is undefined; the row has: answer"),
        ('{"question": "r", "answer": "a", "tags": "x"}', 'tags must be a list of texts, found "x"'),
        ('{"question": "r", "answer": "a", "tags": [1]}', "tags must be a list of texts, found [1]"),
        ('{"question": "r", "answer": "a", "cluster": 5}', "cluster must be text, found 5"),
    ],
)
def test_a_bad_row_is_named_by_its_line(load, tmp_path, row, fault):
    with pytest.raises(DataError) as caught:
        load(rows=GOOD + row + "\n")

    assert str(caught.value).startswith(f"{tmp_path / 'mine' / 'samples.jsonl'}:2: {fault}")


@pytest.mark.parametrize("twin", ['{"question": "q", "answer": "a"}', '{ "answer":"a", "question":"\\u0071" }'])
def test_equal_rows_are_refused_however_they_are_written(load, tmp_path, twin):
    path = tmp_path / "mine" / "samples.jsonl"

    with pytest.raises(DataError) as caught:
        load(rows=GOOD + '{"question": "r", "answer": "a"}\n' + twin)

    assert str(caught.value) == f"{path}:3: the same row stands at {path}:1; every sample must differ"


def test_a_target_that_is_none_of_the_choices_is_refused(load, tmp_path):
    row = {"question": "q", "answer": "c", "choices": ["a", "b"]}

    with pytest.raises(DataError) as caught:
        load({"output": "choose", "choices": {"field": "choices"}}, [row])

    path = tmp_path / "mine" / "samples.jsonl"
    assert str(caught.value) == f"{path}:1: target 'c' is none of the choices ['a', 'b']"


def test_bad_jinja_is_found_in_a_task_and_named_with_its_line(load, tmp_path):
    with pytest.raises(TaskError) as caught:
        load({"target": "{{ answer"})

    path = tmp_path / "mine" / "task.yaml"
    assert str(caught.value).startswith(f"{path}:{line_of(tmp_path / 'mine', 'target')}: target: not valid Jinja")


def test_csv_samples_are_those_of_the_same_rows_in_json(load):
    from_json = load()

    from_csv = load({"samples": "s.csv"}, files={"s.csv": "question,answer\n1+1?,2\n2+2?,4\n3+3?,6\n"})

    assert from_csv.samples == from_json.samples


def test_parquet_samples_are_those_of_the_same_rows_in_json(load, tmp_path):
    import pyarrow
    from pyarrow import parquet

    from_json = load()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "mine" / "s.parquet")

    assert load({"samples": "s.parquet"}).samples == from_json.samples


def test_parquet_with_dates_is_refused_by_row(load, tmp_path):
    import datetime

    import pyarrow
    from pyarrow import parquet

    write(tmp_path / "mine")
    day = datetime.datetime(2024, 1, 2)
    parquet.write_table(pyarrow.table({"question": ["q"], "answer": [day]}), tmp_path / "mine" / "s.parquet")

    with pytest.raises(DataError, match=r"s\.parquet\[0\]: not plain data: .* is not JSON serializable"):
        load({"samples": "s.parquet"})


def test_samples_of_a_local_data_set_are_those_of_the_same_rows_in_json(load, tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    from_json = load()
    data = tmp_path / "mine" / "data"
    data.mkdir()
    (data / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    assert load({"samples": None, "dataset": {"path": "data"}}).samples == from_json.samples


# Ids and digests


def ids(task):
    return {sample.inputs["question"]: sample.id for sample in task.samples}


def test_a_sample_id_is_the_start_of_the_sha256_of_its_canonical_json(load):
    # printf '{"answer":"2","question":"1+1?"}' | sha256sum
    assert ids(load())["1+1?"] == "7dd8f343b3bc84f9"


def test_reordered_rows_keys_and_spaces_keep_the_ids(load):
    rows = "".join(json.dumps(dict(reversed(row.items())), indent=None) + " \n\n" for row in reversed(ROWS))

    assert ids(load(rows=rows)) == ids(load())


def test_an_edited_row_changes_its_id_and_no_other(load):
    edited = [{**ROWS[0], "answer": "two"}, *ROWS[1:]]

    before, after = ids(load()), ids(load(rows=edited))

    assert [question for question in before if before[question] != after[question]] == ["1+1?"]


def test_a_change_of_the_prompt_keeps_the_ids(load):
    assert ids(load({"messages": [{"role": "user", "content": "Q: {{ question }}"}]})) == ids(load())


CHOOSE = {"output": "choose", "choices": ["2", "4", "6"]}
DIGESTS = [
    ("prompt", {"messages": [{"role": "user", "content": "Q: {{ question }}"}]}, True),
    ("role", {"messages": [{"role": "system", "content": "{{ question }}"}]}, True),
    ("decoding", {"decoding": {"max_new_tokens": 5}}, True),
    ("output", CHOOSE, True),
    ("target", {"target": "{{ answer }}."}, False),
    ("version", {"version": 2}, False),
    ("scorer", {"scorers": ["number"]}, False),
    ("scorer options", {"scorers": [{"exact": {"ignore_case": True}}]}, False),
    ("one more scorer", {"scorers": ["exact", "number"]}, False),
    ("choices that only a scorer reads", {"choices": ["2", "4"]}, False),
]


@pytest.mark.parametrize(("task", "answers_change"), [row[1:] for row in DIGESTS], ids=[row[0] for row in DIGESTS])
def test_the_digest_changes_with_what_decides_a_score_and_the_prompt_digest_with_what_decides_an_answer(
    load, task, answers_change
):
    before, after = load(), load(task)

    assert after.digest != before.digest
    assert (after.prompt_digest != before.prompt_digest) is answers_change


def test_the_choices_of_a_task_that_chooses_decide_the_answers(load):
    before, after = load(CHOOSE), load({**CHOOSE, "choices": ["2", "4", "6", "8"]})

    assert after.prompt_digest != before.prompt_digest


@pytest.mark.parametrize(
    "task",
    [{"description": "other words"}, {"licence": "MIT"}, {"source": "them"}, {"decoding": {"max_new_tokens": 128}}],
    ids=["description", "licence", "source", "a default written out"],
)
def test_the_digest_does_not_change_with_what_decides_nothing(load, task):
    assert load(task).digest == load().digest


def test_the_digest_does_not_change_with_the_folder_or_the_samples(load):
    first = load()

    moved, other = load(name="elsewhere"), load(rows=ROWS[:1])

    assert (moved.digest, moved.samples) == (first.digest, first.samples)
    assert other.digest == first.digest


def test_the_digest_changes_with_the_content_of_a_schema_file_and_not_with_its_spelling(load):
    def with_schema(text):
        return load({"scorers": [SCHEMA]}, files={"schema.json": text}).digest

    first = with_schema('{"type": "object", "minProperties": 1}')

    assert with_schema('{\n "minProperties": 1, "type": "object" }') == first
    assert with_schema('{"type": "object", "minProperties": 2}') != first
