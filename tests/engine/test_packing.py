import pytest
import torch

from chateval.engine.packing import NOTHING, Bundle, Kept, Strand, branch, bundles
from chateval.engine.slots import Slots


def seen(bundle: Bundle, window=None) -> list[list[str]]:
    return [["".join("x" if key else "." for key in query) for query in row] for row in bundle._seen(window, "cpu")]


def test_continuations_share_what_they_begin_with_and_drop_their_last_tokens():
    strand, places = branch((1, 2), [(5, 6, 7), (5, 6, 8, 9), (3,), (4, 5)])

    assert strand == Strand((1, 2), (5, 6, 8, 4), (-1, 0, 1, -1))
    assert places == [[1, 2, 3], [1, 2, 3, 4], [1], [1, 5]]


def test_single_tokens_cost_nothing_but_the_prompt():
    strand, places = branch((1, 2, 3), [(5,), (6,)])

    assert strand.n_tokens == 3
    assert places == [[2], [2]]


def test_a_branch_sees_the_prompt_and_its_own_path_only():
    strand, _ = branch((1, 2), [(5, 6, 7), (4, 5)])

    [rows] = seen(Bundle([strand], 0))

    assert rows == ["x....", "xx...", "xxx..", "xxxx.", "xx..x"]


def test_positions_go_on_from_what_is_kept_and_start_anew_on_each_branch():
    strand, _ = branch((1, 2), [(5, 6, 7), (4, 5)])

    assert Bundle([strand, Strand((9,))], 0, Kept(n_tokens=10)).positions() == [10, 11, 12, 13, 12, 10]


def test_what_is_kept_is_seen_by_all_and_padding_by_none():
    rows = seen(Bundle([Strand((1, 2, 3)), Strand((4,))], 0, Kept(n_tokens=2)))

    assert rows[0] == ["xxx..", "xxxx.", "xxxxx"]
    assert rows[1][0] == "xxx.."


def test_a_window_counts_positions_and_not_places_in_the_pass():
    strand, _ = branch((1, 2, 3), [(5, 6), (7, 8)])

    [rows] = seen(Bundle([strand], 0, Kept(n_tokens=1)), window=2)

    assert rows == ["xx....", ".xx...", "..xx..", "...xx.", "...x.x"]


def test_strands_of_very_different_lengths_are_not_padded_together():
    found = bundles([Strand((1,) * n) for n in (20, 16, 4, 3)], start=5, before=NOTHING)

    assert [[strand.n_tokens for strand in bundle.strands] for bundle in found] == [[20, 16], [4, 3]]
    assert [bundle.span for bundle in found] == [slice(5, 41), slice(41, 48)]


def test_a_row_is_padded_with_itself_so_that_what_is_not_finite_stays_in_it():
    index, inside = Bundle([Strand((1, 2, 3)), Strand((4,))], 0)._gather("cpu")

    assert index.tolist() == [0, 1, 2, 3, 3, 3]
    assert inside.tolist() == [[True, True, True], [True, False, False]]


@pytest.mark.parametrize("source", [0, 2])
def test_a_slot_moves_and_is_forgotten(source):
    slots = Slots(3, 4)
    keys, values = slots.layer(0, torch.ones(2, 1, 5), torch.ones(2, 1, 5))
    keys[source] = 7
    values[source] = torch.nan

    slots.move(source, 1, 3)
    assert keys[1, :, :3].eq(7).all()
    assert keys[1, :, 3].eq(0).all()

    slots.clear(source)
    assert not values[source].isnan().any()
