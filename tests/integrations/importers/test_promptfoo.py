"""Outputs of promptfoo: one that it wrote itself, and its corners."""

import json
from pathlib import Path

import pytest

from chateval.compare.runs import compare_runs
from chateval.integrations.runs import open_run

OUTPUT = Path(__file__).parents[2] / "data" / "importers" / "promptfoo" / "echoes.json"

RESULT = {
    "provider": {"id": "openai:small", "label": ""},
    "prompt": {"raw": "Say: tea", "label": "Say: {{drink}}"},
    "vars": {"drink": "tea"},
    "response": {"output": "tea", "tokenUsage": {"prompt": 4, "completion": 1}},
    "latencyMs": 250,
    "success": True,
    "score": 1,
    "namedScores": {},
    "gradingResult": {
        "pass": True,
        "componentResults": [{"pass": True, "score": 1, "assertion": {"type": "contains", "value": "tea"}}],
    },
    "testCase": {"vars": {"drink": "tea"}, "assert": [{"type": "contains", "value": "tea"}]},
}


def write(path, *results, **fields):
    output = {"evalId": "x", "results": {"version": 3, "results": list(results)}, "config": {}, **fields}
    path.write_text(json.dumps(output), encoding="utf-8")
    return path


def scored(run, checkpoint):
    return {(one.scorer, one.sample_id): one.value for one in run.scores if one.checkpoint == checkpoint}


def test_providers_are_checkpoints_and_assertions_scorers():
    run = open_run(OUTPUT)

    assert [one.name for one in run.checkpoints] == ["first", "second"]
    [task] = run.tasks
    assert (task.name, task.n_samples, set(task.scorers)) == ("echoes", 2, {"pass", "icontains", "exact", "length"})
    door, roof = run.samples["echoes"]
    assert scored(run, "first") == {
        ("pass", door): 1.0,
        ("icontains", door): 1.0,
        ("exact", door): 1.0,
        ("pass", roof): 0.0,
        ("icontains", roof): 0.0,
        ("length", roof): 0.15,
    }
    assert run.samples["echoes"][roof].tags == ("part=roofs",)


def test_pass_counts_as_promptfoo_counted():
    published = json.loads(OUTPUT.read_text("utf-8"))["results"]["stats"]

    run = open_run(OUTPUT)

    passed = [score.value for score in run.scores if score.scorer == "pass"]
    assert (sum(passed), len(passed)) == (published["successes"], published["successes"] + published["failures"])


def test_two_providers_pair_on_every_test():
    report = compare_runs([open_run(OUTPUT)])

    assert {one.n_pairs for one in report.comparisons if one.scorer == "pass"} == {2}


def test_tokens_and_latency_are_the_effort(tmp_path):
    run = open_run(write(tmp_path / "x.json", RESULT, {**RESULT, "vars": {"drink": "milk"}}))

    [effort] = run.efforts
    assert (effort.seconds, effort.n_prompt_tokens, effort.n_output_tokens, effort.n_responses) == (0.5, 8, 2, 2)


def test_the_same_test_again_is_a_repeat(tmp_path):
    run = open_run(write(tmp_path / "x.json", RESULT, RESULT))

    assert [one.repeat for one in run.scores if one.scorer == "pass"] == [0, 1]
    assert len(run.samples["x"]) == 1


def test_equal_variables_under_other_assertions_are_another_sample(tmp_path):
    other = {**RESULT, "testCase": {"vars": {"drink": "tea"}, "assert": [{"type": "equals", "value": "no"}]}}

    run = open_run(write(tmp_path / "x.json", RESULT, other))

    assert len(run.samples["x"]) == 2


def test_several_prompts_are_several_tasks(tmp_path):
    other = {**RESULT, "prompt": {"raw": "Shout: tea", "label": "Shout: {{drink}}"}}

    run = open_run(write(tmp_path / "x.json", RESULT, other, config={"description": "drinks"}))

    assert [task.name for task in run.tasks] == ["drinks: Say: {{drink}}", "drinks: Shout: {{drink}}"]


def test_a_provider_that_failed_leaves_its_sample_unscored(tmp_path):
    failed = {**RESULT, "vars": {"drink": "milk"}, "response": {"error": "429"}, "success": False, "failureReason": 2}

    run = open_run(write(tmp_path / "x.json", RESULT, failed))

    assert {(one.scorer, one.value, one.reason) for one in run.scores if one.value is None} == {
        ("pass", None, "429"),
        ("contains", None, "429"),
    }
    assert run.checkpoints[0].n_errors == 1


@pytest.mark.parametrize("field", sorted(RESULT))
@pytest.mark.parametrize("value", [None, 3, "x", [], [[]], {}, {"a": {"b": 1}}, [None, 1]])
def test_a_field_of_the_wrong_type_is_never_a_traceback(tmp_path, field, value):
    run = open_run(write(tmp_path / "x.json", RESULT, {**RESULT, field: value}))

    assert run.scores or run.figures


def test_the_lines_of_an_output_as_jsonl_are_read_as_its_json_is(tmp_path):
    rows = json.loads(OUTPUT.read_text("utf-8"))["results"]["results"]
    path = tmp_path / "echoes.jsonl"
    path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows), encoding="utf-8")

    found, whole = open_run(path), open_run(OUTPUT)

    assert found.scores == whole.scores
    assert found.samples == whole.samples
    assert found.checkpoints == whole.checkpoints


def test_of_an_output_in_both_forms_one_counts(tmp_path):
    write(tmp_path / "x.json", RESULT)
    (tmp_path / "x.jsonl").write_text(json.dumps(RESULT) + "\n", encoding="utf-8")

    assert len(open_run(tmp_path).scores) == 2


@pytest.mark.parametrize(
    ("reason", "finish", "n_length"), [("length", "length", 1), ("stop", "eos", 0), (None, "unknown", None)]
)
def test_how_an_answer_ended_is_what_the_provider_says(tmp_path, reason, finish, n_length):
    response = {**RESULT["response"], "finishReason": reason}

    run = open_run(write(tmp_path / "x.json", {**RESULT, "response": response}))

    assert [one.response.finish for one in run.answers] == [finish]
    assert run.checkpoints[0].n_length == n_length


@pytest.mark.parametrize(
    "provider",
    [
        {"id": "openai:small", "config": {"temperature": 0.5, "apiKey": "x1"}},
        {"openai:small": {"config": {"temperature": 0.5, "apiKey": "x1"}}},
    ],
)
def test_the_options_of_a_provider_are_its_tasks_decoding(tmp_path, provider):
    run = open_run(write(tmp_path / "x.json", RESULT, config={"providers": [provider]}))

    [task] = run.tasks
    assert task.decoding.temperature == 0.5
    assert run.manifest["tasks"][0]["written"] == ["temperature"]
    assert run.manifest["checkpoints"][0]["engine"] == {"temperature": 0.5, "apiKey": "[left out]"}


def test_providers_that_are_set_otherwise_still_pair(tmp_path):
    other = {**RESULT, "provider": {"id": "openai:large"}}
    providers = [
        {"id": "openai:small", "config": {"temperature": 0}},
        {"id": "openai:large", "config": {"temperature": 1}},
    ]

    run = open_run(write(tmp_path / "x.json", RESULT, other, config={"providers": providers}))

    report = compare_runs([run])
    assert {one.n_pairs for one in report.comparisons} == {1}
    assert ("temperature", "0", "1") in [(one.what, one.before, one.after) for one in report.changes]
    assert run.manifest["tasks"][0]["written"] == []
