"""Fault 4: the run folder or the cache folder cannot be written; that is said before any model is loaded."""

import os
import subprocess
import sys

import pytest
from namespaces import NAMESPACE, needs_mount

PLACES = pytest.mark.parametrize("place", ["out", "cache"])


def check_refused(ended, place):
    assert ended.code == 2, ended.err
    assert not ended.of("asked")
    assert "Traceback" not in ended.err
    [line] = [line for line in ended.err.splitlines() if line.startswith("chateval: ")]
    assert str(place) in line


@PLACES
@pytest.mark.parametrize("act", ["EIO", "EROFS", "EACCES"])
def test_a_folder_in_which_nothing_can_be_written_is_named_before_a_model_is_asked(scene, place, act):
    folder = getattr(scene, place)
    ended = scene.run(points={"roots": [str(folder)], "at": 1, "act": act, "is_lasting": True})

    check_refused(ended, folder)


@PLACES
def test_a_file_where_the_folder_should_be_is_named_before_a_model_is_asked(scene, place):
    folder = getattr(scene, place)
    folder.parent.mkdir(parents=True)
    folder.write_text("")

    check_refused(scene.run(), folder)


def test_a_folder_where_the_store_should_be_is_named_before_a_model_is_asked(scene):
    (scene.cache / "responses.sqlite").mkdir(parents=True)

    check_refused(scene.run(), scene.cache / "responses.sqlite")


@needs_mount
@PLACES
def test_a_file_system_that_is_read_only_is_named_before_a_model_is_loaded(models, tmp_path, place):
    paths = {"out": tmp_path / "run", "cache": tmp_path / "cache"}
    for path in paths.values():
        path.mkdir()
    command = [sys.executable, "-m", "chateval", "run", "--engine", "fake", "--completion", "--task", "arithmetic"]
    command += ["--limit", "4", "--checkpoint", f"m={models['base']}", "--out", str(paths["out"])]
    mount = 'mount --bind "$AT" "$AT" && mount -o remount,bind,ro "$AT" && exec "$@"'
    ended = subprocess.run(
        [*NAMESPACE, "sh", "-c", mount, "sh", *command],
        env=os.environ | {"AT": str(paths[place]), "CHATEVAL_CACHE": str(paths["cache"])},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert ended.returncode == 2, ended.stderr
    [line] = ended.stderr.strip().splitlines()
    assert line.startswith(f"chateval: {paths[place]}")
