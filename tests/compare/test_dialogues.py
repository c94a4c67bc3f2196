"""Dialogues, counted: endings, rounds, calls."""

from chateval.compare.dialogues import Dialogues
from chateval.records import Dialogue, DialogueCount, Round


def said(*calls, fault="", n_cut=0):
    return Round((), "x", "x", "eos", 1, 1, tuple({"name": call, "arguments": {}} for call in calls), fault, n_cut)


def test_endings_rounds_calls_and_lost_history_are_counted_by_checkpoint_and_task():
    counts = Dialogues()
    counts.take("base", "t", Dialogue((said("a", "b"), said(fault="no JSON", n_cut=2)), "rounds", calls_failed=1))
    counts.take("base", "t", Dialogue((said(),), "answered"))
    counts.take("base", "t", Dialogue((said(),), "answered"))
    counts.take("sft", "t", Dialogue((said(),), "context"))

    first, second = counts.found()
    assert first == DialogueCount("base", "t", {"answered": 2, "rounds": 1}, 4, 2, 1, 1, 1)
    assert list(first.endings) == ["answered", "rounds"]
    assert first.n == 3
    assert second.endings == {"context": 1}
