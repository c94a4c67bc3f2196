"""Fault 27: names and links that leave their folder, collide or mislead."""

import ast
import json
import os
import shutil
import unicodedata
from pathlib import Path

import pytest
from hostile_models import FAKE, copy, refusal, refused_run, run

import chateval
from chateval.config import Suite
from chateval.errors import ChatevalError, ConfigError, StoreError
from chateval.records import CheckpointSpec, EngineSpec

NAMES = [
    "../../x",
    "/etc/x",
    "..",
    ".hidden",
    "",
    "a/b:c",
    "a\\b",
    "a b",
    "\U0001f600",
    "x" * 300,
    "a\nb",
    "a\x00b",
    "a\x1b]0;t\x07",
    "a\u202eb",
    "a\u200bb",
    "\uff53\uff46\uff54",
    unicodedata.normalize("NFC", "é"),
    unicodedata.normalize("NFD", "é"),
    "a=b",
    "-x",
    "x\ud800",
]
HOSTILE = ("\x1b", "\x07", "\u202e", "\u200b")


def ids(name):
    return ascii(name[:12])


def tree(folder):
    """Return all that is under a folder, by its path from there."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", [name for name in NAMES if "=" not in name], ids=ids)
def test_a_checkpoint_is_called_by_a_plain_name(tiny_chat, tmp_path, name):
    before = tree(tmp_path)
    line = refusal(*FAKE, "--out", tmp_path / "run", "--checkpoint", f"{name}={tiny_chat}", kind=ConfigError)

    assert "is not letters, digits, dot, dash or underscore" in line
    assert line.isprintable()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["../../x", "a\u202eb", "x" * 300])
def test_a_suite_and_python_take_the_same_names(tiny_chat, tmp_path, name):
    suite = tmp_path / "suite.yaml"
    suite.write_text(json.dumps({"checkpoints": {name: {"path": str(tiny_chat)}}, "tasks": ["arithmetic"]}))

    assert "a name has letters" in refusal("run", "-c", suite, "--out", tmp_path / "run", kind=ConfigError)
    with pytest.raises(ConfigError, match="is not letters"):
        chateval.evaluate(
            {},
            [],
            out=tmp_path / "run",
            engine=EngineSpec("fake"),
            suite=Suite((CheckpointSpec(name, str(tiny_chat)),), ("arithmetic",), baseline=name),
        )


@pytest.mark.parametrize("name", [*NAMES, "Con", "UPPER"], ids=ids)
def test_a_task_is_called_by_a_plain_name(tmp_path, name):
    (tmp_path / "samples.jsonl").write_text('{"q": "1"}\n')
    task = {
        "name": name,
        "version": 1,
        "source": "x",
        "samples": "samples.jsonl",
        "messages": [{"role": "user", "content": "{{ q }}"}],
        "target": "1",
        "scorers": ["exact"],
    }
    (tmp_path / "task.yaml").write_text(json.dumps(task))

    assert refusal("tasks", tmp_path, kind=ChatevalError).isprintable()


def test_names_that_differ_only_in_case_and_names_of_devices_do_not_collide(tiny_chat, tiny_other, tmp_path):
    named = {"sft": tiny_chat, "SFT": tiny_other, "con": tiny_chat, "a.b": tiny_chat, "a_b": tiny_chat}
    checkpoints = [word for name, path in named.items() for word in ("--checkpoint", f"{name}={path}")]
    first = run(*FAKE, *checkpoints[:2], "--out", tmp_path / "one")

    found = run(*FAKE, *checkpoints, "--out", tmp_path / "run")

    assert (first.exit_code, found.exit_code) == (0, 0)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    digests = {one["checkpoint"]["name"]: one["checkpoint"]["weights_digest"] for one in manifest["checkpoints"]}
    assert list(digests) == list(named)
    assert digests["sft"] != digests["SFT"]
    assert tree(tmp_path / "run") == tree(tmp_path / "one")  # no name of a checkpoint is a name of a file


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "\U0001f600",
        "a:b",
        "é" * 100,
        "a\u202eb",
        "a\x1b]0;title\x07",
        "a\u200bb",
        "..x",
        "-x",
        "%s{x}",
        "[red]x",
    ],
    ids=ids,
)
def test_folders_of_any_name_are_read_and_written_and_shown_with_what_acts_on_a_terminal_spelt_out(
    tiny_chat, tmp_path, name
):
    model = shutil.copytree(tiny_chat, tmp_path / "models" / name)
    out = tmp_path / "runs" / name

    found = run(*FAKE, "--checkpoint", f"it={model}", "--out", out)

    assert found.exit_code == 0
    assert tree(tmp_path / "runs") == {name, *(f"{name}/{inner}" for inner in tree(out))}
    for text in (found.stdout, found.stderr, (out / "report.md").read_text(), (out / "report.html").read_text()):
        assert not any(sign in text for sign in HOSTILE)


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b", "~nobody-here/x", "x/" * 3000], ids=ids)
def test_a_path_that_no_file_system_takes_is_nothing_there(tmp_path, name):
    assert "no checkpoint at " in refused_run(tmp_path / "run", f"it={name}")


@pytest.mark.parametrize("name", ["x" * 300], ids=ids)
def test_a_run_folder_that_no_file_system_takes_is_refused_in_one_line(tiny_chat, tmp_path, name):
    line = refusal(*FAKE, "--checkpoint", f"it={tiny_chat}", "--out", tmp_path / name, kind=StoreError)

    assert line.isprintable()


def test_an_id_of_a_row_is_data_and_names_no_file(tiny_chat, tmp_path):
    task = tmp_path / "task"
    task.mkdir()
    rows = [{"id": "../../x", "q": "1"}, {"id": "../../X", "q": "2"}, {"id": "\u202e", "q": "3"}]
    (task / "samples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (task / "task.yaml").write_text(
        "name: t\nversion: 1\nsource: x\nsamples: samples.jsonl\ntarget: '1'\nscorers: [exact]\n"
        "messages: [{role: user, content: '{{ q }}'}]\n"
    )
    command = [str(task) if word == "arithmetic" else word for word in FAKE if word not in ("--limit", "2")]

    assert run(*command, "--checkpoint", f"it={tiny_chat}", "--out", tmp_path / "run").exit_code == 0
    asked = [json.loads(line)["sample"]["id"] for line in (tmp_path / "run/samples.jsonl").read_text().splitlines()]
    assert len(set(asked)) == 3
    assert all(set(one) <= set("0123456789abcdef") for one in asked)


# Links


def hub_snapshot(folder, place):
    """Lay a checkpoint out as the cache of the hub does: a snapshot of links to blobs."""
    blobs, snapshot = place / "blobs", place / "snapshots" / ("0" * 40)
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(folder.iterdir())):
        shutil.copy(path, blobs / f"{number:064x}")
        (snapshot / path.name).symlink_to(Path("../../blobs") / f"{number:064x}")
    return snapshot


def test_a_snapshot_of_the_hub_is_made_of_links_and_is_read(tiny_chat, tmp_path):
    snapshot = hub_snapshot(tiny_chat, tmp_path / "models--a--b")

    assert run(*FAKE, "--checkpoint", f"it={snapshot}", "--out", tmp_path / "run").exit_code == 0


@pytest.mark.parametrize(
    "name", ["tokenizer_config.json", "chat_template.jinja", "config.json", "special_tokens_map.json", "x.model"]
)
def test_a_file_that_is_shown_may_not_be_a_link_out_of_its_folder(tiny_chat, tmp_path, name):
    secret = tmp_path / "secret"
    secret.write_text("do not show")
    model = copy(tiny_chat, tmp_path / "model")
    (model / name).unlink(missing_ok=True)
    (model / name).symlink_to("../secret")

    line = refused_run(tmp_path / "run", f"it={model}")

    assert line.startswith(f"{model / name}: a link out of the folder, to {secret}") or name == "config.json"
    assert "do not show" not in line


def test_a_snapshot_may_not_link_past_its_blobs(tiny_chat, tmp_path):
    snapshot = hub_snapshot(tiny_chat, tmp_path / "models--a--b")
    (snapshot / "chat_template.jinja").unlink()
    (snapshot / "chat_template.jinja").symlink_to("../../../secret")
    (tmp_path / "secret").write_text("do not show")

    assert "a link out of the folder" in refused_run(tmp_path / "run", f"it={snapshot}")


def test_weights_may_be_a_link_for_they_are_known_by_content(tiny_chat, tmp_path):
    model = copy(tiny_chat, tmp_path / "model")
    (model / "model.safetensors").rename(tmp_path / "weights")
    (model / "model.safetensors").symlink_to(tmp_path / "weights")

    assert run(*FAKE, "--checkpoint", f"it={model}", "--out", tmp_path / "run").exit_code == 0


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "chat_template.jinja"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tiny_chat, tmp_path, name):
    model = copy(tiny_chat, tmp_path / "model")
    (model / name).unlink()
    os.mkfifo(model / name)

    assert refused_run(tmp_path / "run", f"it={model}")


def test_nothing_unpacks_an_archive_to_files():
    names = {"extractall", "unpack_archive", "tarfile"}
    found = [
        (path.name, node.lineno)
        for path in Path(chateval.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Import) and any(one.name in names for one in node.names))
    ]

    assert found == []
