"""report.json: what is written is read back, and nothing else is."""

import json
from dataclasses import replace

import pytest
from hostile_report import HOSTILE, hostile_report

from chateval.errors import DataError
from chateval.report.json_file import read_report, to_json


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "lone surrogate"])
def test_a_report_is_read_back_as_it_was(name, tmp_path):
    report = hostile_report(HOSTILE[name])
    path = tmp_path / "report.json"
    path.write_text(to_json(report), encoding="utf-8")

    assert read_report(path) == report


def test_a_lone_surrogate_becomes_a_replacement_character(tmp_path):
    path = tmp_path / "report.json"
    path.write_text(to_json(hostile_report("a\ud800b😀")), encoding="utf-8")

    assert read_report(path) == hostile_report("a\ufffdb😀")


def test_a_run_folder_stands_for_its_report(tmp_path):
    report = hostile_report("x")
    (tmp_path / "report.json").write_text(to_json(report), encoding="utf-8")

    assert read_report(tmp_path) == report


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_file_is_ascii_without_control_characters(text):
    found = to_json(hostile_report(text))

    assert found.isascii()
    assert found.replace("\n", "").isprintable()


def test_none_is_null(tmp_path):
    report = hostile_report("x")
    nothing = replace(report.estimates[0], mean=None, low=None, high=None)
    path = tmp_path / "report.json"
    path.write_text(to_json(replace(report, estimates=(nothing,))), encoding="utf-8")

    assert json.loads(path.read_text("utf-8"))["estimates"][0]["mean"] is None
    assert read_report(path).estimates == (nothing,)


def test_nan_is_refused():
    report = hostile_report("x")

    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(replace(report, estimates=(replace(report.estimates[0], mean=float("nan")),)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"baseline": 3}, "baseline"),
        ({"estimates": [{"mean": "0.5"}]}, "estimates"),
    ],
)
def test_what_is_not_a_report_is_refused_with_its_place(change, message, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(json.loads(to_json(hostile_report("x"))) | change), encoding="utf-8")

    with pytest.raises(DataError, match=message) as caught:
        read_report(path)

    assert str(caught.value).startswith(str(path))


def test_an_absent_report_is_a_mistake_of_the_user(tmp_path):
    with pytest.raises(DataError, match="no report there"):
        read_report(tmp_path)


def test_what_is_not_json_is_refused(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("{", encoding="utf-8")

    with pytest.raises(DataError, match=r"report\.json"):
        read_report(path)
