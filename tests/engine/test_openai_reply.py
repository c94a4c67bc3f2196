import pytest

pytest.importorskip("openai")

from chateval.engine.openai.reply import (
    Asked,
    OddReply,
    read_completion,
    read_named_logprobs,
    read_prompt_logprobs,
)

IDS = (1, 40, 7)


def completion(**choice):
    choice = {"index": 0, "text": "Paris", "finish_reason": "stop", **choice}
    return {"model": "tiny", "choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def scored(**choice):
    return {"model": "tiny", "choices": [choice]}


@pytest.mark.parametrize(
    ("echoed", "is_taken"),
    [
        ("tiny", True),
        ("tiny@main", True),
        ("tiny-2026-01-31", True),
        ("tiny-20260131", True),
        ("tiny-large", False),
        ("tiny2", False),
        ("./tiny", False),
        (None, False),
    ],
)
def test_the_model_that_answers_is_the_one_that_was_asked(echoed, is_taken):
    reply = completion() | {"model": echoed}

    if is_taken:
        assert read_completion(reply, Asked("tiny", 8)).text == "Paris"
    else:
        with pytest.raises(OddReply, match="^model is "):
            read_completion(reply, Asked("tiny", 8))


@pytest.mark.parametrize("n_counted", [2, 4])
def test_a_prompt_of_another_length_is_not_the_one_that_was_sent(n_counted):
    reply = completion() | {"usage": {"prompt_tokens": n_counted, "completion_tokens": 2}}

    with pytest.raises(OddReply, match=rf"^usage\.prompt_tokens is {n_counted}, the prompt has 3"):
        read_completion(reply, Asked("tiny", 8, prompt_ids=IDS))


def test_a_token_that_the_server_is_known_to_add_is_counted():
    reply = completion() | {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}

    assert read_completion(reply, Asked("tiny", 8, prompt_ids=IDS, n_added=1)).n_prompt_tokens == 4


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, "choices[0].prompt_token_ids is missing, not a list of ids"),
        ({"prompt_token_ids": [1, 40, 7]}, "choices[0].token_ids is missing, not a list of ids"),
        (
            {"prompt_token_ids": [0, 1, 40, 7], "token_ids": [5, 2]},
            "choices[0].prompt_token_ids: 4 ids, other ones than the 3 sent",
        ),
        (
            {"prompt_token_ids": [1, 40, 7], "token_ids": [5, "2"]},
            "choices[0].token_ids is [5, '2'], not a list of ids",
        ),
        (
            {"prompt_token_ids": [1, 40, 7], "token_ids": [5, 6, 2]},
            "choices[0].token_ids has 3 ids, usage.completion_tokens is 2",
        ),
    ],
)
def test_ids_that_were_asked_for_are_there_and_are_those_of_the_prompt(choice, said):
    with pytest.raises(OddReply) as found:
        read_completion(completion(**choice), Asked("tiny", 8, prompt_ids=IDS, wants_ids=True))

    assert str(found.value) == said


@pytest.mark.parametrize(
    ("text", "kept"), [("Paris", "Paris"), ("Paris\nQ:", "Paris"), ("\nQ:", ""), ("Q", "Q"), ("", "")]
)
def test_a_stop_string_that_a_server_leaves_at_the_end_is_cut(text, kept):
    assert read_completion(completion(text=text), Asked("tiny", 8, stop=("\nQ:",))).text == kept


def test_half_a_character_is_replaced():
    assert read_completion(completion(text="a\ud800b"), Asked("tiny", 8)).text == "a\ufffdb"


def test_a_text_that_goes_on_after_a_stop_string_was_not_stopped():
    with pytest.raises(OddReply, match=r"^stop: the text goes on after 'Q:'"):
        read_completion(completion(text="Paris Q: and so on"), Asked("tiny", 8, stop=("Q:",)))


@pytest.mark.parametrize("reply", [None, [], "Paris", 3, {}, {"choices": "x", "model": "tiny"}])
def test_anything_else_than_a_reply_is_odd(reply):
    with pytest.raises(OddReply):
        read_completion(reply, Asked("tiny", 8))


def test_log_probabilities_are_those_of_the_ids_that_were_sent():
    mapped = scored(prompt_logprobs=[None, {"40": {"logprob": -0.5}, "9": {"logprob": -3}}, {"7": {"logprob": -2}}])
    echoed = scored(
        logprobs={"tokens": ["token_id:1", "token_id:40", " 7", "x"], "token_logprobs": [None, -0.5, -2, 0]}
    )

    assert read_prompt_logprobs(mapped, "tiny", IDS, str) == (-0.5, -2.0)
    assert read_prompt_logprobs(echoed, "tiny", IDS, lambda number: f" {number}") == (-0.5, -2.0)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, "neither choices[0].prompt_logprobs nor choices[0].logprobs is in the reply"),
        ({"prompt_logprobs": [None, {"40": {"logprob": -1}}]}, "choices[0].prompt_logprobs has 2 entries for 3 ids"),
        (
            {"prompt_logprobs": [None, {"41": {"logprob": -1}}, {"7": {"logprob": -1}}]},
            "choices[0].prompt_logprobs[1] has nothing for id 40",
        ),
        (
            {"prompt_logprobs": [None, {"40": {"logprob": -1}}, {"7": {}}]},
            "choices[0].prompt_logprobs[2].7.logprob is missing, not a number",
        ),
        (
            {"prompt_logprobs": [None, {"40": {"logprob": -9999.0}}, {"7": {"logprob": -1}}]},
            "choices[0].prompt_logprobs[1].40.logprob is -9999, no log-probability",
        ),
        (
            {"prompt_logprobs": [None, {"40": {"logprob": 0.5}}, {"7": {"logprob": -1}}]},
            "choices[0].prompt_logprobs[1].40.logprob is 0.5, no log-probability",
        ),
        ({"logprobs": {"tokens": ["a"]}}, "choices[0].logprobs has no token and log-probability for each of 3 ids"),
        (
            {"logprobs": {"tokens": ["1", "4", "7"], "token_logprobs": [None, -1, -1]}},
            "choices[0].logprobs.tokens[1] is '4', not '40'",
        ),
        (
            {"logprobs": {"tokens": ["1", "40", "7"], "token_logprobs": [None, -1, None]}},
            "choices[0].logprobs.token_logprobs[2] is missing, not a number",
        ),
    ],
)
def test_a_log_probability_that_is_missing_or_another_token_s_is_an_error(choice, said):
    with pytest.raises(OddReply) as found:
        read_prompt_logprobs(scored(**choice), "tiny", IDS, str)

    assert str(found.value) == said


@pytest.mark.parametrize(
    ("logprobs", "said"),
    [
        (None, "choices[0].logprobs.top_logprobs is missing, not one mapping"),
        ({"top_logprobs": []}, "choices[0].logprobs.top_logprobs is [], not one mapping"),
        (
            {"top_logprobs": [{"token_id:5": -1}]},
            "choices[0].logprobs.top_logprobs[0].token_id:6 is missing, not a number",
        ),
        (
            {"top_logprobs": [{"token_id:5": -1, "token_id:6": True}]},
            "choices[0].logprobs.top_logprobs[0].token_id:6 is True, not a number",
        ),
    ],
)
def test_a_named_token_without_a_log_probability_is_an_error(logprobs, said):
    reply = completion(prompt_token_ids=[1, 40, 7], token_ids=[9], finish_reason="length", logprobs=logprobs)
    reply["usage"]["completion_tokens"] = 1

    with pytest.raises(OddReply) as found:
        read_named_logprobs(reply, "tiny", IDS, (5, 6))

    assert str(found.value) == said
