"""report.json: what is written is read back, and nothing else is."""

import json
from dataclasses import replace

import pytest

from chateval.errors import DataError
from chateval.records import (
    CheckpointSummary,
    Comparison,
    Decoding,
    Estimate,
    Fault,
    Flip,
    Report,
    TaskSummary,
    Verdict,
)
from chateval.report.json_file import read_report, to_json

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of script": "</script></pre></table><b>bold",
    "image": '"><img src=x onerror=alert(1)>',
    "quotes": "' onmouseover='alert(1)' x=\"",
    "jinja": "{{ 7 * 7 }}{% raw %}",
    "line separator": "a\u2028b",
    "direction": "\u202egnp.exe",
    "escape": "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "carriage return": "safe\roverwritten",
    "command": "::error::owned\n::add-mask::x\n  ::set-output name=a::b",
    "table": "a | b || c \\| d",
    "backticks": "```\n````\n# free\n~~~",
    "mention": "@octocat #1",
    "link": "[click](javascript:alert(1)) ![x](http://example.invalid/x.png)",
    "markup": "[bold]x[/bold] [/nothing] [link=http://example.invalid]y[/link] :warning:",
    "nul": "a\x00b",
    "lone surrogate": "a\ud800b",
    "long": "x" * 200_000,
    "lines": "one\ntwo\n\n| three | four |",
    "empty": "",
}


def hostile_report(text):
    """A report with `text` wherever a model, a data set or a user can put some."""
    why = f"why {text}"
    checkpoints = tuple(
        CheckpointSummary(name, "chat", "float32", text, "a" * 64, "b" * 64, None, 3, 0, 1, 0, 1234, 56)
        for name in ("base", f"sft {text}")
    )
    found = (("base", 0.5), (f"sft {text}", 0.75))
    comparison = Comparison("facts", "exact", "base", f"sft {text}", 0.25, 0.1, 0.4, 0.001, 0.004, 2, 1, 1, 4, 0)
    return Report(
        baseline="base",
        checkpoints=checkpoints,
        tasks=(TaskSummary("facts", 1, text, 4, 4, "generate", Decoding(), ("exact", "single_bos"), "c" * 64),),
        estimates=tuple(Estimate(n, "facts", "exact", mean, 0.2, 0.9, 4, 0, 4) for n, mean in found),
        audits=tuple(Estimate(n, "*", "single_bos", 1.0, 0.5, 1.0, 4, 0, 4) for n, _ in found),
        comparisons=(comparison,),
        flips=tuple(
            Flip("facts", "exact", "base", f"sft {text}", "0" * 16, won, 0.0, 1.0, text, text, why, why, text, text)
            for won in (True, False)
        ),
        faults=(Fault(f"sft {text}", "facts", "single_bos", "1" * 16, text, text, text),),
        verdicts=(Verdict(f"facts/exact {text}", f"sft {text}", "inconclusive", text, is_warning=True),),
    )


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
