"""Annotations: read back by the rules of the runner, and nothing else is a command."""

from dataclasses import replace

import pytest
from hostile_report import HOSTILE

from chateval.findings import Finding
from chateval.template.output import to_github


def commands(text):
    """Return (name, properties, message) of each line, by the runner's rules."""
    found = []
    for line in text.splitlines():
        assert line.startswith("::")
        head, _, data = line[2:].partition("::")
        name, _, rest = head.partition(" ")
        properties = dict(pair.split("=", 1) for pair in rest.split(",") if pair)
        unescaped = {key: _unescape(value) for key, value in properties.items()}
        found.append((name, unescaped, _unescape(data)))
    return found


def _unescape(text):
    for escaped, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, char)
    return text


def test_the_verdict_comes_first_and_then_each_finding(report):
    verdict, first, second = commands(to_github(report))

    assert verdict == (
        "notice",
        {"title": "chat template BROKEN"},
        "out/sft: CT204: the generation prompt and the answer are not the closed chat\n"
        "5 of 6 checks were evaluated\nCT208 is silenced: trained so",
    )
    assert first[:2] == ("error", {"file": "out/sft/tokenizer_config.json", "title": "CT204"})
    assert first[2].splitlines()[0] == "the generation prompt and the answer are not the closed chat"
    assert "text: <|im_start|>user⏎Hi<|im_end|>⏎<|im_start|>assistant⟦␣⟧Hello<|im_end|>⏎" in first[2]
    assert second[1]["file"] == "out/sft/chat_template.jinja"


def test_a_command_is_written_as_the_runner_wants_it(report):
    finding = Finding("CT001", "error", "100% wrong", origin="a,b.json: key")

    line = to_github(replace(report, findings=(finding,))).splitlines()[1]

    assert line == "::error file=out/sft/a%2Cb.json,title=CT001::100%25 wrong%0Ain: a,b.json: key"


@pytest.mark.parametrize(("severity", "name"), [("error", "error"), ("warning", "warning"), ("info", "notice")])
def test_the_severity_is_the_command(severity, name, report):
    [_, found] = commands(to_github(replace(report, findings=(Finding("CT001", severity, "m"),))))

    assert found[0] == name


@pytest.mark.parametrize(
    ("subject", "origin", "file"),
    [
        ("out/sft", "chat_template.jinja", "out/sft/chat_template.jinja"),
        ("models/chat.gguf", "chat.gguf: tokenizer.chat_template", "models/chat.gguf"),
        ("my.jinja", "my.jinja", "my.jinja"),
        ("out/sft", "", "out/sft"),
    ],
)
def test_the_file_is_below_the_subject_or_the_subject_itself(subject, origin, file, report):
    found = replace(report, subject=subject, findings=(Finding("CT001", "error", "m", origin=origin),))

    assert commands(to_github(found))[1][1]["file"] == file


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_of_others_cannot_begin_a_command(text, make_hostile):
    written = to_github(make_hostile(text))

    assert [(name, sorted(properties)) for name, properties, _ in commands(written)] == [
        ("notice", ["title"]),
        ("error", ["file", "title"]),
        ("warning", ["file", "title"]),
    ]
    assert written.replace("\n", "").isprintable()
