"""Two tools agree where the same choice is best and the gaps between choices are equal."""

import pytest

from benchmarks.agree import compare
from benchmarks.tools import Answer, Outcome


def outcome(*logprobs: float, text: str = "", prompts: tuple[tuple[int, str], ...] = ()) -> Outcome:
    return Outcome(1.0, answers={"row": Answer(tuple(logprobs), text)}, prompts=prompts)


@pytest.mark.parametrize(
    ("own", "peer", "flips", "difference"),
    [
        ((-1.0, -2.0), (-1.5, -2.5), 0, 0.0),
        ((-1.0, -2.0), (-1.0, -2.25), 0, 0.25),
        ((-1.0, -2.0), (-3.0, -2.0), 1, 2.0),
    ],
)
def test_what_is_added_to_every_choice_makes_no_difference(own, peer, flips, difference):
    found = compare(outcome(*own), outcome(*peer))

    assert (found.n_flips, found.max_difference) == (flips, difference)


@pytest.mark.parametrize(("peer", "n_same"), [("Paris.", 1), (" Paris.\n", 1), ("Paris", 0)])
def test_texts_are_the_same_but_for_outer_white_space(peer, n_same):
    found = compare(outcome(text="Paris."), outcome(text=peer))

    assert (found.n_same_texts, found.n_flips) == (n_same, None)


def test_sequences_of_ids_are_counted_as_often_as_both_have_them():
    own = outcome(text="x", prompts=((3, "a"), (3, "a"), (4, "b")))
    peer = outcome(text="x", prompts=((3, "a"), (5, "c")))

    found = compare(own, peer)

    assert (found.n_same_prompts, found.n_prompts, found.token_difference) == (1, 3, -2)
