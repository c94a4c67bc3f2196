"""YAML files: plain data with the line of every value, and faults in one line."""

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, ConfigDict

from chateval.errors import ConfigError, DataError
from chateval.yaml_file import MAX_YAML_BYTES, read_yaml, validate

# read_yaml


@pytest.fixture
def yaml_file(tmp_path):
    def write(text):
        path = tmp_path / "x.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_every_key_and_element_has_its_line(yaml_file):
    path = yaml_file("a: 1\nb:\n  - x\n  - c: 2\n    d: {e: 3}\n")

    document = read_yaml(path)

    assert document.data == {"a": 1, "b": ["x", {"c": 2, "d": {"e": 3}}]}
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
        ("b", 1, "d"): 5,
        ("b", 1, "d", "e"): 5,
    }


def test_a_place_that_is_not_in_the_file_has_the_line_of_what_is_around_it(yaml_file):
    path = yaml_file("a: 1\nb:\n  - c: 2\n")

    assert read_yaml(path).where(("b", 0, "nothing", "deeper")) == f"{path}:3"


def test_an_empty_file_is_no_data(yaml_file):
    assert read_yaml(yaml_file("# nothing\n")).data is None


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' stands twice (first on line 1)"),
        ("x:\n  - a: 1\n    b: 2\n    a: 3\n", 4, "key 'a' stands twice (first on line 2)"),
        ("1: a\n'1': b\n", 2, "key '1' stands twice (first on line 1)"),
        ("a: &x [1]\nb: 2\nc: *x\n", 3, "aliases (*x) are not read"),
        (
            "a: 1\nb: !!python/object/apply:os.system [ls]\n",
            2,
            "tags (tag:yaml.org,2002:python/object/apply:os.system)",
        ),
        ("a: 1\nb: !!str 5\n", 2, "tags (tag:yaml.org,2002:str) are not read"),
        ("a: 1\nb: !mine {c: 1}\n", 2, "tags (!mine) are not read"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML: found character '\\t'"),
        ("a: 1\nb: x: y\n", 2, "not valid YAML: mapping values are not allowed here"),
        ("a: 1\nb: \x07\n", 2, "not valid YAML: character 0x07 is not allowed"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML: but found another document"),
        ("a: 1\n? [b, c]\n: 2\n", 2, "not valid YAML: found unhashable key"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(yaml_file, text, line, fault):
    path = yaml_file(text)

    with pytest.raises(DataError) as caught:
        read_yaml(path)

    assert str(caught.value).startswith(f"{path}:{line}: {fault}")
    assert "\n" not in str(caught.value)


def test_aliases_cannot_blow_up(yaml_file):
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))

    with pytest.raises(DataError, match=r":2: aliases \(\*l0\) are not read"):
        read_yaml(yaml_file("l0: &l0 [x]\n" + levels))


def test_a_yaml_file_that_is_too_large_is_not_parsed(yaml_file):
    path = yaml_file("a" * (MAX_YAML_BYTES + 1))

    with pytest.raises(DataError) as caught:
        read_yaml(path)

    assert str(caught.value) == f"{path}: 1,000,001 characters; at most 1,000,000 are read"


def test_yaml_that_is_nested_too_deeply_is_refused(yaml_file):
    with pytest.raises(DataError, match=r"not valid YAML: .*recursion"):
        read_yaml(yaml_file("[" * 5000 + "]" * 5000))


def test_yaml_that_is_not_utf8_is_named_with_its_line(yaml_file):
    with pytest.raises(DataError, match=r"x\.yaml:2: not UTF-8 \(byte 0xe9\)"):
        read_yaml(yaml_file(b"a: 1\nb: \xe9\n"))


# validate

STRICT = ConfigDict(extra="forbid", strict=True)


class Entry(BaseModel):
    model_config = STRICT
    size: int
    label: str = ""


class Shelf(BaseModel):
    model_config = STRICT
    name: str
    entries: list[Entry] = []
    by_name: dict[str, Entry] = {}
    either: Entry | list[str] | None = None


@dataclass(frozen=True)
class _Fault:
    text: str
    line: int
    message: str


FAULTS = [
    _Fault("", 1, "name: missing"),
    _Fault("- a\n", 1, "file: must be a mapping with keys of name, entries, by_name, either; found ['a']"),
    _Fault("name: a\nnmae: b\n", 2, "unknown key 'nmae'; allowed: name, entries, by_name, either"),
    _Fault("name: 5\n", 1, "name: input should be a valid string; found 5"),
    _Fault("name: a\nentries: x\n", 2, "entries: input should be a valid list; found 'x'"),
    _Fault("name: a\nentries:\n  - size: 1\n  - label: b\n", 4, "entries[1].size: missing"),
    _Fault(
        "name: a\nentries:\n  - size: 1\n    label: b\n  - size: '2'\n",
        5,
        "entries[1].size: input should be a valid integer; found '2'",
    ),
    _Fault("name: a\nentries:\n  - size: 1\n    lable: b\n", 4, "unknown key 'lable'; allowed: size, label"),
    _Fault("name: a\nentries: [5]\n", 2, "entries[0]: must be a mapping with keys of size, label; found 5"),
    # The names of entries are the user's: they may be those of fields.
    _Fault("name: a\nby_name:\n  x:\n    size: 1\n    clour: b\n", 5, "unknown key 'clour'; allowed: size, label"),
    _Fault("name: a\nby_name:\n  size:\n    size: 1\n    clour: b\n", 5, "unknown key 'clour'; allowed: size, label"),
    _Fault("name: a\nby_name:\n  x: {}\n", 3, "by_name.x.size: missing"),
    _Fault("name: a\nby_name:\n  1: {size: 1}\n", 3, "by_name.1: input should be a valid string; found 1"),
    # A union names no class of ours, and speaks of the member that was meant.
    _Fault("name: a\neither: 5\n", 2, "either: must be a mapping with keys of size, label; found 5"),
    _Fault("name: a\neither: [x, 5]\n", 2, "either[1]: input should be a valid string; found 5"),
    _Fault("name: a\neither:\n  size: x\n", 3, "either.size: input should be a valid integer; found 'x'"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.message[:40])
def test_a_fault_is_one_line_with_place_found_and_allowed(yaml_file, fault):
    path = yaml_file(fault.text)

    with pytest.raises(ConfigError) as caught:
        validate(Shelf, read_yaml(path), error=ConfigError)

    assert str(caught.value) == f"{path}:{fault.line}: {fault.message}"


def test_a_long_value_is_cut_in_the_message(yaml_file):
    with pytest.raises(ConfigError) as caught:
        validate(Shelf, read_yaml(yaml_file(f"name: [{'x' * 500}]")), error=ConfigError)

    assert str(caught.value).endswith("found ['" + "x" * 75 + "...")


def test_a_valid_document_becomes_the_model(yaml_file):
    found = validate(Shelf, read_yaml(yaml_file("name: a\nentries: [{size: 2}]\neither: [x]\n")), error=ConfigError)

    assert found == Shelf(name="a", entries=[Entry(size=2)], either=["x"])
