"""SARIF 2.1.0: what the standard requires of the parts that are written, checked by a schema of those parts."""

import json
from dataclasses import replace
from urllib.parse import unquote

import jsonschema_rs
import pytest
from hostile_report import HOSTILE

from chateval.findings import Finding, TemplateReport
from chateval.template.output import to_sarif


def closed(required, **properties):
    """An object with these properties and no others."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def some(items):
    return {"type": "array", "items": items}


TEXT = {"type": "string", "minLength": 1}
MESSAGE = closed(["text"], text=TEXT)
FROM_ONE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object"}
CODE = {"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"}
PHYSICAL = closed(
    ["artifactLocation"],  # GitHub refuses the whole log where one is missing
    artifactLocation=closed(["uri"], uri={"type": "string", "format": "uri-reference", "minLength": 1}, uriBaseId=TEXT),
    region=closed(["startLine"], startLine=FROM_ONE, startColumn=FROM_ONE, endLine=FROM_ONE, endColumn=FROM_ONE),
)
RESULT = closed(
    ["message", "ruleId", "ruleIndex", "level", "kind", "locations"],
    ruleId=CODE,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    kind={"enum": ["pass", "open", "informational", "notApplicable", "review", "fail"]},
    message=MESSAGE,
    locations={
        "minItems": 1,
        **some(
            closed(
                ["physicalLocation"],
                physicalLocation=PHYSICAL,
                logicalLocations=some(closed(["fullyQualifiedName"], fullyQualifiedName=TEXT)),
            )
        ),
    },
    suppressions=some(
        closed(
            ["kind"],
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification={"type": "string"},
        )
    ),
)
RULE = closed(["id"], id=CODE, shortDescription=MESSAGE, help=MESSAGE, defaultConfiguration=closed([], level=LEVEL))
NOTIFICATION = closed(["message"], level=LEVEL, message=MESSAGE, associatedRule=closed(["id"], id=CODE))
RUN = closed(
    ["tool", "results"],
    tool=closed(
        ["driver"],
        driver=closed(["name"], name={"const": "chateval"}, version=TEXT, rules={"uniqueItems": True, **some(RULE)}),
    ),
    invocations=some(
        closed(
            ["executionSuccessful"],
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=some(NOTIFICATION),
        )
    ),
    originalUriBaseIds={"type": "object", "additionalProperties": closed([], description=MESSAGE)},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=some(RESULT),
    properties=BAG,
)
LOG = closed(
    ["version", "runs"],
    **{
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"minItems": 1, **some(RUN)},
    },
)
VALIDATOR = jsonschema_rs.validator_for(LOG, validate_formats=True)


def run_of(report):
    log = json.loads(to_sarif(report))
    faults = [f"{fault.instance_path}: {fault.message}" for fault in VALIDATOR.iter_errors(log)]
    assert faults == []
    [run] = log["runs"]
    return run


def results_of(report):
    return {result["ruleId"]: result for result in run_of(report)["results"]}


def test_rules_are_those_that_were_evaluated_or_skipped(report):
    rules = run_of(report)["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["CT101", "CT204", "CT208", "CT402", "CT601", "CT801"]
    assert rules[1] == {
        "id": "CT204",
        "shortDescription": {"text": "prompt plus answer is not the closed chat"},
        "defaultConfiguration": {"level": "error"},
        "help": {"text": "Close it.\nSee docs/checks/CT204.md, or `chateval template explain CT204`."},
    }


def test_a_result_points_at_its_rule(report):
    run = run_of(report)

    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


def test_a_finding_is_a_failure_with_its_evidence(report):
    found = results_of(report)["CT204"]

    assert (found["level"], found["kind"]) == ("error", "fail")
    assert found["message"]["text"].startswith("the generation prompt and the answer are not the closed chat\nin: ")
    assert "assistant⟦␣⟧Hello" in found["message"]["text"]
    [location] = found["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "out/sft/tokenizer_config.json"
    assert location["logicalLocations"] == [{"fullyQualifiedName": "tokenizer_config.json: chat_template"}]


def test_a_note_is_informational_and_so_without_a_level(report):
    found = results_of(report)["CT402"]

    assert (found["level"], found["kind"]) == ("none", "informational")


def test_a_silenced_code_is_a_suppressed_result_with_the_reason(report):
    found = results_of(report)["CT208"]

    assert found["level"] == "warning"
    assert found["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "trained so"}]


def test_a_silenced_code_that_found_nothing_is_no_result(report):
    assert "CT208" not in results_of(replace(report, passed=("CT101", "CT208")))


def test_a_position_in_a_template_that_is_a_file_is_given(report):
    [location] = results_of(report)["CT601"]["locations"]

    assert location["physicalLocation"]["region"] == {
        "startLine": 2,
        "startColumn": 6,
        "endLine": 2,
        "endColumn": 15,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "tokenizer_config.json: chat_template"},
        {"origin": "generation_config.json"},
        {"probe": "two_turns"},
        {"text": "another text"},
        {"offset": None},
    ],
)
def test_a_position_in_anything_else_is_not(change, report, in_template):
    changed = replace(in_template, **change)
    origin = changed.origin if ": " in changed.origin else report.template_origin

    [location] = results_of(replace(report, template_origin=origin, findings=(changed,)))["CT601"]["locations"]

    assert "region" not in location["physicalLocation"]


def test_a_finding_without_a_file_stands_where_a_template_belongs(report):
    bare = replace(report, template_origin="", findings=(Finding("CT204", "error", "there is no template"),))

    [location] = results_of(bare)["CT204"]["locations"]

    assert location == {"physicalLocation": {"artifactLocation": {"uri": "out/sft/chat_template.jinja"}}}


@pytest.mark.parametrize(
    ("subject", "origin", "expected"),
    [
        ("out/sft", "chat_template.jinja", {"uri": "out/sft/chat_template.jinja"}),
        ("draft.jinja", "draft.jinja", {"uri": "draft.jinja"}),
        ("gguf/m.gguf", "m.gguf: tokenizer.chat_template", {"uri": "gguf/m.gguf"}),
        ("/data/sft", "chat_template.jinja", {"uri": "chat_template.jinja", "uriBaseId": "CHECKPOINT"}),
        ("../sft", "chat_template.jinja", {"uri": "chat_template.jinja", "uriBaseId": "CHECKPOINT"}),
    ],
)
def test_files_are_addressed_from_the_working_folder_where_that_is_known(subject, origin, expected, report):
    found = replace(report, subject=subject, findings=(Finding("CT204", "error", "m", origin=origin),))

    [location] = results_of(found)["CT204"]["locations"]

    assert location["physicalLocation"]["artifactLocation"] == expected


@pytest.mark.parametrize(
    "name", ["a b%c.jinja", "模板.jinja", "a#b?.jinja", "c:d.jinja", "/etc/x.jinja", "//host/x.jinja"]
)
def test_a_file_name_is_a_relative_address(name, report):
    found = replace(report, findings=(Finding("CT204", "error", "m", origin=name),))

    uri = results_of(found)["CT204"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert unquote(uri) == f"out/sft/{name.lstrip('/')}"
    assert ":" not in uri


def test_a_check_that_was_not_evaluated_is_a_notification(report):
    [notification] = run_of(report)["invocations"][0]["toolExecutionNotifications"]

    assert notification == {
        "level": "note",
        "message": {"text": "CT801 could not be evaluated: needs what the trainer recorded (--evidence)"},
        "associatedRule": {"id": "CT801"},
    }


def test_the_run_says_verdict_and_coverage(report):
    found = run_of(report)["properties"]

    assert found["verdict"] == "BROKEN"
    assert found["coverage"] == {"evaluated": 5, "of": 6}


def test_codes_of_rendered_text_are_rules_too(report):
    found = replace(report, findings=(Finding("GR002", "error", "two BOS", text="<s><s>", offset=3, length=3),))

    assert results_of(found)["GR002"]["level"] == "error"


def test_nothing_found_is_a_run_without_results():
    clean = TemplateReport(
        "x", "CONFORMS", "no error", "chatml", "chat_template.jinja", "a" * 64, (), (), ("CT101",), ()
    )

    assert run_of(clean)["results"] == []


def test_text_cannot_be_a_link(report):
    hostile = "[click](https://example.invalid) and \\[x\\](1)"

    found = results_of(replace(report, findings=(Finding("CT204", "error", hostile),)))["CT204"]

    assert "](" not in found["message"]["text"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(text, make_hostile):
    report = make_hostile(text)

    assert [result["ruleId"] for result in run_of(report)["results"]] == ["CT204", "CT601", "CT402", "CT208"]
    assert to_sarif(report).isascii()
