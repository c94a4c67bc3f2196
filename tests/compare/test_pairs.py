"""Comparisons on the same samples."""

import pytest

from chateval.compare.aggregate import sample_means
from chateval.compare.pairs import compare_all, compare_behaviour
from chateval.records import Score
from chateval.stats import detectable_share, mcnemar, needed_share, newcombe, wilson

BASE, SFT = ("base", "facts", "exact"), ("sft", "facts", "exact")


def plain(text):
    """`10.` is a sample right, one wrong and one unscored; sample ids are their places."""
    marks = {"1": (1.0, 1.0), "0": (0.0, 1.0), ".": None, "h": (0.5, 1.0)}
    return {str(place): marks[mark] for place, mark in enumerate(text)}


def compared(before, after, clusters=None):
    [found] = compare_all({BASE: before, SFT: after}, "base", clusters)
    return found


def test_delta_is_candidate_minus_baseline():
    found = compared(plain("1100"), plain("1111"))

    assert (found.baseline, found.candidate) == ("base", "sft")
    assert found.delta == pytest.approx(0.5)


def test_a_sample_with_an_unscored_repeat_is_dropped():
    values = {"base": (1.0, 1.0), "sft": (1.0, None)}
    scores = [
        Score(name, "facts", "exact", sample_id, value, repeat=repeat)
        for name, repeats in values.items()
        for sample_id, found in (("a", repeats), ("b", (0.0, 1.0)))
        for repeat, value in enumerate(found)
    ]

    [found] = compare_all(sample_means(scores), "base")

    assert (found.n_pairs, found.n_dropped) == (1, 1)


def test_wins_losses_and_ties_are_counted_by_sample():
    found = compared(plain("110010h"), plain("101101h"))

    assert (found.wins, found.losses, found.ties, found.n_pairs) == (3, 2, 2, 7)


def test_plain_scores_get_newcombe_and_exact_mcnemar():
    found = compared(plain("11110000"), plain("11101111"))

    assert (found.low, found.high) == newcombe(3, 1, 4, 0)
    assert found.p == mcnemar(4, 1) == pytest.approx(2 * 6 / 32)


def test_other_scores_get_a_score_interval_and_a_permutation():
    found = compared(plain("hhhhhhhh"), plain("11111111"))

    # eight pairs that all differ by 0.5: as wide as Wilson's for none of eight, cut at 1
    assert (found.delta, found.low, found.high) == pytest.approx((0.5, 0.5 - wilson(0, 8)[1], 0.5 + wilson(0, 8)[1]))
    assert found.p == pytest.approx(2 / 2**8)


def in_fours(text):
    """Four samples of each mark of `text`, and the cluster of each."""
    return plain("".join(mark * 4 for mark in text)), {("facts", str(i)): f"c{i // 4}" for i in range(4 * len(text))}


@pytest.mark.parametrize(("before", "after"), [("1100110011", "1111111110"), ("hh00h10hh0", "1110h1h110")])
def test_samples_that_repeat_their_cluster_say_no_more_than_one_of_it(before, after):
    (many_before, clusters), (many_after, _) = in_fours(before), in_fours(after)

    many, single = compared(many_before, many_after, clusters), compared(plain(before), plain(after))

    assert (many.delta, many.low, many.high, many.p) == pytest.approx((single.delta, single.low, single.high, single.p))
    assert (many.wins, many.losses, many.n_pairs) == (4 * single.wins, 4 * single.losses, 4 * single.n_pairs)


def test_clusters_are_those_of_the_task():
    before, after = plain("1100110011"), plain("1111111110")
    elsewhere = {("other", str(i)): "c" for i in range(10)}

    assert (
        compared(before, after, elsewhere)
        == compared(before, after, dict.fromkeys(elsewhere))
        == compared(before, after)
    )


def test_samples_without_weight_in_a_cluster_move_neither_interval_nor_test():
    before = {"a": (1.0, 1.0), "b": (1.0, 0.0), "c": (0.0, 1.0)}
    after = {"a": (1.0, 1.0), "b": (0.0, 0.0), "c": (1.0, 1.0)}

    found = compared(before, after, {("facts", "a"): "p", ("facts", "b"): "p"})

    # what has weight: a pair that both have right, one that only the candidate has
    assert (found.low, found.high) == newcombe(1, 0, 1, 0)
    assert found.p == 1.0
    assert (found.wins, found.losses, found.n_pairs) == (1, 1, 3)


def test_weights_make_the_difference_one_of_ratios():
    before = {"a": (0.5, 4.0), "b": (1.0, 6.0)}
    after = {"a": (1.0, 4.0), "b": (0.5, 12.0)}

    found = compared(before, after)

    assert found.delta == pytest.approx((4 + 6) / 16 - (2 + 6) / 10)
    assert (found.wins, found.losses) == (1, 1)


def test_samples_without_a_pair_are_dropped_and_counted():
    before, after = plain("1.10") | {"gone": (1.0, 1.0)}, plain("11.0") | {"new": (0.0, 1.0)}

    found = compared(before, after)

    assert (found.n_pairs, found.n_dropped) == (2, 4)
    assert found.delta == 0.0


def test_samples_are_paired_by_id_and_not_by_place():
    found = compared({"a": (1.0, 1.0), "b": (0.0, 1.0)}, {"b": (0.0, 1.0), "a": (1.0, 1.0)})

    assert (found.wins, found.losses, found.ties) == (0, 0, 2)


@pytest.mark.parametrize(
    ("before", "after"),
    [(plain(".."), plain("11")), (plain("1."), plain(".1")), ({"a": (1.0, 0.0)}, {"a": (1.0, 2.0)})],
)
def test_without_pairs_of_weight_there_is_neither_difference_nor_p(before, after):
    found = compared(before, after)

    assert (found.delta, found.low, found.high, found.p, found.p_adjusted) == (None,) * 5


def test_p_is_adjusted_over_all_comparisons_of_the_run():
    means = {
        BASE: plain("00000000"),
        SFT: plain("11111111"),
        ("lora", "facts", "exact"): plain("00001111"),
        ("base", "facts", "f1"): plain(".."),
        ("sft", "facts", "f1"): plain(".."),
    }

    sft, lora, unscored = compare_all(means, "base")

    assert (sft.p, sft.p_adjusted) == pytest.approx((2 / 256, 4 / 256))
    assert (lora.p, lora.p_adjusted) == pytest.approx((2 / 16, 2 / 16))
    assert unscored.p_adjusted is None


def test_q_is_that_of_benjamini_and_hochberg_over_all_comparisons_of_the_run():
    means = {BASE: plain("00000000"), SFT: plain("11111111"), ("lora", "facts", "exact"): plain("00001111")}
    means |= {("base", "facts", "f1"): plain(".."), ("sft", "facts", "f1"): plain("..")}

    sft, lora, unscored = compare_all(means, "base")

    assert (sft.q, lora.q, unscored.q) == (pytest.approx(2 * 2 / 256), pytest.approx(2 / 16), None)


def test_a_comparison_says_what_so_many_pairs_can_show():
    found = compared(plain("1100" * 10), plain("1101" * 10))

    assert found.detectable == detectable_share(40, 0.25)
    assert found.n_needed is None
    assert found.p < 0.05


def test_a_comparison_that_shows_nothing_says_how_many_pairs_would():
    found = compared(plain("1100" * 5 + "11"), plain("1100" * 5 + "10"))

    assert found.p == 1.0
    assert found.n_needed == needed_share(1 / 22, 1 / 22) > found.n_pairs


def test_behaviour_is_described_and_not_tested():
    [found] = compare_behaviour({BASE: plain("1100"), SFT: plain("1111")}, "base")

    assert (found.p, found.p_adjusted, found.q, found.detectable, found.n_needed) == (None,) * 5


def test_the_baseline_is_compared_with_nothing():
    assert compare_all({BASE: plain("10")}, "base") == []


def test_a_scorer_that_the_baseline_lacks_is_not_compared():
    assert compare_all({BASE: plain("10"), ("sft", "other", "exact"): plain("10")}, "base") == []
