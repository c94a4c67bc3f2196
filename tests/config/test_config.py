"""chateval.yaml and options -> Suite, with every mistake found at its line."""

from pathlib import Path

import pytest

from chateval.config import Suite, fit_engine, parse_checkpoint, read_suite, with_options
from chateval.errors import ConfigError, DataError
from chateval.records import CheckpointSpec, EngineSpec, Rule

EMPTY = Suite(checkpoints=(), tasks=(), baseline="")


@pytest.fixture
def suite_file(tmp_path):
    def write(text):
        path = tmp_path / "chateval.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


# read_suite


def test_a_suite_is_read_whole(suite_file, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "lora").mkdir()
    (tmp_path / "mine.jinja").write_text("x")
    path = suite_file("""
checkpoints:
  base: {path: model, completion: true, dtype: bfloat16}
  hub: {path: owner/name, revision: abc, template: chatml}
  lora: {adapter: lora, base: base, template: mine.jinja}
  other: {adapter: ./lora, base: ./model}
tasks: [arithmetic, ./mine]
baseline: hub
limit: 20
system: fold_into_user
overflow: drop_oldest_turns
gate:
  - {task: arithmetic, scorer: number, min_value: 0.5, min_samples: 3}
  - {scorer: "*", max_drop: 0.02, on_inconclusive: warn, checkpoint: lora}
  - {template: error}
""")

    suite = read_suite(path)

    assert suite == Suite(
        checkpoints=(
            CheckpointSpec("base", str(tmp_path / "model"), completion=True, dtype="bfloat16"),
            CheckpointSpec("hub", "owner/name", revision="abc", template="chatml"),
            CheckpointSpec("lora", str(tmp_path / "lora"), base="base", template=str(tmp_path / "mine.jinja")),
            CheckpointSpec("other", str(tmp_path / "lora"), base=str(tmp_path / "model")),
        ),
        tasks=("arithmetic", "./mine"),
        baseline="hub",
        gate=(
            Rule(task="arithmetic", scorer="number", min_value=0.5, min_samples=3),
            Rule(scorer="*", max_drop=0.02, on_inconclusive="warn", checkpoint="lora"),
            Rule(template="error"),
        ),
        limit=20,
        system="fold_into_user",
        overflow="drop_oldest_turns",
        folder=tmp_path,
    )


def test_the_first_checkpoint_is_the_baseline_where_none_is_named(suite_file):
    assert read_suite(suite_file("checkpoints: {b: {path: x}, a: {path: y}}")).baseline == "b"


def test_an_empty_suite_is_left_to_the_options(suite_file, tmp_path):
    assert read_suite(suite_file("")) == Suite(checkpoints=(), tasks=(), baseline="", folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("tasks: []\noverfow: x\n", 2, "unknown key 'overfow'; allowed: checkpoints, helpers, tasks, baseline, gate"),
        (
            "checkpoints:\n  base:\n    pth: x\n",
            3,
            "unknown key 'pth'; allowed: path, adapter, base, revision, template, completion, dtype",
        ),
        ("checkpoints:\n  a: {}\n", 2, "checkpoints.a: a checkpoint has either path or adapter"),
        ("checkpoints:\n  a: {path: x, adapter: y}\n", 2, "checkpoints.a: a checkpoint has either path or adapter"),
        ("checkpoints:\n  a:\n    path: ''\n", 3, "checkpoints.a.path: string should have at least 1 character"),
        (
            "checkpoints:\n  a:\n    path: x\n    dtype: int8\n",
            4,
            "checkpoints.a.dtype: input should be 'auto', 'float32', 'bfloat16' or 'float16'; found 'int8'",
        ),
        ("checkpoints:\n  a: ./x\n", 2, "checkpoints.a: must be a mapping with keys of path, adapter"),
        ("checkpoints: [a]\n", 1, "checkpoints: input should be a valid dictionary; found ['a']"),
        ("tasks: arithmetic\n", 1, "tasks: input should be a valid list; found 'arithmetic'"),
        ("tasks:\n  - a\n  - 5\n", 3, "tasks[1]: input should be a valid string; found 5"),
        ("limit: 0\n", 1, "limit: input should be greater than or equal to 1; found 0"),
        ("limit: '3'\n", 1, "limit: input should be a valid integer; found '3'"),
        ("system: fold\n", 1, "system: input should be 'error', 'fold_into_user' or 'drop'; found 'fold'"),
        ("overflow: cut\n", 1, "overflow: input should be 'error', 'drop_oldest_turns' or 'truncate_middle'; found 'c"),
        ("checkpoints: {a: {path: x}}\nbaseline: b\n", 2, "no checkpoint 'b' here; there are: a"),
        ("baseline: b\n", 1, "no checkpoint 'b' here; there are: none"),
        (
            "gate:\n  - {scorer: number}\n",
            2,
            "gate[0]: a rule has exactly one of min_value, max_drop, template",
        ),
        ("gate:\n  - {scorer: n, min_value: 0.5, max_drop: 0.1}\n", 2, "gate[0]: a rule has exactly one of"),
        ("gate:\n  - {max_cost: 0}\n", 2, "gate[0].max_cost: input should be greater than 0"),
        ("gate:\n  - {max_growth: .inf}\n", 2, "gate[0].max_growth: input should be a finite number"),
        ("gate:\n  - {max_errors: 2}\n", 2, "gate[0].max_errors: input should be less than or equal to 1"),
        ("gate:\n  - {task: t, max_growth: 0.2}\n", 2, "gate[0]: max_growth speaks of a checkpoint over all tasks"),
        ("gate:\n  - {tag: t, min_speed: 10}\n", 2, "gate[0]: min_speed speaks of a checkpoint over all samples"),
        ("gate:\n  - {min_value: 0.5}\n", 2, "gate[0]: a rule with min_value or max_drop names a scorer"),
        (
            "gate:\n  - {template: warn}\n  - scorer: n\n    min_value: 50\n",
            4,
            "gate[1].min_value: input should be less than or equal to 1; found 50",
        ),
        ("gate:\n  - {scorer: n, min_value: .nan}\n", 2, "gate[0].min_value: input should be"),
        ("gate:\n  - {template: yes}\n", 2, "gate[0].template: input should be 'error' or 'warn'; found True"),
        (
            "gate:\n  - {scorer: n, min_value: 1, on_inconclusive: pass}\n",
            2,
            "gate[0].on_inconclusive: input should be 'fail' or 'warn'; found 'pass'",
        ),
        ("gate:\n  - {scorer: n, max_drop: 0.1, min_samples: 0}\n", 2, "gate[0].min_samples: input should be greater"),
        (
            "gate:\n  - scorer: n\n    max_dorp: 0.1\n",
            3,
            "unknown key 'max_dorp'; allowed: task, scorer, checkpoint, min_value, max_drop, template",
        ),
    ],
)
def test_a_fault_of_the_suite_is_named_with_its_line(suite_file, text, line, fault):
    path = suite_file(text)

    with pytest.raises(ConfigError) as caught:
        read_suite(path)

    assert str(caught.value).startswith(f"{path}:{line}: {fault}")


def test_a_suite_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.yaml: cannot be read: No such file"):
        read_suite(tmp_path / "none.yaml")


# parse_checkpoint


@pytest.mark.parametrize(
    ("text", "path", "base"),
    [
        ("it=./out", "./out", None),
        ("it=owner/name", "owner/name", None),
        ("it=./lora@base", "./lora", "base"),
        ("it=a@b@c", "a@b", "c"),
        ("it=a=b", "a=b", None),
    ],
)
def test_a_checkpoint_is_name_and_path_and_perhaps_a_base(text, path, base):
    assert parse_checkpoint(text) == CheckpointSpec("it", path, base=base)


def test_an_at_sign_in_a_path_that_exists_belongs_to_the_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("run@3").mkdir()

    assert parse_checkpoint("it=run@3") == CheckpointSpec("it", "run@3")


@pytest.mark.parametrize("text", ["./out", "it=", "", "it=@base", "it=lora@"])
def test_a_checkpoint_without_name_or_path_is_refused(text):
    with pytest.raises(ConfigError, match="say NAME=PATH, or NAME=ADAPTER@BASE"):
        parse_checkpoint(text)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", "*", "a" * 65, "a\n"])
def test_a_checkpoint_has_a_name_of_plain_letters(name):
    with pytest.raises(ConfigError, match="is not letters, digits, dot, dash or underscore"):
        parse_checkpoint(f"{name}=x")


# with_options

A, B = CheckpointSpec("a", "x"), CheckpointSpec("b", "y")
TWO = Suite(checkpoints=(A, B), tasks=("arithmetic",), baseline="b")


def test_options_fill_an_empty_suite():
    suite = with_options(EMPTY, checkpoints=[A, B], tasks=["reading"])

    assert (suite.checkpoints, suite.tasks, suite.baseline) == ((A, B), ("reading",), "a")


def test_a_checkpoint_of_the_options_replaces_its_namesake_and_others_stay():
    new = CheckpointSpec("a", "elsewhere")

    assert with_options(TWO, checkpoints=[new]).checkpoints == (new, B)


def test_tasks_of_the_options_take_the_place_of_the_suites_and_stand_once():
    assert with_options(TWO, tasks=["t", "u", "t"]).tasks == ("t", "u")


@pytest.mark.parametrize(("given", "baseline"), [(None, "b"), ("a", "a")])
def test_the_baseline_of_the_options_goes_before_the_suites(given, baseline):
    assert with_options(TWO, baseline=given).baseline == baseline


@pytest.mark.parametrize(
    ("templates", "found"),
    [
        (["chatml"], [(None, "chatml"), (None, "chatml")]),
        (["b=llama3"], [(None, None), ("llama3", None)]),
        (["chatml", "a=vicuna"], [("vicuna", "chatml"), (None, "chatml")]),
    ],
)
def test_a_template_is_for_one_checkpoint_or_for_those_without_one(templates, found):
    suite = with_options(TWO, templates=templates)

    assert [(spec.template, spec.spare_template) for spec in suite.checkpoints] == found


@pytest.mark.parametrize("completion", [True, False])
def test_completion_is_for_checkpoints_without_a_template(completion):
    specs = with_options(TWO, completion=completion).checkpoints

    assert [(spec.completion, spec.spare_completion) for spec in specs] == [(False, completion)] * 2


def test_what_follows_the_at_sign_is_a_base_if_a_checkpoint_has_that_name():
    suite = with_options(TWO, checkpoints=[parse_checkpoint("lora=owner/adapter@a")])

    assert suite.checkpoints[2] == CheckpointSpec("lora", "owner/adapter", base="a")


def test_what_follows_the_at_sign_is_a_revision_of_a_hub_id_otherwise():
    suite = with_options(TWO, checkpoints=[parse_checkpoint("hub=owner/name@v1.0")])

    assert suite.checkpoints[2] == CheckpointSpec("hub", "owner/name", revision="v1.0")


def test_a_local_folder_with_an_unknown_base_lists_the_checkpoints(tmp_path):
    with pytest.raises(ConfigError) as caught:
        with_options(TWO, checkpoints=[parse_checkpoint(f"lora={tmp_path}@bse")])

    assert str(caught.value) == "checkpoint lora: unknown base 'bse'; checkpoints of this run: a, b, lora"


@pytest.mark.parametrize(
    ("suite", "options", "fault"),
    [
        (EMPTY, {"tasks": ["t"]}, "no checkpoint: say --checkpoint NAME=PATH"),
        (EMPTY, {"checkpoints": [A]}, "no task: say --task NAME"),
        (EMPTY, {"checkpoints": [A, A], "tasks": ["t"]}, "--checkpoint a is given twice"),
        (TWO, {"baseline": "c"}, "--baseline 'c': no such checkpoint; there are: a, b"),
        (TWO, {"templates": ["c=chatml"]}, "--template 'c=chatml': no checkpoint 'c'; there are: a, b"),
    ],
)
def test_an_option_that_names_nothing_says_what_there_is(suite, options, fault):
    with pytest.raises(ConfigError) as caught:
        with_options(suite, **options)

    assert str(caught.value).startswith(fault)


# fit_engine

GPT = CheckpointSpec("gpt", "https://host/v1#org/model@2")
LOCAL = CheckpointSpec("base", "./model")


def test_an_address_is_a_checkpoint_whole():
    assert parse_checkpoint("gpt=https://host/v1#org/model@2") == GPT
    assert GPT.is_endpoint
    assert not LOCAL.is_endpoint


@pytest.mark.parametrize(
    ("checkpoints", "given", "found"),
    [
        ((GPT,), EngineSpec(), "openai"),
        ((GPT,), EngineSpec("fake"), "fake"),
        ((GPT, LOCAL), EngineSpec(), "transformers"),
        ((LOCAL,), EngineSpec("openai", base_url="http://host/v1"), "openai"),
    ],
)
def test_endpoints_alone_imply_the_engine(checkpoints, given, found):
    suite = Suite(checkpoints=checkpoints, tasks=(), baseline="", engine=given)

    assert fit_engine(suite).engine.name == found


def test_a_folder_on_a_server_needs_its_address():
    suite = Suite(checkpoints=(GPT, LOCAL), tasks=(), baseline="", engine=EngineSpec("openai"))

    with pytest.raises(ConfigError, match="--engine openai: say where base is served: --base-url"):
        fit_engine(suite)
