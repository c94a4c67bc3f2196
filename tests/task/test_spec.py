"""Every fault of a task.yaml has its line, what was found and what is allowed."""

import pytest

from chateval.errors import TaskError
from chateval.task.spec import TaskSpec
from chateval.yaml_file import read_yaml, validate

WHOLE = """\
name: mine
version: 1
source: me
samples: samples.jsonl
messages:
  - {role: user, content: "{{ q }}"}
scorers:
  - exact
"""


@pytest.fixture
def read(tmp_path):
    def run(text):
        path = tmp_path / "task.yaml"
        path.write_text(text, "utf-8")
        return validate(TaskSpec, read_yaml(path), error=TaskError)

    return run


def test_what_a_task_leaves_out_has_a_default(read):
    spec = read(WHOLE)

    assert (spec.output, spec.target, spec.choices, spec.description, spec.licence) == ("generate", "", None, "", "")
    assert spec.decoding.model_dump() == {
        "max_new_tokens": 128,
        "stop": [],
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": 0,
        "repeats": 1,
    }


@pytest.mark.parametrize("key", ["name", "version", "source", "messages"])
def test_a_key_that_must_be_there_is_named(read, tmp_path, key):
    lines = WHOLE.splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{key}:"))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))

    with pytest.raises(TaskError) as caught:
        read("".join(lines[:start] + lines[end:]))

    assert str(caught.value) == f"{tmp_path / 'task.yaml'}:1: {key}: missing"


@pytest.mark.parametrize(
    ("old", "new", "line", "fault"),
    [
        (
            "version: 1",
            "version: 1\nlicense: CC0",
            3,
            "unknown key 'license'; allowed: name, version, description, source, licence, samples, dataset, output, "
            "messages, tools, target, targets, choices, choices_end_turn, tags, cluster, demos, dialogue, decoding, "
            "scorers, measures",
        ),
        ("name: mine", "name: My Task", 1, "name: string should match pattern '^[a-z0-9][a-z0-9_-]{0,63}$'; found"),
        ("name: mine", "name: ../up", 1, "name: string should match pattern"),
        ("version: 1", "version: '1'", 2, "version: input should be a valid integer; found '1'"),
        ("version: 1", "version: 0", 2, "version: input should be greater than or equal to 1; found 0"),
        ("version: 1", "version: true", 2, "version: input should be a valid integer; found True"),
        ("samples: samples.jsonl\n", "", 1, "file: a task has either samples or dataset"),
        ("source: me", "source: me\ndataset: {path: x}", 1, "file: a task has either samples or dataset"),
        ("samples: samples.jsonl", "dataset: {name: x}", 4, "dataset.path: missing"),
        (
            "samples: samples.jsonl",
            "dataset:\n  path: x\n  splt: test",
            6,
            "unknown key 'splt'; allowed: path, name, split, revision",
        ),
        ("source: me", "source: me\noutput: pick", 4, "output: input should be 'generate' or 'choose'; found 'pick'"),
        ("source: me", "source: me\noutput: choose", 1, "file: output: choose needs choices, for example choices: {"),
        ("source: me", "source: me\nchoices: {feild: x}", 4, "unknown key 'feild'; allowed: field, expression"),
        ("source: me", "source: me\nchoices: [a, 5]", 4, "choices[1]: input should be a valid string; found 5"),
        ('  - {role: user, content: "{{ q }}"}', "  []", 5, "messages: list should have at least 1 item"),
        ('content: "{{ q }}"', "name: x", 6, "unknown key 'name'; allowed: role, content, field"),
        ('content: "{{ q }}"', "field: q", 6, "messages[0]: a message has either role and content, or field"),
        ("role: user", "field: q", 6, "messages[0]: a message has either role and content, or field"),
        ("role: user, ", "", 6, "messages[0]: a message has either role and content, or field"),
        (
            "role: user",
            "role: bot",
            6,
            "messages[0]: role 'bot' is not one of system, user, assistant, tool, developer",
        ),
        ("scorers:\n  - exact", "scorers: []", 1, "file: a task has scorers, measures or both"),
        ("  - exact", "  - exact\n  - exact", 7, "scorers: scorer 'exact' stands twice"),
        ("  - exact", "  - exact\n  - exact: {}", 7, "scorers: scorer 'exact' stands twice"),
        ("  - exact", "  - {exact: {}, number: {}}", 7, "scorers: a scorer is a name or one `name: {options}`, found"),
        ("  - exact", "  - {}", 7, "scorers: a scorer is a name or one `name: {options}`, found {}"),
        ("  - exact", "  - exact: 5", 8, "scorers[0].exact: input should be a valid dictionary; found 5"),
        ("  - exact", "  - 5", 8, "scorers[0]: input should be a valid string; found 5"),
    ],
)
def test_a_fault_is_named_with_its_line_and_what_is_allowed(read, tmp_path, old, new, line, fault):
    assert old in WHOLE

    with pytest.raises(TaskError) as caught:
        read(WHOLE.replace(old, new))

    assert str(caught.value).startswith(f"{tmp_path / 'task.yaml'}:{line}: {fault}")


@pytest.mark.parametrize(
    ("decoding", "fault"),
    [
        ("max_tokens: 5", "unknown key 'max_tokens'; allowed: max_new_tokens, stop, temperature, top_p, seed, repeats"),
        ("max_new_tokens: 0", "decoding.max_new_tokens: input should be greater than or equal to 1; found 0"),
        ("max_new_tokens: 1.5", "decoding.max_new_tokens: input should be a valid integer; found 1.5"),
        ("stop: x", "decoding.stop: input should be a valid list; found 'x'"),
        ("stop: ['']", "decoding.stop: an empty stop string would end every answer at once"),
        ("temperature: -0.1", "decoding.temperature: input should be greater than or equal to 0; found -0.1"),
        ("temperature: .nan", "decoding.temperature: input should be a finite number; found nan"),
        ("top_p: 0", "decoding.top_p: input should be greater than 0; found 0"),
        ("top_p: 1.01", "decoding.top_p: input should be less than or equal to 1; found 1.01"),
        ("seed: -1", "decoding.seed: input should be greater than or equal to 0; found -1"),
        ("repeats: 2", "decoding: repeats above 1 need a temperature above 0: greedy answers are all the same"),
    ],
)
def test_decoding_out_of_its_range_is_refused(read, tmp_path, decoding, fault):
    with pytest.raises(TaskError) as caught:
        read(WHOLE + f"decoding: {{{decoding}}}\n")

    assert str(caught.value) == f"{tmp_path / 'task.yaml'}:9: {fault}"


def test_drawn_answers_may_be_repeated(read):
    assert read(WHOLE + "decoding: {temperature: 1, repeats: 5}\n").decoding.repeats == 5
