import pytest

from chateval.engine.batch import count_shared, is_out_of_memory, plan_batches, respond_or_halve
from chateval.records import Decoding, Prompt, Response


def prompt(number: int, length: int, choices: tuple[tuple[int, ...], ...] = (), head: int = 1) -> Prompt:
    ids = (*range(1000, 1000 + head), *(number,) * (length - head))
    return Prompt(f"{number:016x}", (), "", ids, Decoding(max_new_tokens=10), choices)


TWO = ((1, 2, 3), (4,))


def test_prompts_that_generate_are_one_batch():
    [batch] = plan_batches([prompt(i, length) for i, length in enumerate((5, 90, 7, 80))], n_tokens=10)

    assert [len(p.ids) for p in batch.prompts] == [5, 90, 7, 80]


def test_choices_come_longest_first_and_keep_to_the_tokens_of_a_pass():
    batches = plan_batches([prompt(i, length, TWO) for i, length in enumerate((5, 90, 7, 80, 60))], n_tokens=155)

    assert [[len(p.ids) for p in batch.prompts] for batch in batches] == [[90], [80, 60, 7], [5]]


def test_a_prompt_over_the_budget_is_a_batch_of_its_own():
    batches = plan_batches([prompt(0, 900, TWO), prompt(1, 5, TWO)], n_tokens=100)

    assert [len(batch.prompts) for batch in batches] == [1, 1]


def test_what_is_shared_is_not_counted_for_each():
    batches = plan_batches([prompt(i, 110, TWO, head=100) for i in range(8)], n_tokens=50)

    assert {batch.n_shared for batch in batches} == {100}
    assert [len(batch.prompts) for batch in batches] == [4, 4]


def test_a_short_beginning_is_not_worth_a_pass_of_its_own():
    [batch] = plan_batches([prompt(i, 110, head=100) for i in range(2)], n_tokens=50)

    assert batch.n_shared == 0


def test_the_plan_does_not_depend_on_the_order_of_the_prompts():
    prompts = [prompt(i, length, TWO) for i, length in enumerate((5, 9, 5, 7, 9, 5))]

    assert plan_batches(prompts, n_tokens=20) == plan_batches(prompts[::-1], n_tokens=20)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(1, 2, 3), (1, 2, 4), (1, 2, 5, 6)], 2),
        ([(1, 2), (1, 2, 3)], 1),
        ([(1, 2, 3), (1, 2, 3)], 2),
        ([(7,), (7, 8)], 0),
        ([(1, 2), (3, 2)], 0),
        ([(1, 2)], 0),
        ([], 0),
    ],
)
def test_the_shared_beginning_leaves_each_prompt_a_token(rows, expected):
    assert count_shared(rows) == expected


def test_halving_keeps_the_order_and_ends_at_what_fits():
    sizes, halved = [], []

    def respond(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise MemoryError
        return [Response(p.sample_id, "", "eos") for p in batch]

    prompts = [prompt(i, 5) for i in range(7)]
    responses = respond_or_halve(prompts, respond, halved.append)

    assert [r.sample_id for r in responses] == [p.sample_id for p in prompts]
    assert sizes == [7, 3, 1, 2, 4, 2, 2]
    assert halved == [7, 3, 4]


def test_another_error_is_not_taken_for_a_lack_of_memory():
    def respond(batch):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        respond_or_halve([prompt(0, 5)], respond, lambda n: None)


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
