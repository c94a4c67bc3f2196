"""Scores that rest on other models, as on judges and the baseline, compare only where these are the same."""

import pytest
from made_runs import run, task

from chateval.compare.resting import rests_apart
from chateval.compare.runs import compare_runs
from chateval.records import Figure


def model(name, weights, *, engine="transformers", template="t1"):
    checkpoint = {"name": name, "kind": "chat", "path": f"/models/{weights}", "weights_digest": weights}
    return {"checkpoint": checkpoint, "template": {"digest": template}, "engine": {"engine": engine}}


def judged(name, judge, base="b1", *, rests_on=("judge",), **said):
    entry = {"name": "facts", "rests_on": {"exact": list(rests_on), "margin": ["sft"]}}
    manifest = {"tasks": [entry], "checkpoints": [model("sft", base)], "helpers": [model("judge", judge, **said)]}
    figures = (
        Figure(
            "sft",
            "facts",
            "margin",
            unit="nats",
            is_less_better=False,
            value=0.5,
            low=0.4,
            high=0.6,
            n=2,
            n_unmeasured=0,
        ),
    )
    return run(name, {"sft": "10"}, tasks=(task(),), manifest=manifest, figures=figures)


def test_equal_models_rest_on_the_same():
    assert list(rests_apart(judged("a", "j1"), judged("b", "j1"), "facts")) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (judged("b", "j2"), "rests on the answers of another model: judge, j1 -> j2"),
        (judged("b", "j1", template="t2"), "judge, j1 -> j1"),
        (judged("b", "j1", engine="fake"), "judge, j1 -> j1"),
    ],
)
def test_another_model_under_the_same_name_is_told(other, said):
    [(name, why)] = rests_apart(judged("a", "j1"), other, "facts")

    assert name == "exact"
    assert said in why


def test_what_a_run_did_not_write_down_is_not_held_against_it():
    unwritten = run("b", {"sft": "10"}, tasks=(task(),), manifest={})

    assert list(rests_apart(judged("a", "j1"), unwritten, "facts")) == []


def test_neither_scores_nor_figures_of_another_judge_or_baseline_are_compared():
    report = compare_runs([judged("a", "j1"), judged("b", "j2", base="b2")])

    assert [(one.task, one.scorer) for one in report.refusals] == [("facts", "exact"), ("facts", "margin")]
    assert [one for one in report.comparisons if one.delta is not None] == []
    assert [one.checkpoint for one in report.figures] == [report.baseline]
