from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chateval.engine.transformers import TransformersEngine
from chateval.engine.weights import Weights
from chateval.errors import CheckpointError
from chateval.records import Checkpoint, Decoding, Prompt
from chateval.template import find_facts, open_tokenizer

TEXTS = ["one", "the quick brown fox jumps over the lazy dog", "What is the capital of France? Paris", "yes no ten"]


class Asked(TransformersEngine):
    """The engine, asked for one list of prompts at a time."""

    def answer(self, prompts):
        found = {id(p): r for answers in self.respond(self.plan(prompts)) for p, r in answers}
        assert len(found) == len(prompts)
        return [found[id(prompt)] for prompt in prompts]


class Bench:
    """A checkpoint with its tokenizer, facts and engine, for a test."""

    def __init__(self, folder: Path, adapter: Path | None = None, weights: Weights | None = None) -> None:
        self.tokenizer = open_tokenizer(folder)
        self.facts = find_facts(self.tokenizer, source="tokenizer", eos_ids=[2])
        self.weights = weights or Weights(folder, dtype="float32")
        self.checkpoint = Checkpoint(
            name="tiny",
            kind="lora" if adapter else "chat",
            path=str(adapter or folder),
            base_path=str(folder) if adapter else None,
            adapter_digest=f"{adapter.name if adapter else ''}",
        )

    def engine(self, stop_ids=None) -> Asked:
        facts = self.facts if stop_ids is None else replace(self.facts, stop_ids=tuple(stop_ids))
        return Asked(self.checkpoint, self.tokenizer, facts, self.weights)

    def prompts(self, decoding: Decoding, texts=TEXTS) -> list[Prompt]:
        return [
            Prompt(f"{index:016x}", (), text, tuple(self.tokenizer(text)["input_ids"]), decoding)
            for index, text in enumerate(texts)
        ]

    def alone(self, prompt: Prompt, n: int) -> list[int]:
        """Return what transformers itself generates for one prompt."""
        with self.weights.use(None, None) as model:
            ids = torch.tensor([prompt.ids])
            output = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                max_new_tokens=n,
                eos_token_id=[2**31 - 1],
            )
        return output[0, ids.shape[1] :].tolist()


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


@pytest.mark.parametrize("normal", [False, True])
def test_logits_that_are_not_finite_are_an_error_of_their_sample_only(bench, normal):
    prompts = bench.prompts(Decoding(max_new_tokens=6))
    marked = prompts[2].ids[-1]

    def poison(module, inputs, output):
        return output if normal else output.masked_fill((inputs[0] == marked)[..., None], torch.nan)

    clean = [bench.alone(prompt, 6) for prompt in prompts]
    bench.engine().answer(prompts[:1])  # the model is tried while it is sound
    with bench.weights.use(None, None) as model:
        hook = model.get_input_embeddings().register_forward_hook(poison)
    responses = bench.engine(stop_ids=[]).answer(prompts)
    hook.remove()

    if normal:
        assert {response.finish for response in responses} == {"length"}
    else:
        assert responses[2].finish == "error"
        assert responses[2].error == "non-finite logits at step 1"
        assert [list(responses[n].output_ids) for n in (0, 1, 3)] == [clean[n] for n in (0, 1, 3)]


def test_a_batch_that_does_not_fit_is_halved_and_answers_the_same(bench, caplog):
    prompts = bench.prompts(Decoding(max_new_tokens=6))
    expected = bench.engine(stop_ids=[]).answer(prompts)

    def too_many(module, args, kwargs):
        if kwargs["input_ids"].shape[1] > 2 + max(len(prompt.ids) for prompt in prompts):
            raise torch.OutOfMemoryError("CUDA out of memory")

    with bench.weights.use(None, None) as model:
        hook = model.register_forward_pre_hook(too_many, with_kwargs=True)
    responses = bench.engine(stop_ids=[]).answer(prompts)
    hook.remove()

    assert [r.output_ids for r in responses] == [r.output_ids for r in expected]
    assert [record.message for record in caplog.records] == ["out of memory at 4 prompts: the batch is halved"]


def test_a_prompt_that_does_not_fit_by_itself_is_an_error(bench):
    def never(module, args, kwargs):
        raise MemoryError

    bench.engine().answer(bench.prompts(Decoding(max_new_tokens=1)))  # the model is tried while there is memory
    with bench.weights.use(None, None) as model:
        hook = model.register_forward_pre_hook(never, with_kwargs=True)
    responses = bench.engine().answer(bench.prompts(Decoding(max_new_tokens=6)))
    hook.remove()

    assert all("out of memory" in response.error for response in responses)


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


def test_sampled_answers_do_not_depend_on_the_batch(bench):
    decoding = Decoding(max_new_tokens=8, temperature=1.0, top_p=0.9, seed=3, repeats=2)
    prompts = [replace(p, repeat=repeat) for p in bench.prompts(decoding) for repeat in (0, 1)]
    engine = bench.engine(stop_ids=[])

    together = engine.answer(prompts)
    alone = [engine.answer([prompt])[0] for prompt in prompts]

    assert together == alone
    assert together[0].output_ids != together[1].output_ids


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
