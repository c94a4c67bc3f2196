"""Fault 9: the same prompts go to a second model, or to the same one with one setting changed."""

import json
import os
import shutil
from dataclasses import replace

import pytest
from completions import Completions
from hostile_models import copy, rewrite
from served import serving

import chateval
from chateval.config import Suite
from chateval.records import Checkpoint, CheckpointSpec, Decoding, EngineSpec, Prompt, TemplateFacts
from chateval.store import response_key
from chateval.template import open_tokenizer

TASK = """
name: hello
version: 1
source: test
samples: samples.jsonl
messages:
  - {role: user, content: "{{ question }}"}
target: "x"
decoding: {max_new_tokens: 3}
scorers: [exact]
"""
N = 3


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK)
    (folder / "samples.jsonl").write_text("".join(f'{{"question": "the {i}"}}\n' for i in ("fox", "dog", "house")))
    return folder


@pytest.fixture
def ask(task, tmp_path):
    """Run one checkpoint with a real engine; return how many answers came from the model and from the store."""

    def run(path, *, engine="transformers", name="it", dtype="float32"):
        spec = engine if isinstance(engine, EngineSpec) else EngineSpec(engine)
        checkpoint = CheckpointSpec(name, str(path), dtype=dtype)
        suite = Suite((checkpoint,), (str(task),), baseline=name, template_gate="off")
        result = chateval.evaluate({}, [], out=tmp_path / "run", engine=spec, suite=suite)
        return result.n_generated, result.n_stored

    return run


def change_json(name, **entries):
    def change(folder):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return change


def flip_a_bit(folder):
    rewrite(folder / "model.safetensors", lambda tensors: tensors | {"lm_head.weight": -tensors["lm_head.weight"]})


def add_to_template(folder):
    path = folder / "chat_template.jinja"
    path.write_text("Be brief. " + path.read_text())


def detokenise_otherwise(folder):
    path = folder / "tokenizer.json"
    found = json.loads(path.read_text())
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
    found["decoder"] = {"type": "Sequence", "decoders": [found["decoder"], strip]}
    path.write_text(json.dumps(found))


CHANGES = {
    "one tensor of the weights": flip_a_bit,
    "rope_theta": change_json("config.json", rope_parameters={"rope_type": "default", "rope_theta": 5.0}),
    "rms_norm_eps": change_json("config.json", rms_norm_eps=0.1),
    "EOS of generation_config": change_json("generation_config.json", eos_token_id=[2, 5]),
    "a penalty of generation_config": change_json("generation_config.json", repetition_penalty=1.5),
    "the template": add_to_template,
    "how ids become text": detokenise_otherwise,
    "an added token": change_json("tokenizer_config.json", pad_token="<|endoftext|>"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_checkpoint_with_one_thing_changed_gets_no_answer_of_the_first(ask, tiny_chat, tmp_path, change):
    other = shutil.copytree(tiny_chat, tmp_path / "other")
    change(other)

    assert ask(tiny_chat, engine="fake") == (N, 0)
    assert ask(other, engine="fake") == (N, 0)
    assert ask(other, engine="fake") == (0, N)


def test_a_second_model_and_an_adapter_on_the_first_get_answers_of_their_own(ask, tiny_chat, tiny_other, tiny_loras):
    checkpoints = [tiny_chat, tiny_other, *tiny_loras]

    assert [ask(path) for path in checkpoints] == [(N, 0)] * 4
    assert [ask(path) for path in checkpoints] == [(0, N)] * 4


@pytest.mark.parametrize("entries", [{"lora_alpha": 17}, {"use_rslora": True}], ids=["alpha", "rslora"])
def test_an_adapter_with_other_settings_gets_answers_of_its_own(ask, tiny_loras, tmp_path, entries):
    other = copy(tiny_loras[0], tmp_path / "other", adapter_config=entries)

    assert [ask(tiny_loras[0], engine="fake"), ask(other, engine="fake")] == [(N, 0), (N, 0)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_new_tokens: 3", "max_new_tokens: 4"),
        ("max_new_tokens: 3", 'max_new_tokens: 3, stop: ["x"]'),
        ("max_new_tokens: 3", "max_new_tokens: 3, temperature: 0.5"),
        ("messages:", 'messages:\n  - {role: system, content: "Be brief."}'),
        ("{{ question }}", "{{ question }}?"),
    ],
    ids=["max_new_tokens", "stop", "temperature", "system prompt", "question"],
)
def test_a_task_with_one_setting_changed_gets_no_answer_of_before(ask, task, tiny_chat, old, new):
    first = ask(tiny_chat, engine="fake")
    (task / "task.yaml").write_text(TASK.replace(old, new))

    assert [first, ask(tiny_chat, engine="fake")] == [(N, 0), (N, 0)]


def test_seed_top_p_and_repeat_of_drawn_answers_are_in_their_address():
    facts = TemplateFacts("tokenizer", "", "d", None, "", 2, (2,), {})
    checkpoint = Checkpoint("it", "chat", "/x", weights_digest="w", tokenizer_digest="t")
    drawn = Prompt("a" * 16, (), "text", (1, 2), Decoding(temperature=1.0, seed=1, top_p=0.9))
    others = [
        drawn,
        replace(drawn, decoding=replace(drawn.decoding, seed=2)),
        replace(drawn, decoding=replace(drawn.decoding, top_p=0.8)),
        replace(drawn, decoding=replace(drawn.decoding, temperature=0.9)),
        replace(drawn, repeat=1),
        replace(drawn, sample_id="b" * 16),
    ]

    assert len({response_key(prompt, checkpoint, facts, {}) for prompt in others}) == len(others)


def test_dtype_and_engine_are_in_the_address(ask, tiny_chat):
    found = [ask(tiny_chat), ask(tiny_chat, dtype="bfloat16"), ask(tiny_chat, engine="fake")]

    assert found == [(N, 0)] * 3


@pytest.mark.parametrize("name", ["quantize_config.json", "hf_quant_config.json", "config.4.0.0.json"])
def test_a_config_beside_the_config_is_in_the_address(ask, tiny_chat, tmp_path, name):
    other = shutil.copytree(tiny_chat, tmp_path / "other")
    (other / name).write_text('{"bits": 4}')

    assert [ask(tiny_chat, engine="fake"), ask(other, engine="fake")] == [(N, 0), (N, 0)]


@pytest.mark.parametrize(
    "name", ["tokenizer.4.0.json", "sentencepiece.bpe.model", "additional_chat_templates/rag.jinja"]
)
def test_whatever_a_tokenizer_is_read_from_is_in_the_address(ask, tiny_chat, tmp_path, name):
    other = shutil.copytree(tiny_chat, tmp_path / "other")
    (other / name).parent.mkdir(exist_ok=True)
    (other / name).write_text("{}")

    assert [ask(tiny_chat, engine="fake"), ask(other, engine="fake")] == [(N, 0), (N, 0)]


def test_address_and_model_of_a_server_are_in_the_address_of_an_answer(ask, tiny_chat):
    tokenizer = open_tokenizer(tiny_chat)
    found = []
    with serving(Completions(tokenizer, models=("a",))) as (one, _), serving(Completions(tokenizer)) as (two, _):
        for url in (one, two, two):
            found.append(ask(tiny_chat, engine=EngineSpec("openai", base_url=f"{url}/v1")))
        for url in (f"{one}/v1#a", f"{two}/v1#tiny", f"{two}/v1#other", f"{two}/v1#tiny"):
            found.append(ask(url, engine="openai"))

    assert found == [(N, 0), (N, 0), (0, N), (N, 0), (N, 0), (N, 0), (0, N)]


def test_options_and_door_of_a_server_are_in_the_address(ask, tiny_chat):
    server = Completions(open_tokenizer(tiny_chat), models=("it",))
    found = []
    with serving(server) as (url, _):
        plain = EngineSpec("openai", base_url=f"{url}/v1")
        found.append(ask(tiny_chat, engine=plain))
        found.append(ask(tiny_chat, engine=replace(plain, options={"top_k": 7})))
        server.takes = ("chat",)
        found.append(ask(tiny_chat, engine=plain))

    assert found == [(N, 0), (N, 0), (N, 0)]


def test_path_name_order_and_file_time_do_not_matter(ask, task, tiny_chat, tmp_path):
    first = ask(tiny_chat, engine="fake")
    moved = shutil.copytree(tiny_chat, tmp_path / "elsewhere" / "moved")
    os.utime(moved / "model.safetensors", (1, 1))
    rows = (task / "samples.jsonl").read_text().splitlines()
    (task / "samples.jsonl").write_text("\n".join(reversed(rows)) + "\n")

    assert [first, ask(moved, engine="fake", name="renamed")] == [(N, 0), (0, N)]
