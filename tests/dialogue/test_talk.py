"""Who speaks next, and how a dialogue ends."""

from dataclasses import replace

import pytest

from chateval.dialogue import Talk
from chateval.records import Decoding, DialogueLimits, DialogueSpec, Prompt, Response, Sample, SimulatedUser

SAMPLE = Sample("0" * 16, {}, messages=({"role": "user", "content": "Hello."},), turns=("And now?", "Thank you."))
PLAYED = DialogueSpec(user=SimulatedUser("customer", max_turns=2))


WRITTEN = DialogueSpec()


def talk(sample=SAMPLE, spec=WRITTEN, **limits):
    return Talk(sample, replace(spec, limits=DialogueLimits(**limits)), None, None)


def prompt_of(one, **said):
    return Prompt(SAMPLE.id, one.messages, "text", (1, 2, 3), Decoding(max_new_tokens=8), **said)


def answer(one, text="Yes.", *, n_tokens=5, **said):
    """Let a dialogue take an answer; return who speaks next."""
    response = Response(SAMPLE.id, text, "eos", raw_text=text, output_ids=(7,) * n_tokens, n_prompt_tokens=3, **said)
    return one.take(prompt_of(one), response)


def outgrow(one):
    """Let a dialogue take the prompt that no longer fits; return who speaks next."""
    error = "9 prompt tokens and 8 for the answer exceed the checkpoint's limit of 16"
    prompt = prompt_of(one, error=error)
    return one.take(prompt, Response(SAMPLE.id, "", "error", error=error), is_outgrown=True)


def test_a_written_user_speaks_until_the_turns_are_said():
    one = talk()

    moves = [answer(one, text) for text in ("Hi.", "Now.", "Bye.")]
    prompt, response, dialogue = one.response()

    assert moves == ["model", "model", "end"]
    assert [message["content"] for message in prompt.messages] == ["Hello.", "Hi.", "And now?", "Now.", "Thank you."]
    assert (response.text, dialogue.ending, len(dialogue.rounds)) == ("Bye.", "answered", 3)
    assert [round.told for round in dialogue.rounds] == [
        SAMPLE.messages,
        ({"role": "user", "content": "And now?"},),
        ({"role": "user", "content": "Thank you."},),
    ]


@pytest.mark.parametrize(
    ("limits", "n_rounds", "ending"),
    [({"max_rounds": 2}, 2, "rounds"), ({"max_tokens": 10}, 2, "tokens"), ({"max_tokens": 11}, 3, "answered")],
)
def test_a_limit_ends_a_dialogue_and_is_named(limits, n_rounds, ending):
    one = talk(**limits)
    while answer(one) == "model":
        pass

    _, response, dialogue = one.response()

    assert (len(dialogue.rounds), dialogue.ending) == (n_rounds, ending)
    assert response.error is None


def test_a_played_user_is_asked_after_each_answer_up_to_its_turns():
    one = talk(replace(SAMPLE, turns=(), user="You are curious."), PLAYED)

    moves = []
    for turn in ("More?", "Even more?", "unheard"):
        moves.append(answer(one))
        if moves[-1] == "user":
            one.hear(turn)

    assert moves == ["user", "user", "end"]
    assert [message["content"] for message in one.messages] == ["Hello.", "Yes.", "More?", "Yes.", "Even more?", "Yes."]


def test_a_played_user_who_has_nothing_to_add_ends_the_dialogue_by_the_last_answer():
    one = talk(replace(SAMPLE, turns=()), PLAYED)
    answer(one, "All done.")

    one.hear(None)
    _, response, dialogue = one.response()

    assert (response.text, response.error, dialogue.ending) == ("All done.", None, "answered")


def test_a_users_model_that_fails_leaves_the_dialogue_unscored_with_the_reason():
    one = talk(replace(SAMPLE, turns=()), PLAYED)
    answer(one, "All done.")

    one.lose_user("status 500: out of memory")
    _, response, dialogue = one.response()

    assert response.finish == "error"
    assert response.error == "the user's model after round 1: status 500: out of memory"
    assert (dialogue.ending, dialogue.rounds[0].text) == ("fault", "All done.")


def test_a_later_round_without_an_answer_is_a_fault_that_names_the_round():
    one = talk()
    answer(one)

    move = answer(one, "", error="status 500")
    _, response, dialogue = one.response()

    assert (move, response.error, dialogue.ending) == ("end", "round 2: status 500", "fault")


@pytest.mark.parametrize("history", ["as_prompt", "drop_oldest_turns"])
def test_a_history_that_does_not_fit_is_unscored_unless_the_task_says_that_it_ends_there(history):
    one = talk(history=history)
    answer(one)

    move = outgrow(one)
    _, response, dialogue = one.response()

    assert (move, dialogue.ending, len(dialogue.rounds)) == ("end", "context", 2)
    assert response.error == "round 2: 9 prompt tokens and 8 for the answer exceed the checkpoint's limit of 16"


def test_a_dialogue_that_may_end_by_its_context_is_scored_by_the_answer_before():
    one = talk(history="end")
    answer(one, "Hi.")

    move = outgrow(one)
    prompt, response, dialogue = one.response()

    assert (move, dialogue.ending, len(dialogue.rounds)) == ("end", "context", 1)
    assert (prompt.error, response.error, response.text) == (None, None, "Hi.")


def test_a_first_prompt_that_does_not_fit_is_unscored_in_any_case():
    one = talk(history="end")

    outgrow(one)
    _, response, dialogue = one.response()

    assert response.error is not None
    assert dialogue.ending == "context"
