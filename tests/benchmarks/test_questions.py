"""The rows of the benchmarks are the same every time, and no two ask the same."""

import pytest

from benchmarks.questions import QUESTIONS


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_two_rows_have_one_prompt(name):
    rows = QUESTIONS[name]()

    assert len({row["prompt"] for row in rows}) == len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", QUESTIONS)
def test_rows_are_the_same_every_time(name):
    assert QUESTIONS[name]() == QUESTIONS[name]()


@pytest.mark.parametrize("name", ["choices_short", "choices_long"])
def test_the_answer_is_the_choice_at_its_index_and_no_choice_stands_twice(name):
    rows = QUESTIONS[name]()

    assert all(row["choices"][row["index"]] == row["answer"] for row in rows)
    assert all(len(set(row["choices"])) == 4 for row in rows)
