"""Where a difference comes from: by tag, cluster and length."""

import numpy as np
import pytest
from made_runs import sample

from chateval.compare.slices import FEWEST_PAIRS, SampleFacts, find_slices
from chateval.stats import newcombe

BASE, SFT = ("base", "facts", "exact"), ("sft", "facts", "exact")


def column(text):
    marks = {"1": (1.0, 1.0), "0": (0.0, 1.0), ".": None, "h": (0.5, 1.0)}
    return {str(place): marks[mark] for place, mark in enumerate(text)}


def sliced(before, after, samples=(), lengths=None):
    facts = SampleFacts({("facts", one.id): one for one in samples}, {"facts": lengths or {}})
    return find_slices({BASE: column(before), SFT: column(after)}, "base", facts)


def test_a_loss_in_one_tag_is_seen_there():
    samples = [sample(i, tags=("easy" if i < 8 else "hard",)) for i in range(16)]

    easy, hard = sliced("1" * 16, "1" * 8 + "0" * 8, samples)

    assert (easy.by, easy.label, easy.delta, easy.wins, easy.losses, easy.n_pairs) == ("tag", "easy", 0.0, 0, 0, 8)
    assert (hard.by, hard.label, hard.delta, hard.wins, hard.losses, hard.n_pairs) == ("tag", "hard", -1.0, 0, 8, 8)
    assert (hard.low, hard.high) == newcombe(0, 8, 0, 0)


def test_parts_with_few_pairs_are_left_out_and_one_part_is_none():
    samples = [sample(i, tags=("easy" if i < FEWEST_PAIRS else "hard",)) for i in range(FEWEST_PAIRS + 7)]

    assert sliced("1" * 15, "0" * 15, samples) == []


def test_unscored_samples_are_no_pairs():
    samples = [sample(i, tags=("easy" if i < 8 else "hard",)) for i in range(16)]

    assert sliced("1" * 16, "." + "1" * 15, samples) == []


def test_clusters_are_parts():
    samples = [sample(i, cluster=f"passage {i // 8}") for i in range(24)]

    assert [one.label for one in sliced("1" * 24, "0" * 24, samples)] == ["passage 0", "passage 1", "passage 2"]


def test_lengths_are_cut_at_their_quartiles():
    lengths = {str(i): (100 + i, 0) for i in range(40)}

    found = sliced("1" * 40, "1" * 30 + "0" * 10, lengths=lengths)

    assert [one.by for one in found] == ["prompt tokens"] * 4
    assert [one.label for one in found] == ["100-109", "110-119", "120-129", "130-139"]
    assert [one.delta for one in found] == [0.0, 0.0, 0.0, -1.0]


def test_equal_lengths_stay_together():
    lengths = {str(i): (0, 5 if i < 20 else 9) for i in range(32)}

    assert [(one.by, one.label, one.n_pairs) for one in sliced("1" * 32, "0" * 32, lengths=lengths)] == [
        ("output tokens", "5", 20),
        ("output tokens", "9", 12),
    ]


def test_without_lengths_or_tags_there_is_nothing():
    assert sliced("1" * 40, "0" * 40) == []


@pytest.mark.parametrize("n", [16, 400])
def test_other_scores_have_an_interval_around_their_delta(n):
    generator = np.random.default_rng(7)
    before = {str(i): (float(value), 1.0) for i, value in enumerate(generator.uniform(0, 0.6, n))}
    after = {name: (value + 0.3, 1.0) for name, (value, _) in before.items()}
    facts = SampleFacts({("facts", str(i)): sample(i, tags=("even" if i % 2 else "odd",)) for i in range(n)})

    found = find_slices({BASE: before, SFT: after}, "base", facts)

    assert [one.delta for one in found] == pytest.approx([0.3, 0.3])
    assert all(one.low <= one.delta <= one.high for one in found)
