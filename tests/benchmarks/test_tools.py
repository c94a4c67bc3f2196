"""lighteval rounds its batches of choices, so that several sizes come to the same."""

import pytest

from benchmarks.cells import SIZES
from benchmarks.tools import sizes_that_differ


@pytest.mark.parametrize(
    ("tool", "n_choices", "sizes"),
    [("lighteval", 4, [16, 32, 64]), ("lighteval", 0, list(SIZES)), ("lm-eval", 4, list(SIZES))],
)
def test_batch_sizes_that_do_the_same_are_tried_once(tool, n_choices, sizes):
    assert sizes_that_differ(tool, SIZES, n_choices) == sizes
