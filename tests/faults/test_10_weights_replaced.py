"""Fault 10: weights are replaced in place, between two runs or while one goes on."""

import json
import os
import shutil

import pytest
from hostile_models import FAKE, refusal, run

import chateval.engine.fake
from chateval.checkpoint import DigestCache
from chateval.errors import CheckpointError
from chateval.store import read_answers

N = 2


def flip(path, *, keeps_times=False):
    """Change the last byte of a file in place."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    if keeps_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced_whole(path):
    """Put a changed copy in the place of a file, with its times, as rsync and `cp --preserve` do."""
    other = path.with_name("other")
    shutil.copy2(path, other)
    flip(other, keeps_times=True)
    other.replace(path)


@pytest.fixture
def model(tiny_chat, tmp_path):
    return shutil.copytree(tiny_chat, tmp_path / "model")


@pytest.fixture
def command(model, tmp_path):
    return (*FAKE, "--checkpoint", f"sft={model}", "--out", tmp_path / "run")


@pytest.mark.parametrize(
    "change",
    [flip, lambda path: flip(path, keeps_times=True), replaced_whole],
    ids=["in place", "in place, times put back", "another file, times kept"],
)
def test_weights_replaced_between_two_runs_are_said_to_be_and_all_answers_asked_anew(
    command, model, tmp_path, change, caplog
):
    assert run(*command).exit_code == 0
    [before] = json.loads((tmp_path / "run" / "manifest.json").read_text())["checkpoints"]
    change(model / "model.safetensors")
    found = run(*command)
    [after] = json.loads((tmp_path / "run" / "manifest.json").read_text())["checkpoints"]

    old, new = (entry["checkpoint"]["weights_digest"] for entry in (before, after))
    assert old != new
    assert (
        f"sft: other weights ({old[:12]} -> {new[:12]}) than when {tmp_path / 'run'} was last written; "
        f"{N} of its {N} answers are asked anew" in caplog.messages
    )
    assert found.exit_code == 0
    assert "in the store" not in found.stderr


def test_the_same_weights_again_are_not_said_to_be_others(command, caplog):
    codes = [run(*command).exit_code, run(*command).exit_code]

    assert codes == [0, 0]
    assert "was last written" not in caplog.text


def test_a_replaced_tokenizer_and_adapter_are_said_to_be(tiny_chat, tiny_loras, tmp_path, caplog):
    lora = shutil.copytree(tiny_loras[0], tmp_path / "lora")
    command = (*FAKE, "--checkpoint", f"lora={lora}", "--out", tmp_path / "run")
    run(*command)
    flip(lora / "adapter_model.safetensors")
    shutil.copy(tiny_chat / "chat_template.jinja", lora)

    assert run(*command).exit_code == 0
    assert "lora: other adapter (" in caplog.text
    assert " and tokenizer (" in caplog.text


@pytest.fixture
def at_answer(monkeypatch):
    """Let something happen before the n-th answer of the model."""

    def plant(n, happens):
        real = chateval.engine.fake.FakeEngine._respond

        def respond(engine, prompt):
            if engine.n_calls == n:
                happens()
            return real(engine, prompt)

        monkeypatch.setattr(chateval.engine.fake.FakeEngine, "_respond", respond)

    return plant


@pytest.mark.parametrize("n", [0, 1], ids=["between digest and loading", "between two answers"])
@pytest.mark.parametrize(
    "change",
    [
        flip,
        lambda path: flip(path, keeps_times=True),
        replaced_whole,
        lambda path: path.unlink(),
        lambda path: os.truncate(path, 100),
        lambda path: (path.parent / "hf_quant_config.json").write_text("{}"),
    ],
    ids=["in place", "times put back", "another file", "removed", "truncated", "a config appears"],
)
def test_weights_that_change_while_a_run_reads_them_end_it_and_nothing_is_kept(
    command, model, tmp_path, at_answer, monkeypatch, n, change
):
    at_answer(n, lambda: change(model / "model.safetensors"))

    said = refusal(*command)
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    assert ": changed while the run read it; no answer since is kept. Let nothing write there" in said
    assert not (tmp_path / "run" / "SHA256SUMS").exists()


def test_no_answer_is_kept_under_the_key_of_weights_that_were_there_before(
    command, model, cache_dir, at_answer, monkeypatch
):
    weights = (model / "model.safetensors").read_bytes()
    with monkeypatch.context() as patch:
        real = chateval.engine.fake.FakeEngine._respond
        patch.setattr(
            chateval.engine.fake.FakeEngine,
            "_respond",
            lambda engine, prompt: (flip(model / "model.safetensors"), real(engine, prompt))[1],
        )
        refusal(*command)
    (model / "model.safetensors").write_bytes(weights)

    found = run(*command)

    assert found.exit_code == 0
    assert f"{N} responses\n" in found.stderr


def test_a_file_that_is_only_linked_or_made_read_only_meanwhile_is_not_called_changed(
    command, model, tmp_path, at_answer
):
    def touch_status():
        os.link(model / "model.safetensors", tmp_path / "link")
        (model / "config.json").chmod(0o444)

    at_answer(0, touch_status)

    assert run(*command).exit_code == 0


def test_weights_in_a_real_model_are_checked_before_its_answers_are_kept(model, tmp_path, monkeypatch):
    from chateval.engine.weights import Weights

    real = Weights._base

    def load(weights):
        found = real(weights)
        flip(model / "model.safetensors", keeps_times=True)
        return found

    monkeypatch.setattr(Weights, "_base", load)
    command = ["transformers" if word == "fake" else word for word in FAKE]

    assert "changed while the run read it" in refusal(
        *command, "--checkpoint", f"sft={model}", "--out", tmp_path / "run"
    )


def test_a_file_written_within_a_tick_of_the_clock_is_not_remembered(tmp_path):
    path = tmp_path / "w"
    path.write_bytes(b"a" * 2_000_000)
    digests = DigestCache(tmp_path / "digests.json")

    digests.file(path)

    assert not (tmp_path / "digests.json").exists()


def test_full_digests_believe_no_cache(model, tmp_path, cache_dir):
    weights = model / "model.safetensors"
    stat = weights.stat()
    key = f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"
    (cache_dir / "digests.json").write_text(json.dumps({key: "0" * 64}))
    digests = [DigestCache(cache_dir / "digests.json", is_trusted=trusted).file(weights) for trusted in (True, False)]
    command = (*FAKE, "--checkpoint", f"sft={model}")

    run(*command, "--out", tmp_path / "trusting")
    run(*command, "--out", tmp_path / "full", "--full-digests")

    assert digests[0] == "0" * 64 != digests[1]
    found = [
        json.loads((tmp_path / name / "manifest.json").read_text())["checkpoints"][0]["checkpoint"]["weights_digest"]
        for name in ("trusting", "full")
    ]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{broken", b"\xff", b'{"a": 1}', b'{"a": ["x"]}', b"[" * 100_000, b'{"1:2:3:4:5": "zz"}']
)
def test_a_file_of_known_digests_that_is_broken_is_not_believed(tmp_path, content):
    (tmp_path / "digests.json").write_bytes(content)
    (tmp_path / "w").write_bytes(b"weights")

    assert len(DigestCache(tmp_path / "digests.json").file(tmp_path / "w")) == 64


def test_a_file_that_is_written_to_while_its_digest_is_taken_is_said_to_be(tmp_path, monkeypatch):
    import hashlib

    path = tmp_path / "w"
    path.write_bytes(b"a" * 100)
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: (path.write_bytes(b"b" * 101), real(*args))[1])

    with pytest.raises(CheckpointError, match="changed while the run read it"):
        DigestCache(tmp_path / "digests.json").file(path)


def test_nothing_of_the_old_weights_answers_is_in_the_new_run(command, model, tmp_path):
    run(*command)
    flip(model / "model.safetensors")
    run(*command)

    assert len(list(read_answers(tmp_path / "run"))) == N
