"""Fault 3: no room on the disk of the store, of the run folder, or of both."""

import json
import os
import subprocess
import sys

import pytest
from fault_checks import check_folder, check_mended, check_store
from faults import TASK
from namespaces import NAMESPACE, needs_mount

SCRIPT = """
set -e
mount -t tmpfs -o size=2m none "$DISK"
dd if=/dev/zero of="$DISK/ballast" bs=1024 count=$BALLAST 2>/dev/null
set +e
"$@" 2>"$TOLD"; echo $? >"$TOLD.code"
rm "$DISK/ballast"
cp -r "$DISK/." "$AFTER"
"$@" 2>"$TOLD.again"; echo $? >"$TOLD.again.code"
cp -r "$DISK/." "$MENDED"
"""


@pytest.mark.slow
@needs_mount
@pytest.mark.parametrize("free_kib", [0, 20, 60, 300])
@pytest.mark.parametrize("full", ["store", "run"])
def test_a_real_disk_that_is_full_is_named_and_the_same_command_ends_when_there_is_room(
    models, tmp_path, full, free_kib
):
    task = tmp_path / "sums"
    task.mkdir()
    (task / "task.yaml").write_text(TASK)
    (task / "samples.jsonl").write_text("".join(json.dumps({"a": n, "b": 1}) + "\n" for n in range(100)))
    for name in ("disk", "after", "mended", "free"):
        (tmp_path / name).mkdir()
    disk, free = tmp_path / "disk", tmp_path / "free"
    named = [text for name, path in models.items() for text in ("--checkpoint", f"{name}={path}")]
    command = [sys.executable, "-m", "chateval", "run", "--engine", "fake", "--completion", *named, "--task", str(task)]
    environment = os.environ | {
        "CHATEVAL_CACHE": str((disk if full == "store" else free) / "cache"),
        "DISK": str(disk),
        "BALLAST": str(2048 - free_kib),
        "AFTER": str(tmp_path / "after"),
        "MENDED": str(tmp_path / "mended"),
        "TOLD": str(tmp_path / "told"),
    }
    out = (disk if full == "run" else free) / "run"
    script = [*NAMESPACE, "sh", "-c", SCRIPT, "sh", *command, "--out", str(out)]
    subprocess.run(script, env=environment, check=True, stdout=subprocess.DEVNULL)

    told = (tmp_path / "told").read_text().strip().splitlines()[-1]
    code = int((tmp_path / "told.code").read_text())
    if code:
        assert code == 2
        assert told.startswith(f"chateval: disk full at {disk}"), told
        assert not (tmp_path / "after" / "run" / "SHA256SUMS").exists()
    else:
        assert free_kib >= 200
    assert int((tmp_path / "told.again.code").read_text()) == 0, (tmp_path / "told.again").read_text()
    again = (tmp_path / "mended" if full == "run" else free) / "run"
    undisturbed = [*command, "--out", str(tmp_path / "whole")]
    subprocess.run(undisturbed, env=environment | {"CHATEVAL_CACHE": str(tmp_path / "new")}, check=True, stderr=-3)
    for path in (tmp_path / "whole").iterdir():
        if path.name != "efforts.jsonl":
            assert (again / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("part", range(2))
def test_a_disk_that_is_full_from_a_write_on_is_named_and_what_was_answered_is_kept(scene, part):
    whole, n_points = scene.undisturbed()
    for at in range(8 + part * 2, n_points, 23):
        ended = scene.run(points={"at": at, "act": "ENOSPC", "is_lasting": True})
        if ended.code:
            assert ended.code == 2
            assert ended.said.startswith("chateval: disk full at "), (at, ended.err)
            assert str(scene.folder) in ended.said
        check_folder(scene, whole)
        check_store(scene)
    check_mended(scene, whole, n_points)


def test_a_temporary_folder_that_is_not_there_stops_no_run(scene):
    whole, _ = scene.undisturbed()
    ended = scene.note(
        scene.server.start(
            scene.argv(), scene.folder, {"CHATEVAL_CACHE": str(scene.cache), "TMPDIR": "/dev/full", "TEMP": "/dev/full"}
        ).wait()
    )

    assert ended.code == 0, ended.err
    assert scene.files() == whole
