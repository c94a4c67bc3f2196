from chateval.compare import ThinkingSums
from chateval.records import Response, ThinkingCount


def response(n_tokens, n_thinking=None, **said):
    ids = (7,) * n_tokens
    return Response("0" * 16, "b" * 10, "eos", output_ids=ids, n_reasoning_tokens=n_thinking, **said)


def test_a_checkpoint_that_never_thought_has_no_lengths():
    sums = ThinkingSums()
    sums.take(response(9))

    assert sums.found() is None


def test_lengths_of_thinking_and_of_the_answers_behind_it():
    sums = ThinkingSums()
    for n_thinking in range(1, 21):
        sums.take(response(30, n_thinking, reasoning="a"))
    sums.take(response(40, 40, reasoning="a", is_incomplete=True))

    assert sums.found() == ThinkingCount(n=21, mean=250 / 21, p95=20, answer_mean=19.5, answer_p95=28)


def test_thinking_that_nobody_counted_is_reckoned_by_characters_and_said_to_be():
    sums = ThinkingSums()
    sums.take(response(20, reasoning="a" * 30))

    assert sums.found() == ThinkingCount(n=1, mean=15.0, p95=15, answer_mean=5.0, answer_p95=5, n_estimated=1)


def test_a_server_that_counts_no_tokens_leaves_no_length():
    sums = ThinkingSums()
    sums.take(response(0, reasoning="a"))

    assert sums.found() == ThinkingCount(n=1, mean=None, p95=None, answer_mean=None, answer_p95=None)
