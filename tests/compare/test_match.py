"""Samples of several runs under common ids."""

import pytest
from made_runs import run, sample

from chateval.compare.match import match_samples


def common(first, second):
    runs = [run("a", {"base": "1" * len(first)}, samples={"facts": first})]
    runs.append(run("b", {"base": "1" * len(second)}, samples={"facts": second}))
    matched = match_samples(runs)
    return [matched.common(1, "facts", one.id) for one in second]


def test_equal_ids_are_equal_samples():
    assert common([sample(1), sample(2)], [sample(2), sample(1)]) == ["2", "1"]


def test_ids_of_another_kind_pair_by_what_is_said_and_wanted():
    assert common([sample(1), sample(2)], [sample(2, id="doc-2"), sample(1, id="doc-1")]) == ["2", "1"]


def test_the_second_sample_of_a_content_pairs_with_the_second():
    first = [sample(1), sample(1, id="1 again")]

    assert common(first, [sample(1, id="x"), sample(1, id="y"), sample(1, id="z")]) == ["1", "1 again", "z"]


def test_another_target_or_question_is_another_sample():
    assert common([sample(1)], [sample(1, id="x", target="Rome")]) == ["x"]
    assert common([sample(1)], [sample(1, id="x", messages=({"role": "user", "content": "Why?"},))]) == ["x"]


def test_parts_that_are_no_text_tell_samples_apart():
    def seen(url, name):
        content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]
        return sample(1, id=name, messages=({"role": "user", "content": content},))

    assert common([seen("a.png", "1")], [seen("b.png", "x"), seen("a.png", "y")]) == ["x", "1"]


SILENT = {"messages": (), "target": ""}


@pytest.mark.parametrize(
    "said", [SILENT, {"messages": ()}, {"messages": ({"role": "user", "content": " "},)}, {"target": ""} | SILENT]
)
def test_what_says_nothing_pairs_by_its_id_only(said):
    first = [sample(i, id=f"a{i}", **{"target": "yes", **said}) for i in range(2)]
    second = [sample(i, id=name, **{"target": "yes", **said}) for i, name in enumerate(("b0", "b1", "a1"))]

    assert common(first, second) == ["b0", "b1", "a1"]


def test_row_numbers_of_another_order_count_for_nothing():
    first = [sample(i, id=str(i)) for i in range(4)]
    second = [sample(number, id=str(i)) for i, number in enumerate((3, 2, 9, 0))]

    assert common(first, second) == ["3", "2", "2#2", "0"]


def test_a_few_other_wordings_leave_ids_as_they_are():
    first = [sample(i) for i in range(4)]

    assert common(first, [sample(9, id="0"), *first[1:]]) == ["0", "1", "2", "3"]


def test_an_id_that_is_a_digest_stands_for_its_row_in_any_words():
    names = [f"{i:016x}" for i in range(2)]

    first, second = ([sample(i + move, id=names[i]) for i in range(2)] for move in (0, 10))

    assert common(first, second) == names


def test_what_is_new_in_a_later_run_keeps_its_id():
    matched = match_samples([run("a", {"base": "1"}), run("b", {"base": "11"})])

    assert [name for _, name in matched.samples] == ["0", "1"]
