"""Drawn tokens follow softmax(logits / temperature), cut at top-p: chi-square tests with fixed seeds."""

import pytest
import torch
from scipy.stats import chisquare

from chateval.engine.decode import Row, choose_next
from chateval.records import Decoding, Prompt

LOGITS = torch.tensor([2.0, 1.0, 0.5, 0.0, -1.0, -2.5])
N = 4_000


def drawn(decoding):
    """Return how often each token was drawn, each draw of a sample of its own."""
    rows = [Row(Prompt(f"{n * 7919:016x}", (), "", (1,), decoding, repeat=n % 3)) for n in range(N)]
    return torch.bincount(torch.tensor(choose_next(rows, LOGITS.expand(N, -1))), minlength=len(LOGITS))


def nucleus(temperature, top_p):
    """Return the probabilities by the definition: the fewest most probable tokens whose sum reaches top-p."""
    shares = (LOGITS.double() / temperature).softmax(-1)
    kept, total = torch.zeros_like(shares), 0.0
    for token in shares.argsort(descending=True).tolist():
        if total < top_p:
            kept[token] = shares[token]
            total += float(shares[token])
    return kept / kept.sum()


@pytest.mark.parametrize("temperature", [0.3, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("top_p", [1.0, 0.9, 0.6])
def test_draws_follow_temperature_and_top_p(temperature, top_p):
    counts, expected = drawn(Decoding(temperature=temperature, top_p=top_p, seed=4)), nucleus(temperature, top_p)

    kept = expected > 0
    assert int(counts[~kept].sum()) == 0
    if int(kept.sum()) > 1:
        assert chisquare(counts[kept].double(), N * expected[kept]).pvalue > 0.001


def test_another_temperature_would_be_noticed():
    counts = drawn(Decoding(temperature=0.7, seed=4)).double()

    assert chisquare(counts, N * nucleus(0.8, 1.0)).pvalue < 1e-6


def test_another_seed_is_another_draw_and_the_same_seed_is_not():
    one, again, other = (drawn(Decoding(temperature=1.0, seed=seed)) for seed in (1, 1, 2))

    assert torch.equal(one, again)
    assert not torch.equal(one, other)
