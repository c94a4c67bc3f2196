"""The vLLM engine on the processor against transformers, one prompt at a time."""

import json
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import pytest

from chateval.errors import CheckpointError, ConfigError
from chateval.records import Decoding

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("ignore")]  # of vLLM's own imports

LONG = "the quick brown fox jumps over the lazy dog and runs away from the small red house by the river " * 8


def bench_of(like, folder, adapter=None):
    return type(like)(folder, like.models, adapter)


def test_greedy_answers_are_those_of_generate_one_prompt_at_a_time(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=24))

    responses = bench.responses(prompts)

    assert len(prompts) == 24
    assert [list(response.output_ids) for response in responses] == bench.alone(prompts, 24)
    assert {response.finish for response in responses} == {"length"}


def test_each_prompt_has_its_own_limit(bench):
    limits = [1, 5, 17, 9]
    prompts = [
        replace(prompt, decoding=Decoding(max_new_tokens=limit))
        for prompt, limit in zip(bench.prompts(Decoding()), limits, strict=False)
    ]

    assert [len(response.output_ids) for response in bench.responses(prompts)] == limits


def test_a_stop_id_ends_an_answer_even_at_its_limit_and_is_not_part_of_the_text(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=12))
    alone = bench.alone(prompts, 12)
    stop_id = alone[0][4]
    expected = alone[0][: alone[0].index(stop_id) + 1]

    responses = bench.responses(prompts, stop_ids=[stop_id])
    exact = replace(prompts[0], decoding=Decoding(max_new_tokens=len(expected)))
    [at_limit] = bench.responses([exact], stop_ids=[stop_id])

    assert list(responses[0].output_ids) == expected == list(at_limit.output_ids)
    assert responses[0].finish == at_limit.finish == "eos"
    assert responses[0].text == bench.tokenizer.decode(expected[:-1], skip_special_tokens=True)
    assert responses[0].raw_text == bench.tokenizer.decode(expected)
    assert [response.finish == "eos" for response in responses] == [stop_id in ids for ids in alone]


def test_an_end_token_that_is_no_stop_id_does_not_end_an_answer(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=64))

    responses = bench.responses(prompts)

    assert any(2 in response.output_ids[:-1] for response in responses), "no answer has the end token: change the seed"
    assert {len(response.output_ids) for response in responses} == {64}


def test_a_stop_string_ends_its_own_answer_and_is_cut_off(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=24))
    free = bench.responses(prompts)
    stop = free[1].text[3:6]
    prompts[1] = replace(prompts[1], decoding=Decoding(max_new_tokens=24, stop=("never seen", stop)))

    responses = bench.responses(prompts)

    assert responses[1].finish == "stop"
    assert responses[1].text == free[1].text[: free[1].text.index(stop)]
    assert responses[1].output_ids == free[1].output_ids[: len(responses[1].output_ids)]
    assert stop in responses[1].raw_text
    assert stop not in bench.tokenizer.decode(responses[1].output_ids[:-1])
    assert [responses[0], *responses[2:]] == [free[0], *free[2:]]


@pytest.mark.parametrize("texts", [["one", "the red house"], [LONG, LONG + "and"]], ids=["short", "cached"])
def test_choices_have_the_log_probabilities_of_a_plain_forward_pass(bench, texts):
    import torch

    many = tuple((token,) for token in range(3, 303))
    choices = ((5, 9, 300, 4), (7,), (21, 22), (5, 9, 301))
    prompts = [replace(p, choice_ids=c) for p in bench.prompts(Decoding(), texts) for c in (choices, many)]
    prompts = [replace(prompt, repeat=index) for index, prompt in enumerate(prompts)]

    responses = bench.responses(prompts)

    model = bench.model()
    for prompt, response in zip(prompts, responses, strict=True):
        assert response.error is None
        expected = []
        for choice in prompt.choice_ids:
            with torch.inference_mode():
                logits = model(torch.tensor([[*prompt.ids, *choice]])).logits[0].float().log_softmax(-1)
            places = range(len(prompt.ids) - 1, len(prompt.ids) + len(choice) - 1)
            expected.append([float(logits[place, token]) for place, token in zip(places, choice, strict=True)])
        for found, wanted in zip(response.choice_logprobs, expected, strict=True):
            assert found == pytest.approx(wanted, abs=1e-3)
        sums = [list(map(sum, values)) for values in (response.choice_logprobs, expected)]
        assert sums[0].index(max(sums[0])) == sums[1].index(max(sums[1]))


def test_choices_and_answers_of_several_tasks_share_a_stream(bench):
    generating = bench.prompts(Decoding(max_new_tokens=8))
    choosing = [replace(prompt, choice_ids=((7,), (8, 9))) for prompt in bench.prompts(Decoding())]

    together = bench.responses([*generating, *choosing])

    assert [r.output_ids for r in together[:24]] == [r.output_ids for r in bench.responses(generating)]
    for found, expected in zip(together[24:], bench.responses(choosing), strict=True):
        for one, other in zip(found.choice_logprobs, expected.choice_logprobs, strict=True):
            assert one == pytest.approx(other, abs=1e-4)


def test_adapters_answer_as_peft_does_and_leave_their_base_as_it_was(bench, chat, adapters):
    prompts = bench.prompts(Decoding(max_new_tokens=16))
    benches = [bench, *(bench_of(bench, chat, adapter) for adapter in adapters)]

    in_turn = [b.responses(prompts) for b in (*benches, bench, benches[1])]
    alone = [b.alone(prompts, 16) for b in benches]

    for found, expected in zip(in_turn, [*alone, alone[0], alone[1]], strict=True):
        assert [list(response.output_ids) for response in found] == expected
    assert all(one != other for one, other in zip(alone[0], alone[1], strict=True))
    assert all(one != other for one, other in zip(alone[0], alone[2], strict=True))


def test_sampled_answers_do_not_depend_on_what_else_is_asked(bench):
    decoding = Decoding(max_new_tokens=8, temperature=1.0, top_p=0.9, seed=3, repeats=2)
    prompts = [replace(p, repeat=repeat) for p in bench.prompts(decoding) for repeat in (0, 1)]

    together = bench.responses(prompts)
    alone = [bench.responses([prompt])[0] for prompt in prompts[:6]]

    assert together[:6] == alone
    assert together[0].output_ids != together[1].output_ids


def test_a_reader_that_leaves_early_leaves_nothing_behind(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=24))
    engine = bench.engine()
    answers = engine.respond(
        engine.plan([replace(p, decoding=Decoding(max_new_tokens=2 + 20 * (i % 2))) for i, p in enumerate(prompts)])
    )
    first = next(answers)
    answers.close()

    llm = bench.models.open(bench.folder, dtype="float32", n_tokens=1, context_tokens=512)
    assert 0 < len(first) < len(prompts)
    assert not llm.llm_engine.has_unfinished_requests()
    assert [list(r.output_ids) for r in bench.responses(prompts[:2])] == bench.alone(prompts[:2], 24)


def test_ids_beyond_the_embeddings_are_named(bench):
    prompts = [replace(prompt, ids=(*prompt.ids, 100_000)) for prompt in bench.prompts(Decoding())]

    with pytest.raises(CheckpointError, match=r"writes id 100000, the model embeds 400 ids"):
        bench.responses(prompts)


def test_a_temperature_that_vllm_refuses_is_an_error_of_its_sample(bench):
    prompts = bench.prompts(Decoding(max_new_tokens=2))[:2]
    prompts[0] = replace(prompts[0], decoding=Decoding(max_new_tokens=2, temperature=9.0))

    responses = bench.responses(prompts)

    assert "temperature must be in [0, 2], got 9.0" in responses[0].error
    assert responses[1].error is None


def test_one_base_serves_its_adapters_and_goes_when_another_comes(bench, chat, adapters, other):
    models = bench.models
    bench.responses(bench.prompts(Decoding(max_new_tokens=1)))
    first = models.open(chat, dtype="float32", n_tokens=1, context_tokens=512)
    again = models.open(chat, dtype="float32", n_tokens=300, context_tokens=512, rank=12)
    is_same, [module] = again is first, again.apply_model(weakref.ref)
    was_there = module() is not None
    del first, again
    changed = bench_of(bench, other(lambda folder: None))
    changed.responses(changed.prompts(Decoding(max_new_tokens=1)))

    assert is_same
    assert was_there
    assert module() is None


def test_a_repetition_penalty_of_the_checkpoint_is_kept_and_its_other_settings_are_not(bench, other):
    def change(folder):
        own = {"repetition_penalty": 1.7, "do_sample": True, "temperature": 1.9, "top_k": 3, "eos_token_id": 2}
        (folder / "generation_config.json").write_text(json.dumps(own))

    changed = bench_of(bench, other(change))
    prompts = changed.prompts(Decoding(max_new_tokens=16))

    responses = changed.responses(prompts)

    assert [list(response.output_ids) for response in responses] == changed.alone(prompts, 16)


def test_logits_that_are_not_finite_are_an_error_of_their_sample_only(bench, other):
    def change(folder):
        from safetensors.torch import load_file, save_file

        tensors = load_file(folder / "model.safetensors")
        tensors["model.embed_tokens.weight"][77] = float("nan")
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    expected = bench.responses(bench.prompts(Decoding(max_new_tokens=6)))
    broken = bench_of(bench, other(change))
    prompts = broken.prompts(Decoding(max_new_tokens=6))
    safe = [index for index, r in enumerate(expected) if 77 not in (*prompts[index].ids, *r.output_ids)]
    prompts[safe[0]] = replace(prompts[safe[0]], ids=(*prompts[safe[0]].ids, 77))
    choosing = replace(prompts[safe[0]], choice_ids=((5,), (6, 7)), repeat=1)

    for _ in range(2):
        responses = broken.responses([*prompts, choosing])
        assert responses[safe[0]].error == "non-finite logits at step 1"
        assert responses[-1].error == "non-finite logits while scoring the choices"
        assert [responses[index] for index in safe[1:]] == [expected[index] for index in safe[1:]]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"tensor_paralel_size": 2}, r"--engine-option tensor_paralel_size: vllm.LLM .* did you mean tensor_parallel"),
        ({"trust_remote_code": True}, r"--engine-option trust_remote_code: follows from the checkpoint"),
        ({"dtype": "float16"}, r"--engine-option dtype: follows from the checkpoint"),
    ],
)
def test_an_option_that_is_not_for_the_user_is_named(bench, option, message):
    from chateval.engine.vllm import Models

    bench.models.close()
    models = Models(option)

    with pytest.raises(ConfigError, match=message):
        models.open(bench.folder, dtype="float32", n_tokens=8, context_tokens=512)


def test_options_are_passed_through_and_named_in_the_identity(bench):
    from chateval.engine.vllm import Models

    bench.models.close()
    models = Models({"max_model_len": 32, "enable_prefix_caching": False, "max_num_seqs": 2})
    short = type(bench)(bench.folder, models)
    prompts = short.prompts(Decoding(max_new_tokens=8))
    longer = [replace(prompts[0], ids=(5,) * 28), replace(prompts[0], ids=(5,) * 40)]

    identity = short.engine().identity
    assert models._loaded is None
    responses = short.responses([prompts[0], *longer])
    [chosen] = short.responses([replace(prompts[0], choice_ids=((5, 6), (7,)))])
    models.close()

    assert identity.keys() == {"engine", "device", "dtype", "vllm", "torch", "transformers", "enable_prefix_caching"}
    assert (identity["engine"], identity["device"]) == ("vllm", "cpu")
    assert len(responses[0].output_ids) == 8
    assert "max_model_len" in responses[1].error
    assert "vLLM refuses it" in responses[2].error
    assert chosen.error is None


def test_a_checkpoint_that_vllm_cannot_load_is_one_line(bench, other):
    def change(folder):
        (folder / "model.safetensors").unlink()

    broken = bench_of(bench, other(change))

    with pytest.raises(CheckpointError, match=r"changed: vLLM cannot load it: .*") as caught:
        broken.responses(broken.prompts(Decoding(max_new_tokens=1)))
    assert "\n" not in str(caught.value)


TASK = """
name: {name}
version: 1
source: test
samples: samples.jsonl
messages: [{{role: user, content: "{{{{ a }}}} + {{{{ b }}}} ="}}]
{rest}
"""


def test_the_whole_line_runs_and_a_second_run_computes_nothing(bench, adapters, tmp_path, monkeypatch, capfd):
    from chateval.__main__ import main

    bench.models.close()
    monkeypatch.chdir(tmp_path)
    sums = 'target: "{{ a + b }}"\ndecoding: {max_new_tokens: 6}\nscorers: [number]'
    pick = 'output: choose\nchoices: ["{{ a + b }}", "{{ a }}", "none of it"]\ntarget: "{{ a + b }}"\nscorers: [choice]'
    for name, rest in (("sums", sums), ("pick", pick)):
        Path(name).mkdir()
        Path(name, "task.yaml").write_text(TASK.format(name=name, rest=rest))
        rows = [{"a": a, "b": b} for a in range(4) for b in range(1, 4)]
        Path(name, "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run():
        arguments = ["run", "--engine", "vllm", "--engine-option", "max_num_seqs=64", "--out", "run", "--json"]
        arguments += ["--checkpoint", f"base={bench.folder}", "--checkpoint", f"lora={adapters[0]}@base"]
        arguments += ["--task", "sums", "--task", "pick"]
        monkeypatch.setattr(sys, "argv", ["chateval", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capfd.readouterr()
        assert caught.value.code == 0, err
        return json.loads(out), err, Path("run/responses.jsonl").read_bytes()

    report, err, answers = run()
    again, err_again, same = run()

    assert "48 responses from the model" in err
    assert "0 responses from the model" in err_again
    assert (again, same) == (report, answers)
    assert {entry["n_errors"] for entry in report["checkpoints"]} == {0}
    assert Path("run/report.html").is_file()
