from dataclasses import replace

import pytest

from chateval.findings import Fidelity, Finding, Proportion, Skipped
from chateval.template.output.words import (
    coverage,
    evidence_lines,
    fidelity_words,
    file_of,
    id_words,
    place_words,
    strata_words,
)


def test_coverage_counts_codes_not_findings(report):
    """CT204, CT601, CT402, CT101 and the silenced CT208 were looked at; CT801 could not be."""
    twice = replace(report, findings=report.findings * 2)

    assert coverage(twice) == (5, 6)


def test_a_skipped_check_is_never_evaluated(report):
    skipped = replace(report, skipped=(Skipped("CT208", "why"), Skipped("CT801", "why")))

    assert coverage(skipped) == (4, 6)


def test_fidelity_says_how_many_of_what_against_whom(report):
    assert fidelity_words(report.fidelity) == (
        "0.93 (41/44; tools not evaluated) [0.82, 0.98] against grammar chatml, probes standard-1"
    )
    assert strata_words(report.fidelity) == "plain 6/6, system 5/8"


def test_fidelity_of_nothing_is_no_number():
    nothing = Fidelity("evidence", "standard-1", Proportion(0, 0))

    assert fidelity_words(nothing) == "not measured (0/0) against evidence, probes standard-1"


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (Finding("CT001", "error", "m"), ""),
        (Finding("CT001", "error", "m", origin="a.json: k"), "a.json: k"),
        (
            Finding("CT001", "error", "m", probe="p", text="ab\ncd", offset=4),
            "probe p, line 2, column 2 of the rendering",
        ),
        (Finding("GR002", "error", "m", text="ab", offset=9), "line 1, column 3"),
        (Finding("GR002", "error", "m", text="ab"), ""),
    ],
)
def test_a_place_is_told_as_far_as_it_is_known(finding, expected):
    assert place_words(finding) == expected


@pytest.mark.parametrize(
    ("ids", "other", "expected"),
    [
        ((1, 2, 3), (1, 5, 3), "1 [2] 3"),
        ((1, 2), (1, 2, 3), "1 2"),
        ((1, 2, 3), (1, 2), "1 2 [3]"),
        ((), (1,), ""),
        (tuple(range(100)), (*range(50), 7), "… 44 45 46 47 48 49 [50] 51 52 53 54 55 …"),
    ],
)
def test_ids_are_shown_around_the_first_difference(ids, other, expected):
    assert id_words(ids, other) == expected


def test_the_evidence_of_a_finding_in_lines(finding):
    assert list(evidence_lines(finding)) == [
        "in: tokenizer_config.json: chat_template, probe two_turns, line 3, column 22 of the rendering",
        "text: <|im_start|>user⏎Hi<|im_end|>⏎<|im_start|>assistant⟦␣⟧Hello<|im_end|>⏎",
        "expected: assistant⏎Hello",
        "found: assistant␣Hello",
        "expected ids: 10 [11] 12",
        "found ids: 10 [99] 12",
        "fix: Write a newline after the role.",
    ]


def test_a_finding_without_evidence_has_no_lines():
    assert list(evidence_lines(Finding("CT001", "error", "no template"))) == []


@pytest.mark.parametrize(
    ("origin", "file"),
    [
        ("tokenizer_config.json: chat_template", "tokenizer_config.json"),
        ("chat_template.jinja", "chat_template.jinja"),
        ("model.gguf: tokenizer.chat_template", "model.gguf"),
        ("", ""),
    ],
)
def test_the_file_stands_before_the_key(origin, file):
    assert file_of(origin) == file
