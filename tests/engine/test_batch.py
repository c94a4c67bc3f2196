import pytest

from chateval.engine.batch import is_out_of_memory, plan_batches, respond_or_halve
from chateval.records import Decoding, Prompt, Response


def prompt(number: int, length: int, n_choices: int = 0) -> Prompt:
    return Prompt(f"{number:016x}", (), "", (1,) * length, Decoding(max_new_tokens=10), ((1,),) * n_choices)


def test_prompts_of_like_length_come_together_longest_first():
    batches = plan_batches([prompt(i, length) for i, length in enumerate((5, 90, 7, 80))], max_rows=2)

    assert [[len(p.ids) for p in batch] for batch in batches] == [[90, 80], [7, 5]]


def test_a_batch_keeps_to_the_token_budget():
    batches = plan_batches([prompt(i, 90) for i in range(5)], max_tokens=200)

    assert [len(batch) for batch in batches] == [2, 2, 1]


def test_the_choices_of_a_prompt_count_as_rows():
    batches = plan_batches([prompt(i, 9, n_choices=4) for i in range(5)], max_rows=8)

    assert [len(batch) for batch in batches] == [2, 2, 1]


def test_a_prompt_over_the_budget_is_a_batch_of_its_own():
    batches = plan_batches([prompt(0, 900), prompt(1, 5)], max_tokens=100)

    assert [len(batch) for batch in batches] == [1, 1]


def test_the_plan_does_not_depend_on_the_order_of_the_prompts():
    prompts = [prompt(i, length) for i, length in enumerate((5, 9, 5, 7, 9, 5))]

    assert plan_batches(prompts, max_rows=2) == plan_batches(prompts[::-1], max_rows=2)


def test_equal_length_puts_nothing_beside_a_longer_prompt():
    batches = plan_batches([prompt(i, length) for i, length in enumerate((5, 9, 5))], equal_length=True)

    assert [[len(p.ids) for p in batch] for batch in batches] == [[9], [5, 5]]


def test_halving_keeps_the_order_and_ends_at_what_fits():
    sizes = []

    def respond(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise MemoryError
        return [Response(p.sample_id, "", "eos") for p in batch]

    prompts = [prompt(i, 5) for i in range(7)]
    responses = respond_or_halve(prompts, respond, logged=set())

    assert [r.sample_id for r in responses] == [p.sample_id for p in prompts]
    assert sizes == [7, 3, 1, 2, 4, 2, 2]


def test_another_error_is_not_taken_for_a_lack_of_memory():
    def respond(batch):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        respond_or_halve([prompt(0, 5)], respond, logged=set())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: 9 bytes"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
    ],
)
def test_out_of_memory_is_known_on_every_device(error, expected):
    assert is_out_of_memory(error) == expected
