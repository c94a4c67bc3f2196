"""Fault 19: logits that are NaN or infinite, for one sample or for all, at the first step or later."""

import json
import math
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from bench import Bench
from hostile_models import copy, rewrite

from chateval.__main__ import main
from chateval.engine.weights import Weights
from chateval.records import Decoding


@pytest.fixture
def bench(tiny_chat):
    found = Bench(tiny_chat)
    found.engine().answer(found.prompts(Decoding(max_new_tokens=1)))  # the model is tried while it is sound
    return found


def embeddings(bench):
    with bench.weights.use(None, None) as model:
        return model.get_input_embeddings()


def poison(token, value):
    """Return a hook that turns what a layer makes of one token into a value."""

    def hook(module, inputs, output):
        return output.masked_fill((inputs[0] == token)[..., None], value)

    return hook


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_one_sample_fails_and_the_others_of_its_batch_answer_as_ever(bench, value, temperature):
    prompts = bench.prompts(Decoding(max_new_tokens=6, temperature=temperature))
    clean = bench.engine(stop_ids=[]).answer(prompts)
    hook = embeddings(bench).register_forward_hook(poison(prompts[2].ids[-1], value))

    responses = bench.engine(stop_ids=[]).answer(prompts)
    hook.remove()

    assert (responses[2].finish, responses[2].error) == ("error", "non-finite logits at step 1")
    assert (responses[2].text, responses[2].output_ids) == ("", ())
    assert [responses[n] for n in (0, 1, 3)] == [clean[n] for n in (0, 1, 3)]
    assert bench.engine(stop_ids=[]).answer(prompts) == clean


def test_the_step_at_which_it_happens_is_named(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=6))
    clean = bench.engine(stop_ids=[]).answer(prompts)
    ids = [response.output_ids for response in clean]
    row, step = next(
        (row, step)
        for row in range(4)
        for step in range(1, 5)
        if all(ids[row][step] not in (*other[:-1], *prompt.ids) for other, prompt in zip(ids, prompts, strict=True)
               if other is not ids[row]) and ids[row][step] not in (*ids[row][:step], *prompts[row].ids)
    )  # fmt: skip
    hook = embeddings(bench).register_forward_hook(poison(ids[row][step], math.nan))

    responses = bench.engine(stop_ids=[]).answer(prompts)
    hook.remove()

    assert responses[row].error == f"non-finite logits at step {step + 2}"
    assert [r for n, r in enumerate(responses) if n != row] == [r for n, r in enumerate(clean) if n != row]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_choices_of_one_sample_fail_and_those_of_the_others_do_not(bench, value):
    prompts = [replace(prompt, choice_ids=((5, 9, 300), (7,))) for prompt in bench.prompts(Decoding())]
    clean = bench.engine().answer(prompts)
    hook = embeddings(bench).register_forward_hook(poison(prompts[2].ids[-1], value))

    responses = bench.engine().answer(prompts)
    hook.remove()

    assert (responses[2].error, responses[2].choice_logprobs) == ("non-finite logits while scoring the choices", ())
    assert [responses[n] for n in (0, 1, 3)] == [clean[n] for n in (0, 1, 3)]


@pytest.mark.parametrize("plainly", [True, False])
def test_a_model_that_is_broken_from_the_start_gives_errors_and_no_crash(tiny_chat, plainly):
    bench = Bench(tiny_chat)
    with bench.weights.use(None, None) as model, torch.no_grad():
        model.lm_head.weight[5] = math.nan
    prompts = bench.prompts(Decoding(max_new_tokens=3))
    engine = bench.engine()
    answer = engine.respond_plainly if plainly else engine.answer

    assert {response.error for response in answer(prompts)} == {"non-finite logits at step 1"}
    choosing = [replace(prompt, choice_ids=((5,), (7,))) for prompt in prompts]
    assert {response.error for response in answer(choosing)} == {"non-finite logits while scoring the choices"}


def test_float16_that_overflows_is_an_error_and_bfloat16_has_the_room(tiny_chat):
    found = {}
    for dtype in ("float16", "bfloat16"):
        bench = Bench(tiny_chat, weights=Weights(tiny_chat, dtype=dtype))
        with bench.weights.use(None, None) as model, torch.no_grad():
            model.model.layers[0].mlp.down_proj.weight.mul_(6e4)
            model.lm_head.weight.mul_(6e3)
        responses = bench.engine().answer(bench.prompts(Decoding(max_new_tokens=2)))
        found[dtype] = {response.error for response in responses}

    assert found == {"float16": {"non-finite logits at step 1"}, "bfloat16": {None}}


@pytest.mark.parametrize("logits", [[math.nan, 1.0, 2.0], [1.0, math.inf, 2.0], [-math.inf] * 3])
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_no_token_is_taken_from_a_row_that_is_not_finite(logits, temperature):
    from chateval.engine.decode import Row, choose_next
    from chateval.records import Prompt

    rows = [Row(Prompt(f"{n:016x}", (), "", (1,), Decoding(temperature=temperature))) for n in range(2)]

    broken, sound = choose_next(rows, torch.tensor([logits, [0.0, -math.inf, -math.inf]]))

    assert (broken, sound) == (None, 0)


def test_a_tie_goes_to_the_lowest_token():
    from chateval.engine.decode import Row, choose_next
    from chateval.records import Prompt

    rows = [Row(Prompt(f"{n:016x}", (), "", (1,), Decoding())) for n in range(50)]
    tied = torch.zeros(50, 49_152)
    tied[:, [700, 31_000, 49_151]] = 1.0

    assert set(choose_next(rows, tied)) == {700}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
def test_vllm_s_log_probabilities_of_choices_are_held_to_the_same(bad):
    from chateval.engine.vllm.choosing import Choosing, plan_steps
    from chateval.records import Prompt

    choosing = Choosing(Prompt("0" * 16, (), "", (1, 2), Decoding(), choice_ids=((5,), (7,))))
    choosing.steps = plan_steps(choosing.prompt.choice_ids)
    choosing.n_left = len(choosing.steps)
    values = {5: SimpleNamespace(logprob=-0.5), 7: SimpleNamespace(logprob=bad)}
    if bad is None:
        del values[7]

    choosing.take(0, SimpleNamespace(finished=True, outputs=[SimpleNamespace(logprobs=[values])]))

    response = choosing.response()
    assert response.finish == "error"
    assert response.choice_logprobs == ()
    said = "vLLM gave no log-probability of token 7" if bad is None else "non-finite logits while scoring the choices"
    assert response.error.startswith(said)


def test_vllm_s_answer_ends_where_the_logits_do():
    from chateval.engine.vllm.generating import Generating, Manner
    from chateval.records import Prompt

    generating = Generating(Prompt("0" * 16, (), "", (1, 2), Decoding()), Manner(None, frozenset(), {}))
    logprobs = SimpleNamespace(logprobs=[-0.1, math.nan, -0.1], start_indices=[0, 1, 2])
    output = SimpleNamespace(finished=True, outputs=[SimpleNamespace(token_ids=[4, 0, 0], logprobs=logprobs)])

    assert generating.take(0, output)
    assert generating.response().error == "non-finite logits at step 2"
    assert generating.response().output_ids == ()


# A whole run


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, tiny_chat):
    """Run a suite of two models, one with NaN in its weights, under a gate; return (exit code, folder)."""

    def go(gate):
        broken = copy(tiny_chat, tmp_path / "broken")
        rewrite(broken / "model.safetensors", lambda t: {**t, "model.norm.weight": t["model.norm.weight"] * math.nan})
        (tmp_path / "chateval.yaml").write_text(
            f"checkpoints:\n  base: {{path: {tiny_chat}}}\n  sft: {{path: {broken}}}\n"
            f"tasks: [arithmetic, world_facts]\nbaseline: base\nlimit: 3\ngate:\n  - {gate}\n"
        )
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["chateval", "run", "--template-gate", "off", "--out", "out"])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, tmp_path / "out", capsys.readouterr()

    return go


def no_constant(name):
    raise AssertionError(f"{name} in a file")


@pytest.mark.parametrize(
    "gate",
    [
        "{task: arithmetic, scorer: number, checkpoint: sft, min_value: 0.0}",
        "{task: arithmetic, scorer: number, checkpoint: sft, max_drop: 1.0}",
    ],
)
def test_where_all_samples_fail_no_gate_passes_and_no_file_has_nan(run, gate, cache_dir):
    import sqlite3

    code, out, captured = run(gate)

    assert code in (1, 3, 4), captured.err
    for path in out.glob("*.json*"):
        for line in path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]:
            json.loads(line, parse_constant=no_constant)
    responses = [json.loads(line) for line in (out / "responses.jsonl").read_text().splitlines()]
    of_broken = [line["response"] for line in responses if line["checkpoint"] == "sft"]
    assert {response["finish"] for response in of_broken} == {"error"}
    assert all(response["error"].startswith("non-finite logits ") for response in of_broken)
    scores = [json.loads(line) for line in (out / "scores.jsonl").read_text().splitlines()]
    assert {score["value"] for score in scores if score["checkpoint"] == "sft"} == {None}
    assert all("non-finite" in score["reason"] for score in scores if score["checkpoint"] == "sft")
    estimates = json.loads((out / "report.json").read_text())["estimates"]
    assert {one["mean"] for one in estimates if one["checkpoint"] == "sft"} == {None}
    [store] = cache_dir.glob("*.sqlite")
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        assert database.execute("select count(*) from response").fetchone() == (6,)  # those of the baseline alone
