"""Fault 20: memory runs out for a batch, for one prompt, for what prompts share, or before anything was answered."""

from dataclasses import replace

import pytest
import torch
from bench import Bench

from chateval.engine.batch import WORTH_SHARING_TOKENS
from chateval.records import Decoding

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried to"),
]
HALVED = "out of memory at 4 prompts: the batch is halved"


@pytest.fixture
def bench(tiny_chat):
    found = Bench(tiny_chat)
    found.engine().answer(found.prompts(Decoding(max_new_tokens=1)))  # the model is tried while there is memory
    return found


class Limit:
    """Lets a model run so many tokens a pass and no more; counts the passes."""

    def __init__(self, bench, n_tokens, error):
        self.n_passes = self.n_refused = 0
        self._n_tokens, self._error = n_tokens, error
        with bench.weights.use(None, None) as model:
            self._hook = model.register_forward_pre_hook(self, with_kwargs=True)

    def __call__(self, module, args, kwargs):
        self.n_passes += 1
        if kwargs["input_ids"].numel() > self._n_tokens:
            self.n_refused += 1
            raise self._error

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._hook.remove()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_batch_that_does_not_fit_is_halved_said_once_and_answers_the_same(bench, error, caplog):
    prompts = bench.prompts(Decoding(max_new_tokens=6))
    expected = bench.engine(stop_ids=[]).answer(prompts)
    alone = [bench.engine(stop_ids=[]).answer([prompt])[0] for prompt in prompts]

    with Limit(bench, 2 + max(len(prompt.ids) for prompt in prompts), error) as limit:
        responses = bench.engine(stop_ids=[]).answer(prompts)

    assert responses == expected == alone
    assert [record.message for record in caplog.records] == [HALVED]
    assert 1 <= limit.n_refused <= 3


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_choices_that_do_not_fit_are_halved_and_score_the_same(bench, error, caplog):
    prompts = [replace(prompt, choice_ids=((5, 9, 300), (7,), (21, 22))) for prompt in bench.prompts(Decoding())]
    expected = bench.engine().answer(prompts)

    with Limit(bench, 5 + max(len(prompt.ids) for prompt in prompts), error):
        responses = bench.engine().answer(prompts)

    assert [record.message for record in caplog.records] == [HALVED]
    for found, other in zip(responses, expected, strict=True):
        for choice, same in zip(found.choice_logprobs, other.choice_logprobs, strict=True):
            assert choice == pytest.approx(same, abs=1e-4)


def test_one_prompt_that_does_not_fit_is_an_error_and_the_run_goes_on(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=4))
    expected = bench.engine(stop_ids=[]).answer(prompts)
    longest = max(prompts, key=lambda prompt: len(prompt.ids))

    with Limit(bench, len(longest.ids) - 1, ERRORS[0]):
        responses = bench.engine(stop_ids=[]).answer(prompts)

    for prompt, found, other in zip(prompts, responses, expected, strict=True):
        if prompt is longest:
            assert found.error == f"out of memory on a prompt of {len(longest.ids)} tokens by itself"
        else:
            assert found == other


@pytest.mark.parametrize("choice_ids", [(), ((5, 9), (7,))])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_where_nothing_fits_each_sample_is_an_error_and_nothing_is_tried_for_ever(bench, error, choice_ids):
    prompts = [replace(p, choice_ids=choice_ids) for p in bench.prompts(Decoding(max_new_tokens=6)) * 8]

    with Limit(bench, 0, error) as limit:
        responses = bench.engine().answer(prompts)

    assert all(response.error.startswith("out of memory on a prompt of ") for response in responses)
    assert limit.n_passes <= 4 * len(prompts)


@pytest.mark.parametrize("choice_ids", [(), ((5, 9), (7,))])
def test_a_beginning_that_does_not_fit_by_itself_is_not_shared(bench, choice_ids):
    shared = tuple(range(10, 10 + WORTH_SHARING_TOKENS))
    prompts = [
        replace(p, ids=(*shared, *p.ids), choice_ids=choice_ids) for p in bench.prompts(Decoding(max_new_tokens=3))
    ]
    with Limit(bench, 0, ERRORS[0]):
        responses = bench.engine().answer(prompts)
    assert all(response.error.startswith("out of memory on a prompt of ") for response in responses)
    assert all(response.error is None for response in bench.engine().answer(prompts))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_model_that_does_not_even_fit_its_trial_gives_errors_and_no_crash(tiny_chat, error):
    bench = Bench(tiny_chat)
    prompts = bench.prompts(Decoding(max_new_tokens=2))
    prompts[1] = replace(prompts[1], choice_ids=((5,), (7,)))

    with Limit(bench, 0, error):
        responses = bench.engine().answer([prompts[0]]) + bench.engine().answer([prompts[1]])

    assert all(response.error.startswith("out of memory on a prompt of ") for response in responses)


def test_the_plain_way_makes_an_error_of_it_too(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=3))

    with Limit(bench, 3, ERRORS[2]):
        responses = bench.engine().respond_plainly(prompts)

    assert [response.finish == "error" for response in responses] == [len(prompt.ids) > 3 for prompt in prompts]


def test_another_error_of_the_model_is_not_swallowed(bench):
    with Limit(bench, 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied")), pytest.raises(RuntimeError):
        bench.engine().answer(bench.prompts(Decoding(max_new_tokens=2)))


def test_nothing_of_a_batch_that_did_not_fit_is_held(bench):
    import gc
    import weakref

    slots = []

    def refuse(module, args, output):
        if output.shape[1] > 20:
            slots.append(weakref.ref(output))
            raise MemoryError

    prompts = bench.prompts(Decoding(max_new_tokens=3))
    with bench.weights.use(None, None) as model:
        hook = model.model.layers[1].register_forward_hook(
            lambda module, args, output: refuse(module, args, output[0] if isinstance(output, tuple) else output)
        )
    stream = bench.engine().respond(bench.engine().plan(prompts))
    next(stream)
    gc.collect()

    assert slots
    assert [one() for one in slots] == [None] * len(slots)
    stream.close()
    hook.remove()
