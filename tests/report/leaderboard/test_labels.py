"""Names beside dots: none over another, none out of the drawing, none lost at one place."""

import re

import pytest
from hostile_report import HOSTILE

from chateval.report.leaderboard.labels import place_labels

FRAME = (48.0, 10.0, 460.0, 218.0)


def box(label):
    return label.x, label.y - 9, label.x + 6.2 * len(label.text), label.y + 3


def test_names_of_one_place_are_one_label():
    named = [(60.0, 24.0, "a/sft"), (60.0, 24.0, "full/sft"), (61.0, 24.0, "good/sft")]

    [label] = place_labels(named, [(60.0, 24.0)], FRAME)

    assert label.text == "a/sft, full/sft, good/sft"


def test_names_beyond_a_line_are_counted():
    named = [(60.0, 24.0, f"checkpoint-{i}") for i in range(5)]

    [label] = place_labels(named, [(60.0, 24.0)], FRAME)

    assert label.text == "checkpoint-0 +4"


def test_names_of_near_dots_do_not_meet_and_stay_in_the_drawing():
    dots = [(60.0 + 12 * (i % 3), 20.0 + 11 * (i // 3)) for i in range(12)]

    labels = place_labels([(x, y, f"checkpoint {i}") for i, (x, y) in enumerate(dots)], dots, FRAME)

    boxes = [box(label) for label in labels]
    assert len(labels) >= 8
    assert any(label.is_far for label in labels)
    for place, one in enumerate(boxes):
        assert one[0] >= FRAME[0]
        assert one[2] <= FRAME[2]
        for other in boxes[place + 1 :]:
            assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_cut_and_spelt_out(text):
    for label in place_labels([(100.0, 100.0, text)], [(100.0, 100.0)], FRAME):
        assert len(label.text) <= 28
        assert not re.search("[\x00-\x1f\u202e\ud800-\udfff]", label.text)
