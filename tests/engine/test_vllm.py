"""The parts of the vLLM engine that need no vLLM; the engine itself is tested by `make test-vllm`."""

import json
import os
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from chateval.engine.vllm import Models, VllmEngine, environment, settle_environment
from chateval.engine.vllm.choosing import Choosing, Step, plan_steps
from chateval.engine.vllm.generating import seed_of
from chateval.engine.vllm.models import adapter_rank, round_up
from chateval.errors import CheckpointError, ConfigError
from chateval.pipeline import open_engines
from chateval.records import Checkpoint, Decoding, EngineSpec, Prompt, TemplateFacts

FACTS = TemplateFacts("tokenizer", "", "", None, "", None, (2,), {})
PROMPT = Prompt("00000000000000ff", (), "", (5, 6), Decoding())


@pytest.fixture
def installed(monkeypatch):
    """Return a function that says which distributions are there, with their versions."""

    def install(**versions):
        def version(name):
            try:
                return versions[name.replace("-", "_")]
            except KeyError:
                raise PackageNotFoundError(name) from None

        monkeypatch.setattr(environment, "version", version)
        for name in ("VLLM_CPU_KVCACHE_SPACE", "VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_LOGGING_LEVEL"):
            monkeypatch.setenv(name, "of the test")  # so that it is put back
            del os.environ[name]

    return install


def test_without_vllm_one_line_says_how_to_install_it(installed):
    installed()

    with (
        pytest.raises(ConfigError, match=r"^--engine vllm: vLLM is not installed; pip install 'chateval\[vllm\]'"),
        open_engines(EngineSpec("vllm")),
    ):
        pass


@pytest.mark.parametrize(
    ("versions", "found", "is_cpu"),
    [
        ({"vllm": "0.32.0"}, "0.32.0", False),
        ({"vllm": "0.32.0+cpu"}, "0.32.0+cpu", True),
        ({"vllm_cpu": "0.32.0"}, "0.32.0+cpu", True),
        ({"vllm": "0.32.0+cu130"}, "0.32.0+cu130", False),
    ],
)
def test_the_build_is_known_from_its_distribution(installed, versions, found, is_cpu):
    installed(**versions)

    settle_environment()

    assert environment.vllm_version() == found
    assert environment.is_cpu_build(found) == is_cpu
    assert ("VLLM_CPU_KVCACHE_SPACE" in os.environ) == is_cpu
    assert os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"


def test_what_the_user_has_set_in_the_environment_stays(installed, monkeypatch):
    installed(vllm="0.32.0+cpu")
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "7")

    settle_environment()

    assert os.environ["VLLM_CPU_KVCACHE_SPACE"] == "7"


@pytest.mark.parametrize(("n_workers", "bound"), [(1, None), (2, "0,2|1"), (3, "0|1|2"), (4, None)])
def test_parallel_workers_share_the_processors(monkeypatch, n_workers, bound):
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "of the test")
    del os.environ["VLLM_CPU_OMP_THREADS_BIND"]
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2})

    environment.share_processors(n_workers)

    assert os.environ.get("VLLM_CPU_OMP_THREADS_BIND") == bound


@pytest.mark.parametrize(
    ("choices", "steps"),
    [
        ([(7,), (8,), (7,)], [Step((), (7, 8))]),
        ([(7, 1), (7, 2, 3), (8,)], [Step((), (7, 8)), Step((7,), (1, 2)), Step((7, 2), (3,))]),
        ([()], []),
    ],
)
def test_each_beginning_of_a_choice_is_asked_once(choices, steps):
    assert plan_steps(choices) == steps


def test_more_next_tokens_than_vllm_gives_at_once_are_asked_in_parts():
    steps = plan_steps([(token,) for token in range(300)])

    assert [len(step.next_ids) for step in steps] == [128, 128, 44]
    assert sorted(token for step in steps for token in step.next_ids) == list(range(300))


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({(7,): -1.0, (8,): -2.0}, "vLLM gave no log-probability of token 9 of a choice"),
        ({(7,): -1.0, (8,): -2.0, (8, 9): float("-inf")}, "non-finite logits while scoring the choices"),
        ({(7,): -1.0, (8,): float("nan"), (8, 9): -1.0}, "non-finite logits while scoring the choices"),
        ({(7,): -1.0, (8,): -2.0, (8, 9): -0.5}, None),
    ],
)
def test_a_log_probability_that_is_missing_is_an_error_and_no_number(values, error):
    response = Choosing(replace(PROMPT, choice_ids=((7,), (8, 9))), values=values).response()

    assert response.error == error
    assert response.choice_logprobs == (() if error else ((-1.0,), (-2.0, -0.5)))


def test_prompts_with_one_beginning_follow_each_other():
    prompts = [replace(PROMPT, ids=ids, sample_id=f"{n:016x}") for n, ids in enumerate([(2, 1), (1, 9), (2,), (1, 2)])]

    [batch] = VllmEngine(Checkpoint("a", "chat", "a"), None, FACTS, Models({})).plan(prompts)

    assert [prompt.ids for prompt in batch.prompts] == [(1, 2), (1, 9), (2,), (2, 1)]
    assert {id(prompt) for prompt in batch.prompts} == {id(prompt) for prompt in prompts}


def test_seeds_differ_by_sample_repeat_and_seed():
    drawn = replace(PROMPT, decoding=Decoding(temperature=1.0, seed=3))
    others = [replace(drawn, repeat=1), replace(drawn, sample_id="0" * 16), replace(drawn, decoding=Decoding(seed=4))]

    assert len({seed_of(prompt) for prompt in (drawn, *others)}) == 4
    assert seed_of(drawn) == seed_of(replace(drawn, ids=(1,)))


@pytest.mark.parametrize(
    ("n_tokens", "context", "length"),
    [(10, None, 2048), (2049, None, 4096), (10, 512, 512), (3000, 8192, 4096), (5000, 6000, 6000)],
)
def test_a_model_is_loaded_for_what_is_asked_within_its_context(n_tokens, context, length):
    assert round_up(n_tokens, context) == length


@pytest.mark.parametrize(
    ("config", "rank"),
    [({"r": 8}, 8), ({"r": 8, "rank_pattern": {"q_proj": 24}}, 24), ({"r": 0}, None), ({"r": "8"}, None), ({}, None)],
)
def test_the_rank_of_an_adapter_is_its_highest(tmp_path, config, rank):
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))

    if rank:
        assert adapter_rank(tmp_path) == rank
    else:
        with pytest.raises(CheckpointError, match=r"adapter_config.json: r and rank_pattern: a rank is a number"):
            adapter_rank(tmp_path)


def test_what_vllm_cannot_do_as_the_checkpoint_asks_is_refused(tmp_path, installed):
    installed(vllm="0.32.0")
    (tmp_path / "generation_config.json").write_text('{"no_repeat_ngram_size": 3}')
    engine = VllmEngine(Checkpoint("a", "chat", str(tmp_path)), None, FACTS, Models({}))

    with pytest.raises(CheckpointError, match=r"generation_config.json: no_repeat_ngram_size: vLLM has no such"):
        list(engine.respond(engine.plan([PROMPT])))


def test_a_gguf_file_is_refused(tmp_path, installed):
    installed(vllm="0.32.0+cpu")
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")

    with pytest.raises(CheckpointError, match=r"model.gguf: the vllm engine reads folders with safetensors"):
        Models({}).open(path, dtype="float32", n_tokens=8, context_tokens=None)


def test_an_adapter_with_more_than_low_rank_tensors_is_refused(tmp_path):
    import torch
    from safetensors.torch import save_file

    from chateval.engine.vllm.models import check_adapter

    tensors = {"base_model.model.a.lora_A.weight": torch.ones(1), "base_model.model.a.lora_B.weight": torch.ones(1)}
    save_file(
        {**tensors, "base_model.model.embed_tokens.weight": torch.ones(2)}, tmp_path / "adapter_model.safetensors"
    )

    with pytest.raises(CheckpointError, match=r"leave out 1 tensors .*, first base_model.model.embed_tokens.weight"):
        check_adapter(tmp_path)


def test_an_adapter_without_effect_is_warned_of(tmp_path, caplog):
    import torch
    from safetensors.torch import save_file

    from chateval.engine.vllm.models import check_adapter

    tensors = {"base_model.model.a.lora_A.weight": torch.ones(1), "base_model.model.a.lora_B.weight": torch.zeros(1)}
    save_file(tensors, tmp_path / "adapter_model.safetensors")

    check_adapter(tmp_path)

    assert "the adapter has no effect" in caplog.text
