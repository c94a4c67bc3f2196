from dataclasses import replace

import pytest
import torch
from bench import Bench

from chateval.engine.weights import Weights
from chateval.errors import CheckpointError
from chateval.records import Decoding


@pytest.fixture
def bench(tiny_chat):
    return Bench(tiny_chat)


def test_a_batch_answers_as_transformers_does_one_prompt_at_a_time(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=24))

    responses = bench.engine(stop_ids=[]).answer(prompts)

    assert [list(response.output_ids) for response in responses] == [bench.alone(prompt, 24) for prompt in prompts]


def test_each_row_of_a_batch_has_its_own_limit(bench):
    prompts = [
        replace(prompt, decoding=Decoding(max_new_tokens=limit))
        for prompt, limit in zip(bench.prompts(Decoding()), (1, 5, 17, 9), strict=True)
    ]

    responses = bench.engine(stop_ids=[]).answer(prompts)

    assert [len(response.output_ids) for response in responses] == [1, 5, 17, 9]
    assert {response.finish for response in responses} == {"length"}


def test_a_stop_id_ends_its_row_only_and_is_not_part_of_the_text(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=12))
    free = bench.alone(prompts[0], 12)
    stop_id = free[4]

    responses = bench.engine(stop_ids=[stop_id]).answer(prompts)

    expected = free[: free.index(stop_id) + 1]
    assert list(responses[0].output_ids) == expected
    assert responses[0].finish == "eos"
    assert responses[0].text == bench.tokenizer.decode(expected[:-1], skip_special_tokens=True)
    for prompt, response in zip(prompts, responses, strict=True):
        assert (response.finish == "eos") == (stop_id in bench.alone(prompt, 12))


def test_an_answer_that_ends_exactly_at_its_limit_with_a_stop_id_has_finished_by_itself(bench):
    prompt = bench.prompts(Decoding(max_new_tokens=3))[0]
    last = bench.alone(prompt, 3)[2]

    [response] = bench.engine(stop_ids=[last]).answer([prompt])

    assert response.finish == "eos"


def test_a_stop_string_cuts_the_text_of_its_own_row(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=12))
    text = bench.tokenizer.decode(bench.alone(prompts[1], 12), skip_special_tokens=True)
    stop = text[3:6]
    prompts[1] = replace(prompts[1], decoding=Decoding(max_new_tokens=12, stop=(stop,)))

    responses = bench.engine(stop_ids=[]).answer(prompts)

    assert responses[1].finish == "stop"
    assert responses[1].text == text[: text.index(stop)]
    assert responses[0].finish == "length"
    assert list(responses[0].output_ids) == bench.alone(prompts[0], 12)


def test_raw_text_keeps_special_tokens_that_text_drops(bench):
    prompt = bench.prompts(Decoding(max_new_tokens=2))[0]
    first = bench.alone(prompt, 1)[0]
    engine = bench.engine(stop_ids=[first])

    [response] = engine.answer([prompt])

    assert response.raw_text == bench.tokenizer.decode([first])
    assert response.text == ""


def test_choices_have_the_log_probabilities_of_a_plain_forward_pass(bench):
    prompts = [replace(prompt, choice_ids=((5, 9, 300), (7,), (21, 22))) for prompt in bench.prompts(Decoding())]

    responses = bench.engine().answer(prompts)

    for prompt, response in zip(prompts, responses, strict=True):
        for choice, logprobs in zip(prompt.choice_ids, response.choice_logprobs, strict=True):
            with bench.weights.use(None, None) as model:
                logits = model(torch.tensor([[*prompt.ids, *choice]])).logits[0].float().log_softmax(-1)
            places = range(len(prompt.ids) - 1, len(prompt.ids) + len(choice) - 1)
            expected = [float(logits[place, number]) for place, number in zip(places, choice, strict=True)]
            assert logprobs == pytest.approx(expected, abs=1e-4)


def test_adapters_and_base_share_one_model_and_answer_as_they_do_alone(tiny_chat, tiny_loras):
    weights = Weights(tiny_chat, dtype="float32")
    base, first, second = (Bench(tiny_chat, adapter, weights) for adapter in (None, *tiny_loras))
    prompts = base.prompts(Decoding(max_new_tokens=10))

    in_turn = [b.engine().answer(prompts) for b in (base, first, second, base, first)]
    alone = [Bench(tiny_chat, adapter).engine().answer(prompts) for adapter in (None, *tiny_loras)]

    assert in_turn[0] == in_turn[3] == alone[0]
    assert in_turn[1] == in_turn[4] == alone[1]
    assert in_turn[2] == alone[2]
    assert alone[0] != alone[1] != alone[2]


def test_an_adapter_makes_room_for_others_and_answers_the_same_when_it_is_back(tiny_chat, tiny_loras, monkeypatch):
    monkeypatch.setattr("chateval.engine.weights.MAX_ADAPTERS", 1)
    weights = Weights(tiny_chat, dtype="float32")
    base, first, second = (Bench(tiny_chat, adapter, weights) for adapter in (None, *tiny_loras))
    prompts = base.prompts(Decoding(max_new_tokens=10))
    with weights.use(None, None) as model:
        n_base = sum(p.numel() for p in model.parameters())

    in_turn = [b.engine().answer(prompts) for b in (base, first, second, first, base)]
    with weights.use(None, None) as model:
        n_after = sum(p.numel() for p in model.parameters())

    assert in_turn[1] == in_turn[3] != in_turn[2]
    assert in_turn[0] == in_turn[4] == Bench(tiny_chat).engine().answer(prompts)
    assert n_after - n_base < 2000


def test_an_adapter_adds_its_own_tensors_only(tiny_chat, tiny_loras):
    weights = Weights(tiny_chat, dtype="float32")
    with weights.use(None, None) as model:
        before = {p.data_ptr() for p in model.parameters()}

    with weights.use(tiny_loras[0], "a"), weights.use(tiny_loras[1], "b") as model:
        after = {p.data_ptr(): p.numel() for p in model.parameters()}

    assert before <= after.keys()
    assert sum(size for pointer, size in after.items() if pointer not in before) < 4000


def test_drawing_follows_the_probabilities(bench):
    from chateval.engine.decode import _draw

    scores = torch.tensor([2.0, 1.0, 0.0, -1.0])
    generator = torch.Generator().manual_seed(0)
    drawn = [int(_draw(scores, 1.0, 1.0, generator).argmax()) for _ in range(4000)]
    kept = {int(_draw(scores, 1.0, 0.8, generator).argmax()) for _ in range(500)}

    expected = scores.softmax(-1)
    for index in range(4):
        assert drawn.count(index) / 4000 == pytest.approx(float(expected[index]), abs=0.03)
    assert kept == {0, 1}


def test_a_repetition_penalty_of_the_checkpoint_is_kept_and_not_disturbed_by_padding(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=10))
    with bench.weights.use(None, None) as model:
        model.generation_config.repetition_penalty = 1.7
    expected = [bench.alone(prompt, 10) for prompt in prompts]

    responses = bench.engine(stop_ids=[]).answer(prompts)

    assert [list(response.output_ids) for response in responses] == expected


def test_ids_beyond_the_embeddings_are_named(bench):
    prompts = [replace(prompt, ids=(*prompt.ids, 100_000)) for prompt in bench.prompts(Decoding())]

    with pytest.raises(CheckpointError, match=r"writes id 100000, the model embeds 400 ids"):
        bench.engine().answer(prompts)


def test_a_special_token_as_stop_string_ends_its_row(bench):
    prompt = bench.prompts(Decoding(max_new_tokens=3))[0]
    special = bench.tokenizer.decode([1])
    with bench.weights.use(None, None) as model:
        bias = model.lm_head.register_forward_hook(
            lambda module, args, output: output.index_fill(-1, torch.tensor(1), 99.0)
        )
    prompt = replace(prompt, decoding=Decoding(max_new_tokens=3, stop=(special,)))

    [response] = bench.engine(stop_ids=[]).answer([prompt])
    bias.remove()

    assert (response.finish, response.output_ids, response.text) == ("stop", (1,), "")


def test_settings_about_lengths_and_ways_of_decoding_are_not_the_checkpoints(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=8))
    expected = bench.engine(stop_ids=[]).answer(prompts)
    with bench.weights.use(None, None) as model:
        own = model.generation_config
        own.min_length, own.penalty_alpha, own.prompt_lookup_num_tokens = 40, 0.6, 3

    responses = bench.engine(stop_ids=[]).answer(prompts)

    assert responses == expected
    assert model.generation_config is own
