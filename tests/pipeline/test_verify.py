from dataclasses import replace

import pytest

from chateval.engine import FakeEngine
from chateval.errors import ConfigError, EngineError
from chateval.pipeline.verify import verify
from chateval.records import Decoding, Prompt, Response

CHOOSING = Prompt("a", (), "", (1, 2), Decoding(), ((3, 4), (5,)))
GENERATING = Prompt("b", (), "", (1, 2), Decoding())
CHOSEN = Response("a", "", "eos", choice_logprobs=((-1.0, -2.0), (-3.0,)))
SAID = Response("b", "x", "length", output_ids=(7, 8, 9))


class Plain(FakeEngine):
    """Answers the plain way with what it is given; the tokens of a tie are as probable as `tie` says."""

    def __init__(self, *responses, tie=0.0):
        super().__init__()
        self.known = {response.sample_id: response for response in responses}
        self.tie = tie

    def respond_plainly(self, prompts):
        found = []
        for prompt in prompts:
            response = self.known[prompt.sample_id]
            if prompt.sample_id == "b" and prompt.choice_ids:
                response = replace(response, choice_logprobs=((-1.0,), (-1.0 - self.tie,)))
            found.append(response)
        return found


def test_equal_answers_are_verified_and_counted():
    found = verify("base", "float32", Plain(CHOSEN, SAID), [(CHOOSING, CHOSEN), (GENERATING, SAID)])

    assert (found.n_choices, found.largest, found.n_answers, found.n_other) == (2, 0.0, 1, 0)
    assert str(found) == (
        "base (float32) against the plain way: 2 choices, log-probabilities at most 0.0e+00 apart; 1 of 1 answers equal"
    )


@pytest.mark.parametrize("logprobs", [((-1.0, -2.0), (-3.001,)), ((-1.0,), (-3.0,))])
def test_other_log_probabilities_are_our_fault_in_float32(logprobs):
    engine = Plain(replace(CHOSEN, choice_logprobs=logprobs))

    with pytest.raises(EngineError, match="do not trust these numbers") as raised:
        verify("base", "float32", engine, [(CHOOSING, CHOSEN)])

    assert raised.value.exit_code == 70


def test_in_bfloat16_the_difference_is_told():
    engine = Plain(replace(CHOSEN, choice_logprobs=((-1.0, -2.5), (-3.0,))), replace(SAID, output_ids=(7, 1)))

    found = verify("base", "bfloat16", engine, [(CHOOSING, CHOSEN), (GENERATING, SAID)])

    assert (found.largest, found.n_other) == (0.5, 1)


def test_another_token_is_forgiven_only_where_both_are_equally_probable():
    other = replace(SAID, output_ids=(7, 5, 9))

    assert verify("base", "float32", Plain(other, tie=1e-6), [(GENERATING, SAID)]).n_other == 0
    with pytest.raises(EngineError, match="0 of 1 answers equal"):
        verify("base", "float32", Plain(other, tie=0.01), [(GENERATING, SAID)])


def test_an_answer_that_ends_early_is_another_one():
    with pytest.raises(EngineError, match="0 of 1 answers equal"):
        verify("base", "float32", Plain(replace(SAID, output_ids=(7, 8))), [(GENERATING, SAID)])


def test_an_engine_without_a_plain_way_is_named():
    with pytest.raises(ConfigError, match="fake has no plain way"):
        verify("base", "float32", FakeEngine(), [(GENERATING, SAID)])
