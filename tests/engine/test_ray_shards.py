import pytest

from chateval.engine import Batch
from chateval.engine.ray.shards import MAX_PROMPTS, Shard, cut
from chateval.records import Decoding, Prompt


def batch(lengths, *, choices=(), n_shared=0):
    return Batch(
        tuple(
            Prompt(f"{at:016x}", (), "", (7,) * length, Decoding(max_new_tokens=8), choices)
            for at, length in enumerate(lengths)
        ),
        n_shared,
    )


@pytest.mark.parametrize(
    ("n_prompts", "n_workers", "n_shards", "largest"),
    [
        (0, 2, 0, 0),
        (1, 2, 1, 1),
        (8, 2, 2, 4),  # one for each worker, though small
        (40, 2, 5, 8),
        (400, 2, 8, 50),
        (10_000, 2, 157, MAX_PROMPTS),
        (10, 64, 10, 1),
    ],
)
def test_shards_are_several_for_each_worker_and_of_bounded_size(n_prompts, n_workers, n_shards, largest):
    shards = cut([batch(range(1, n_prompts + 1))], n_workers)

    assert len(shards) == n_shards
    assert max((len(shard.left) for shard in shards), default=0) == largest


def test_every_prompt_is_in_one_shard_and_keeps_what_its_batch_shares():
    batches = [batch([5] * 90, n_shared=3), batch([9] * 7, choices=((1,), (2,)))]

    shards = cut(batches, 2)

    assert sorted(at for shard in shards for at in shard.left) == sorted(id(p) for b in batches for p in b.prompts)
    assert {(shard.batch.n_shared, bool(shard.batch.prompts[0].choice_ids)) for shard in shards} == {
        (3, False),
        (0, True),
    }


def test_the_longest_shard_comes_first_and_holds_prompts_of_like_length():
    shards = cut([batch([3, 50, 4, 49, 5, 48, 6, 47] * 4)], 2)

    assert [sorted({len(prompt.ids) for prompt in shard.left.values()}) for shard in shards] == [
        [49, 50],
        [47, 48],
        [5, 6],
        [3, 4],
    ]


def test_a_batch_that_is_small_enough_stays_as_it_was_planned():
    planned = [batch([4, 9, 5]) for _ in range(32)]

    assert {id(shard.batch) for shard in cut(planned, 2)} == {id(one) for one in planned}


def test_halves_hold_what_is_left_and_count_the_death():
    [shard] = cut([batch([5] * 8)], 1)
    answered = list(shard.left)[:3]
    for at in answered:
        del shard.left[at]

    halves = shard.halves()

    assert [len(half.left) for half in halves] == [3, 2]
    assert [at for half in halves for at in half.left] == list(shard.left)
    assert {half.n_deaths for half in halves} == {1}
    assert [len(half.left) for half in Shard(shard.batch, {1: shard.batch.prompts[0]}).halves()] == [1]
