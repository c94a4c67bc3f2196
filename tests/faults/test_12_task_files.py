"""Fault 12: task files of strangers: YAML that surprises, templates that run away, paths that lead outside."""

import json
import time
from pathlib import Path

import pytest
from bad_files import GOOD, TASK, command, one_line, refusal, write_task

from chateval import build_task
from chateval.errors import ChatevalError
from chateval.integrations.lm_eval_yaml import load_lm_eval_task
from chateval.task.jinja.process import PROCESS

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    """A third of a second is enough for a template that never ends."""
    PROCESS.close()
    monkeypatch.setattr("chateval.task.jinja.process.CPU_SECONDS", 0.3)
    yield
    PROCESS.close()


def changed(tmp_path, old, new):
    """Write a task whose file says something else."""
    text = TASK % "samples.jsonl"
    assert old in text
    return write_task(tmp_path / "t", GOOD.encode(), task=text.replace(old, new))


# YAML


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("version: 1", "version: 012", 2, "012 is a number in another notation to YAML; put it in quotes"),
        ("version: 1", "version: 0x1F", 2, "0x1F is a number in another notation"),
        ("version: 1", "version: 1_000", 2, "1_000 is a number in another notation"),
        ("version: 1", "version: 1:30", 2, "1:30 is a number in another notation"),
        ("version: 1", "version: 1e3", 2, "version: input should be a valid integer; found '1e3'"),
        ("version: 1", "version: 1.0", 2, "version: input should be a valid integer; found 1.0"),
        ("version: 1", "version: yes", 2, "version: input should be a valid integer; found True"),
        ("version: 1", f"version: {'9' * 5000}", 2, "is a number in another notation"),
        ("name: mine", "name: no", 1, "name: input should be a valid string; found False"),
        ("name: mine", "name: on", 1, "name: input should be a valid string; found True"),
        ("name: mine", "name: ~", 1, "name: input should be a valid string; found None"),
        ("name: mine", "name: ../../x", 1, "name: string should match pattern"),
        ("name: mine", 'name: "a\\e]0;x\\a"', 1, "name: string should match pattern"),
        ("source: me", "source: 2026-01-31", 3, "2026-01-31 is a date to YAML; put it in quotes"),
        ("source: me", "source: &a [*a]", 3, "aliases (*a) are not read"),
        ("source: me", "source: !!python/name:os.system", 3, "tags ("),
        ("source: me", "source: me\nsource: you", 4, "key 'source' stands twice"),
        ("source: me", "source: " + "[" * 3_000, None, "not valid YAML"),
        (
            "source: me",
            "licence: [" + "[]," * 300_000 + "]",
            None,
            "at most 1,000,000 are read|more than 20,000 values",
        ),
        ("source: me", "source: me\nx: " + "y" * 900_000, 4, "unknown key 'x'"),
        ("source: me", f"source: me\n{'k' * 500}: 1", 4, "unknown key 'kkk"),
        ("- exact", "- exact: {ignore_case: .inf}", 8, "cannot be said in JSON"),
        ("- exact", "- exact: {1: 2, b: 3}", None, "scorers"),
        ("- exact", "- number: {tolerance: .nan}", None, "cannot be said in JSON"),
        ("scorers:", "tools: [{name: x, a: .inf}]\nscorers:", None, "cannot be said in JSON"),
        ("scorers:", "decoding: {temperature: .inf}\nscorers:", None, "finite number"),
        ("scorers:", "decoding: {temperature: 1e999}\nscorers:", None, "valid number|too large"),
    ],
)
def test_yaml_that_surprises_or_blows_up_is_one_error_with_its_line(tmp_path, old, new, line, words):
    task = changed(tmp_path, old, new)
    began = time.monotonic()

    message = refusal("tasks", task)

    assert time.monotonic() - began < 20
    assert any(one in message for one in words.split("|")), message
    assert message.startswith(f"{task / 'task.yaml'}:{'' if line is None else line}") or line is None


def test_aliases_of_aliases_in_a_file_of_lm_eval_do_not_blow_up(tmp_path):
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))
    (tmp_path / "x.yaml").write_text("l0: &l0 [x]\n" + levels)

    assert "x.yaml:2: an alias (*l0) inside of an anchor is not read" in refusal("tasks", f"lm_eval:{tmp_path}/x.yaml")


# Templates: what runs away ends at a limit, and the run with one line


RUNAWAY = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a long text": "{{ 'a' * 10**10 }}",
    "a long text, folded": "{{ ('a' * 10**5) * 10**5 }}",
    "a power": "{{ (10 ** 10 ** 3) ** 10 ** 3 ** 3 | string | length }}",
    "a width": "{{ '%9999999999d' % 1 }}",
    "a justified text": "{{ question.ljust(10**10) }}",
    "doubling": "{% set n = namespace(a='x') %}{% for i in range(99) %}{% set n.a = n.a ~ n.a %}{% endfor %}{{ n.a }}",
    "replacing": "{{ 'xxxx' | replace('', 'y' * 9999) | replace('', 'y' * 9999) | replace('', 'y') }}",
    "recursion": "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "nonsense": "{{ lipsum(n=10**7) }}",
    "long output": "{% for a in range(99999) %}{{ 'x' * 999 }}{% endfor %}",
    "nested blocks": "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "brackets": "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "internals": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__ }}",
    "format": "{{ '{0.__class__.__init__.__globals__}'.format(question) }}",
    "attribute filter": "{{ question | attr('__class__') | attr('__mro__') }}",
    "mapped attribute": "{{ [question] | map(attribute='__class__') | list }}",
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'os' as os %}{{ os }}",
}


@pytest.mark.parametrize("name", RUNAWAY)
@pytest.mark.parametrize("place", ["prompt", "expression"])
def test_a_template_that_runs_away_or_breaks_out_is_refused_in_bounded_time(tmp_path, name, place):
    source = RUNAWAY[name]
    if place == "prompt":
        said = {"messages": [{"role": "user", "content": source}], "scorers": ["exact"]}
    elif source.startswith("{{") and source.count("{{") == 1:
        expression = {"expression": f"[{source[2:-2]}, question]"}
        said = {"messages": [{"role": "user", "content": "x"}], "targets": expression, "scorers": ["exact"]}
    else:
        pytest.skip("no expression")
    task = write_task(tmp_path / "t", GOOD.encode())
    (task / "task.yaml").write_text(
        json.dumps({"name": "mine", "version": 1, "source": "me", "samples": "samples.jsonl", **said})
    )
    began = time.monotonic()

    refusal("tasks", task)

    assert time.monotonic() - began < 30


def test_a_template_after_one_that_ran_away_is_rendered(tmp_path):
    task = changed(tmp_path, "{{ question }}", RUNAWAY["loops"])
    refusal("tasks", task)
    loop = "{% for letter in question %}{{ letter }}{% endfor %}"
    (task / "task.yaml").write_text((TASK % "samples.jsonl").replace("{{ question }}", loop))

    assert command("tasks", task)[0] == 0


def test_a_table_in_python_meets_the_same_limits():
    with pytest.raises(ChatevalError, match="needs more memory than a template may take"):
        build_task(
            [{"q": "x"}],
            name="mine",
            messages=[{"role": "user", "content": "{{ lipsum(n=10**9) if false else ('a' * 10**10)[0] }}"}],
            scorers=["exact"],
        )


# Paths


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../secret.jsonl", "lies outside the task's folder"),
        ("/etc/passwd", "lies outside the task's folder"),
        ("link.jsonl", "lies outside the task's folder"),
        ("~/secret.jsonl", "no file '~/secret.jsonl' beside task.yaml"),
        ("http://127.0.0.1:9/x.jsonl", "no file"),
        ("x\\0y.jsonl", "null"),
        (".", "no file '.' beside task.yaml"),
    ],
)
@pytest.mark.parametrize("key", ["samples", "schema"])
def test_a_task_file_reads_files_of_its_own_folder_only(tmp_path, path, words, key):
    (tmp_path / "secret.jsonl").write_text('{"question": "s", "answer": "hidden"}\n')
    if key == "samples":
        task = changed(tmp_path, "samples: samples.jsonl", f'samples: "{path}"')
    else:
        task = changed(tmp_path, "- exact", f'- json_schema: {{schema: "{path}"}}')
    (task / "link.jsonl").symlink_to("../secret.jsonl")

    message = refusal("tasks", task)

    assert words in message
    assert "hidden" not in message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            "..",
            "lies outside the task's folder, where a task file reads nothing; the user may give it: --data TASK=PATH",
        ),
        ("../other", "lies outside the task's folder"),
        ("/etc", "lies outside the task's folder"),
        ("~", "cannot be loaded"),
        ("link", "lies outside the task's folder"),
        ("https://127.0.0.1:9/x", "is an address, which no task file may read"),
        ("s3://bucket/x", "is an address"),
        ("pandas", "is no data set; kinds of files that are read: csv, json"),
        ("webdataset", "is no data set"),
        ("script", "Dataset scripts are no longer supported"),
        ("card", "its README names"),
        ("card_url", "cannot be loaded|its README names"),
    ],
)
def test_a_data_set_of_a_task_file_is_of_the_hub_or_of_its_own_folder(tmp_path, path, words):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "test.jsonl").write_text('{"question": "s", "answer": "hidden"}\n')
    task = changed(tmp_path, "samples: samples.jsonl", f'dataset: {{path: "{path}"}}')
    (task / "link").symlink_to("../other")
    (task / "script").mkdir()
    (task / "script" / "script.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    for name, file in (("card", "../../other/test.jsonl"), ("card_url", "http://127.0.0.1:9/x.jsonl")):
        (task / name).mkdir()
        (task / name / "README.md").write_text(
            f"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: {file}\n---\n"
        )

    message = refusal("tasks", task)

    assert any(one in message for one in words.split("|")), message
    assert "hidden" not in message
    assert not (tmp_path / "ran").exists()


def test_the_user_may_give_the_data_from_anywhere(tmp_path):
    (tmp_path / "rows.jsonl").write_text(GOOD)
    task = changed(tmp_path, "samples: samples.jsonl", "dataset: {path: /etc}")

    assert command("tasks", task, "--data", f"mine={tmp_path / 'rows.jsonl'}")[0] == 0


LM_EVAL = """\
task: mine
dataset_path: %s
dataset_kwargs: %s
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
metric_list: [{metric: exact_match}]
"""


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("json", "{data_files: ../secret.jsonl}", "lies outside the task's folder"),
        ("json", "{data_files: {test: [/etc/passwd]}}", "lies outside the task's folder"),
        ("json", "{data_files: 'http://127.0.0.1:9/x.jsonl'}", "is an address"),
        ("json", "{data_files: 'zip://x.jsonl::http://127.0.0.1:9/x.zip'}", "is an address"),
        ("json", "{data_dir: ..}", "lies outside the task's folder"),
        ("json", "{cache_dir: /tmp/x, data_files: x.jsonl}", "option 'cache_dir' is not read"),
        ("pandas", "{data_files: evil.pkl}", "is no data set"),
        ("/etc", "{}", "lies outside the task's folder"),
    ],
)
def test_a_file_of_lm_eval_reads_no_other_folder_and_no_pickle(tmp_path, path, options, words):
    (tmp_path / "t").mkdir()
    (tmp_path / "secret.jsonl").write_text(GOOD)
    (tmp_path / "t" / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'touch ran'\ntR.")
    (tmp_path / "t" / "x.yaml").write_text(LM_EVAL % (path, options))

    assert words in refusal("tasks", f"lm_eval:{tmp_path / 't' / 'x.yaml'}")
    assert not Path("ran").exists()


def test_templates_of_lm_eval_meet_the_same_limits(tmp_path):
    (tmp_path / "x.yaml").write_text((LM_EVAL % ("x/y", "{}")).replace("{{question}}", RUNAWAY["loops"]))
    (tmp_path / "rows.jsonl").write_text(GOOD)

    with pytest.raises(Exception, match="still renders after 1 s") as caught:
        load_lm_eval_task(tmp_path / "x.yaml", data={"mine": tmp_path / "rows.jsonl"})
    one_line(str(caught.value))
