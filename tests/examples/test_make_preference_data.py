"""Pairs to train on: the kinds of the task `preferences`, none of its texts."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
script = SimpleNamespace(**runpy.run_path(str(ROOT / "examples" / "make_preference_data.py")))
AGAINST = ROOT / "tasks" / "preferences" / "samples.jsonl"


def test_no_text_is_shared_with_the_task():
    script.check_apart(script.pairs(0, 180), AGAINST)


def test_a_shared_text_is_refused():
    shared = script.pair("How many legs does a spider have?", "Eight.", "Six.")

    with pytest.raises(ValueError, match="1 texts stand in the pairs"):
        script.check_apart([shared], AGAINST)


def test_the_same_seed_is_the_same_pairs_and_no_two_answers_are_equal():
    rows = script.pairs(3, 90)

    assert rows == script.pairs(3, 90) != script.pairs(4, 90)
    assert len(rows) == 90
    assert all(row["chosen"] != row["rejected"] for row in rows)
