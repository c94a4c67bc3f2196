"""The published schema: current, valid, and true of what is written."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from hostile_report import HOSTILE, hostile_report

from chateval.codec import encode
from chateval.records import (
    Answered,
    Asked,
    Change,
    Crossing,
    Decoding,
    Effort,
    Figure,
    Judgement,
    Noise,
    Prompt,
    Refusal,
    Response,
    Sample,
    Score,
    Slice,
)
from chateval.report.json_file import to_json
from chateval.report.schema import LINES, report_schema, schema_text

PUBLISHED = Path(__file__).parents[2] / "docs" / "report.schema.json"
REPORT = hostile_report("x")
FULL = replace(
    REPORT,
    figures=(Figure("base", "facts", "bleu", None, None, None, "0-100", False, 0, 4),),
    changes=(Change("base", "sft", "weights", "weights", "a", "b", "weights a -> b"),),
    refusals=(Refusal("base", "sft", "facts", "*", "another prompt"),),
    slices=(Slice("facts", "exact", "base", "sft", "tag", "easy", 0.1, 0.0, 0.2, 1, 0, 9),),
    crossings=(Crossing("facts", "exact", "base", "sft", 0.1, 0.2, 0.3, 9),),
    noise=(Noise("facts", "exact", 2, 9, 0.5, 0.01),),
)
RECORDS = {
    "samples.jsonl": Asked("facts", Sample("0" * 16, {"question": "?"}, cluster="c", tags=("easy",))),
    "responses.jsonl": Answered(
        "base", "facts", Prompt("0" * 16, (), "text", (1, 2), Decoding()), Response("0" * 16, "yes", "eos")
    ),
    "judgements.jsonl": Judgement("base", "facts", "judge_score", "0" * 16, "small", "7 of 10", "eos"),
    "scores.jsonl": Score("base", "facts", "exact", "0" * 16, None, reason="no answer"),
    "efforts.jsonl": Effort("base", 1.5, 2, 30, 4),
}


def is_valid(value, schema=None):
    return jsonschema_rs.validator_for(schema or report_schema()).is_valid(value)


def test_the_published_schema_is_current():
    assert PUBLISHED.read_text("utf-8") == schema_text(), "say: chateval report --schema > docs/report.schema.json"


def test_the_schema_is_a_schema_with_an_address_and_a_format():
    found = report_schema()

    jsonschema_rs.meta.validate(found)
    assert found["$id"] == "urn:chateval:report:1"
    assert found["properties"]["format"]["const"] == 1


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_reports_are_valid(text):
    assert is_valid(json.loads(to_json(hostile_report(text))))


def test_a_report_with_every_part_is_valid():
    assert is_valid(json.loads(to_json(FULL)))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"estimates": [{"mean": "0.5"}]},
        {"checkpoints": None},
        {"verdicts": [{"rule": "r", "checkpoint": "c", "outcome": "maybe", "reason": ""}]},
        {"changes": [{"kind": "mood"}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_no_report_is_not_valid(change):
    assert not is_valid(json.loads(to_json(FULL)) | change)


@pytest.mark.parametrize("name", LINES)
def test_lines_of_a_run_folder_are_valid(name):
    found = report_schema()
    schema = {"$ref": f"#/$defs/{LINES[name].__name__}", "$defs": found["$defs"]}
    line = json.loads(encode(RECORDS[name]))

    assert is_valid(line, schema)
    assert not is_valid({key: value for key, value in line.items() if key != next(iter(line))}, schema)


def test_every_record_and_documented_field_is_described():
    found = report_schema()

    assert all(one["description"] for one in found["$defs"].values())
    described = found["$defs"]["Comparison"]["properties"]["p_adjusted"]["description"]
    assert described == "`p` after Holm over all tests of the run."
