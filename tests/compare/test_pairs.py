"""Comparisons on the same samples, and the samples that flipped."""

import pytest

from chateval.compare.pairs import SHOWN_CHARACTERS, compare_all, find_flips, shown_answer
from chateval.records import Response, Sample
from chateval.stats import mcnemar, newcombe, wilson

BASE, SFT = ("base", "facts", "exact"), ("sft", "facts", "exact")


def plain(text):
    """`10.` is a sample right, one wrong and one unscored; sample ids are their places."""
    marks = {"1": (1.0, 1.0), "0": (0.0, 1.0), ".": None, "h": (0.5, 1.0)}
    return {str(place): marks[mark] for place, mark in enumerate(text)}


def compared(before, after, clusters=None):
    [found] = compare_all({BASE: before, SFT: after}, "base", clusters)
    return found


def flips(before, after, *, target="Paris", question="Where?"):
    ids = before.keys() | after.keys()
    samples = {
        ("facts", name): Sample(
            id=name,
            inputs={},
            messages=({"role": "user", "content": "earlier"}, {"role": "user", "content": question}),
            target=target,
        )
        for name in ids
    }
    texts = {(one, "facts"): {name: f"{one} says {name}" for name in ids} for one in ("base", "sft")}
    reasons = {(one, "facts", "exact"): {name: f"{name} of {one}" for name in ids} for one in ("base", "sft")}
    return find_flips({BASE: before, SFT: after}, "base", samples, texts, reasons)


def test_delta_is_candidate_minus_baseline():
    found = compared(plain("1100"), plain("1111"))

    assert (found.baseline, found.candidate) == ("base", "sft")
    assert found.delta == pytest.approx(0.5)


def test_wins_losses_and_ties_are_counted_by_sample():
    found = compared(plain("110010h"), plain("101101h"))

    assert (found.wins, found.losses, found.ties, found.n_pairs) == (3, 2, 2, 7)


def test_plain_scores_get_newcombe_and_exact_mcnemar():
    found = compared(plain("11110000"), plain("11101111"))

    assert (found.low, found.high) == newcombe(3, 1, 4, 0)
    assert found.p == mcnemar(4, 1) == pytest.approx(2 * 6 / 32)


def test_other_scores_get_a_bootstrap_and_a_permutation():
    found = compared(plain("hhhhhhhh"), plain("11111111"))

    # eight pairs that all differ by 0.5: as wide as Wilson's for none of eight, cut at 1
    assert (found.delta, found.low, found.high) == pytest.approx((0.5, 0.5 - wilson(0, 8)[1], 0.5 + wilson(0, 8)[1]))
    assert found.p == pytest.approx(2 / 2**8, abs=0.003)


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


def test_the_baseline_is_compared_with_nothing():
    assert compare_all({BASE: plain("10")}, "base") == []


def test_a_scorer_that_the_baseline_lacks_is_not_compared():
    assert compare_all({BASE: plain("10"), ("sft", "other", "exact"): plain("10")}, "base") == []


def test_flips_have_both_directions_with_both_answers():
    lost, won = flips(plain("1100"), plain("1010"))

    assert (lost.sample_id, lost.won, lost.baseline_value, lost.candidate_value) == ("1", False, 1.0, 0.0)
    assert (won.sample_id, won.won, won.baseline_value, won.candidate_value) == ("2", True, 0.0, 1.0)
    assert (won.baseline_text, won.candidate_text) == ("base says 2", "sft says 2")
    assert (lost.baseline_text, lost.candidate_text) == ("base says 1", "sft says 1")


def test_a_flip_has_what_the_scorer_said_of_either_side():
    [found] = flips(plain("0"), plain("1"))

    assert (found.baseline_reason, found.candidate_reason) == ("0 of base", "0 of sft")


def test_a_flip_shows_the_last_question_and_the_target():
    [found] = flips(plain("0"), plain("1"), question="Which city?", target="Rome")

    assert (found.question, found.target) == ("Which city?", "Rome")


@pytest.mark.parametrize(
    ("before", "after", "n"),
    [("1", "1", 0), ("0", "h", 0), ("h", "1", 1), ("1", "h", 1), (".", "1", 0), ("1", ".", 0), ("0", "0", 0)],
)
def test_only_a_change_between_right_and_not_right_is_a_flip(before, after, n):
    assert len(flips(plain(before), plain(after))) == n


def test_a_sample_that_one_side_lacks_is_no_flip():
    assert flips({"a": (1.0, 1.0)}, {"b": (1.0, 1.0)}) == []


def test_long_texts_are_cut():
    [found] = flips(plain("0"), plain("1"), question="q" * 9000 + "end", target="t" * 9000)

    assert len(found.target) == SHOWN_CHARACTERS
    assert len(found.question) <= SHOWN_CHARACTERS + 10
    assert found.question.endswith("end")


@pytest.mark.parametrize(
    ("response", "choices", "shown"),
    [
        (Response("a", "Paris", "eos"), (), "Paris"),
        (Response("a", "", "eos"), ("Paris", "Rome"), "Rome"),
        (Response("a", "", "error", error="too long"), ("Paris", "Rome"), "[error: too long]"),
        (Response("a", "", "eos"), (), ""),
    ],
)
def test_the_shown_answer_is_the_text_the_choice_or_the_error(response, choices, shown):
    assert shown_answer(response, Sample(id="a", inputs={}, choices=choices), "Rome") == shown
