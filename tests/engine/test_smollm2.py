"""The real SmolLM2-135M-Instruct: batched answers and log-likelihoods against transformers, one prompt at a time."""

from dataclasses import replace
from pathlib import Path

import pytest

from chateval.config import Suite
from chateval.integrations.smollm2 import fetch_smollm2
from chateval.pipeline import evaluate, local_engines, prepare
from chateval.records import CheckpointSpec
from chateval.task import bundled_tasks, count_samples

pytestmark = pytest.mark.slow


class Quiet:
    """A watcher that says nothing."""

    def stage(self, text): ...
    def begin(self, checkpoint, task, n_total, n_stored): ...
    def advance(self, n): ...


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch_smollm2(tmp_path_factory.mktemp("smollm2") / "model")


@pytest.fixture
def plan(smollm2, cache_dir):
    def make(*tasks: str, limit: int):
        suite = Suite((CheckpointSpec("base", str(smollm2)),), tasks, baseline="base", limit=limit)
        return prepare(suite, cache_dir=cache_dir, watcher=Quiet())

    return make


def test_fifty_batched_answers_are_those_of_generate_one_prompt_at_a_time(plan):
    import torch

    plan = plan("arithmetic", "product_catalog", "reading", "multi_turn", "system_prompt", limit=10)
    [subject] = plan.subjects
    prompts = [
        replace(p, decoding=replace(p.decoding, max_new_tokens=40)) for found in plan.prompts.values() for p in found
    ]
    assert len(prompts) == 50

    with local_engines() as open_engine:
        engine = open_engine(subject)
        responses = {r.sample_id: r for answers in engine.respond(engine.plan(prompts)) for _, r in answers}
        with engine._weights.use(None, None) as model:
            for prompt in prompts:
                ids = torch.tensor([prompt.ids])
                output = model.generate(
                    input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40
                )[0, ids.shape[1] :].tolist()
                assert list(responses[prompt.sample_id].output_ids) == output, prompt.text


def test_forty_answers_are_the_same_in_four_compositions(plan, monkeypatch):
    import random

    from chateval.engine.base import Batch

    plan = plan("arithmetic", "product_catalog", "reading", "multi_turn", "system_prompt", limit=8)
    [subject] = plan.subjects
    prompts = [
        replace(p, decoding=replace(p.decoding, max_new_tokens=8)) for found in plan.prompts.values() for p in found
    ]
    shuffled = random.Random(1).sample(prompts, len(prompts))
    compositions = [
        (128, 2_048, 1_024, [Batch(tuple(prompts))]),
        (40, 512, 64, [Batch(tuple(shuffled[:13])), Batch(tuple(shuffled[13:]))]),
        (3, 2_048, 1_024, [Batch(tuple(shuffled[::2])), Batch(tuple(shuffled[1::2]))]),
        (7, 100, 200, [Batch(tuple(prompts[n::5])) for n in range(5)]),
    ]
    answers = []
    with local_engines() as open_engine:
        for n_rows, n_tokens, n_chunk, batches in compositions:
            monkeypatch.setattr("chateval.engine.session.count_rows", lambda model, longest, n=n_rows: n)
            monkeypatch.setattr("chateval.engine.transformers._PASS_TOKENS", {"cpu": n_tokens})
            monkeypatch.setattr("chateval.engine.passes.CHUNK_TOKENS", n_chunk)
            found = {id(p): r for part in open_engine(subject).respond(batches) for p, r in part}
            answers.append([found[id(prompt)] for prompt in prompts])

    assert len(prompts) == 40
    assert answers[1:] == [answers[0]] * 3


def test_log_likelihoods_are_those_of_a_plain_forward_pass(plan):
    import torch

    plan = plan("world_facts", limit=12)
    [subject] = plan.subjects
    prompts = plan.prompts["base", "world_facts"]

    with local_engines() as open_engine:
        engine = open_engine(subject)
        responses = {r.sample_id: r for answers in engine.respond(engine.plan(prompts)) for _, r in answers}
        with engine._weights.use(None, None) as model:
            for prompt in prompts:
                for choice, found in zip(prompt.choice_ids, responses[prompt.sample_id].choice_logprobs, strict=True):
                    logits = model(torch.tensor([[*prompt.ids, *choice]])).logits[0].float().log_softmax(-1)
                    places = range(len(prompt.ids) - 1, len(prompt.ids) + len(choice) - 1)
                    expected = [float(logits[place, number]) for place, number in zip(places, choice, strict=True)]
                    assert found == pytest.approx(expected, abs=1e-4)


NEEDS_OTHERS = ("pictures", "judged_writing")
"""A model that sees, and a judge."""


def test_every_task_that_brings_its_samples_runs_to_a_report(smollm2, cache_dir, tmp_path):
    names = tuple(name for name in bundled_tasks() if count_samples(name) is not None and name not in NEEDS_OTHERS)
    suite = Suite((CheckpointSpec("base", str(smollm2)),), names, baseline="base", limit=2)

    with local_engines() as open_engine:
        result = evaluate(suite, tmp_path, cache_dir=cache_dir, open_engine=open_engine, watcher=Quiet())

    assert result.n_generated > 2 * len(names), "dialogues have more than one answer"
    assert result.report.checkpoints[0].n_errors == 0
    assert all(estimate.n == 2 for estimate in result.report.estimates)
    audits = {audit.scorer: audit for audit in result.report.audits}
    assert audits["single_bos"].mean == audits["prompt_closed"].mean == audits["system_kept"].mean == 1
    assert result.exit_code == 0


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_sixteen_bits_are_packed_too_though_their_log_probabilities_differ_by_half_a_nat(smollm2, dtype):
    import torch
    from transformers import AutoModelForCausalLM

    from chateval.engine.probe import can_pack

    model = AutoModelForCausalLM.from_pretrained(smollm2, dtype=getattr(torch, dtype)).eval()

    with torch.inference_mode():
        assert can_pack(model)
