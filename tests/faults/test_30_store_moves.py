"""Fault 30: a run folder is moved or copied; a store is of a newer version, or of an older one."""

import shutil
import sqlite3

import pytest
from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.codec import encode
from chateval.errors import StoreError
from chateval.integrations.runs import open_run
from chateval.records import Response
from chateval.store import ResponseStore, check_store

ANSWERS = {f"k{n}": Response("a" * 16, f"answer {n} é\u2028", "eos", output_ids=(n,)) for n in range(50)}
SCHEMA_1 = "CREATE TABLE response (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT"


def write_schema_1(path, answers=ANSWERS):
    """Write a store as chateval 0.1.0 did."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    with db:
        db.execute(SCHEMA_1)
        db.executemany("INSERT INTO response VALUES (?, ?)", [(key, encode(one)) for key, one in answers.items()])
        db.execute("PRAGMA user_version = 1")
    db.close()


def rows(path, *columns):
    db = sqlite3.connect(path)
    found = db.execute(f"SELECT {', '.join(columns)} FROM response ORDER BY key").fetchall()  # noqa: S608
    db.close()
    return found


def test_a_store_of_schema_1_is_migrated_whole_with_a_backup_beside_it(tmp_path):
    path = tmp_path / "responses.sqlite"
    write_schema_1(path)
    before = rows(path, "key", "body")

    with ResponseStore(path) as store:
        assert store.get(list(ANSWERS)) == ANSWERS
        store.put({"new": ANSWERS["k1"]})

    assert check_store(path).faults == ()
    assert rows(tmp_path / "responses.sqlite.v1.backup", "key", "body") == before
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "responses.sqlite",
        "responses.sqlite.lock",
        "responses.sqlite.v1.backup",
    ]


def test_a_run_goes_on_from_a_store_of_schema_1_without_a_model(scene):
    assert scene.run().code == 0
    files, path = scene.files(), scene.cache / "responses.sqlite"
    kept = rows(path, "key", "body")
    path.unlink()
    write_schema_1(path, {})
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO response VALUES (?, ?)", kept)
    db.close()

    ended = scene.run()

    assert (ended.code, ended.of("asked"), scene.files()) == (0, [], files)


@pytest.mark.parametrize("call", ["backup", "migrate"])
def test_a_migration_that_fails_leaves_the_store_as_it_was(call, tmp_path, monkeypatch):
    path = tmp_path / "responses.sqlite"
    write_schema_1(path)
    before = rows(path, "key", "body")
    name = {"backup": "flush_folder", "migrate": "_migrate"}[call]

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"chateval.store.database.{name}", full)
    with pytest.raises(StoreError, match="^disk full at .*responses.sqlite"):
        ResponseStore(path)
    monkeypatch.undo()

    assert rows(path, "key", "body") == before
    with ResponseStore(path) as store:
        assert store.get(list(ANSWERS)) == ANSWERS


def test_a_newer_store_is_refused_with_what_to_do_and_left_as_it_is(scene):
    assert scene.run().code == 0
    path = scene.cache / "responses.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 3")
    db.close()
    before = path.read_bytes()

    ended = scene.run()

    assert ended.code == 2
    assert ended.said == (
        f"chateval: {path}: written by a newer chateval (schema 3, this one knows 2); "
        "upgrade chateval, or set CHATEVAL_CACHE to another folder"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize(("version", "tables"), [(1, 2), (0, 2), (2, 1), (2, 0), (5_000, 2)])
def test_a_header_that_the_tables_belie_is_called_damaged(version, tables, tmp_path):
    path = tmp_path / "responses.sqlite"
    if tables == 2:
        ResponseStore(path).close()
    elif tables == 1:
        write_schema_1(path)
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {version}")
    db.close()

    with pytest.raises(StoreError, match=r"damaged: its header says schema \d+, its tables are of \d; .*--repair"):
        ResponseStore(path)


def test_a_moved_and_a_copied_run_folder_are_read_scored_and_compared(scene, tmp_path):
    assert scene.run().code == 0
    files = scene.files()
    copy = shutil.copytree(scene.out, tmp_path / "elsewhere" / "copy")
    moved = scene.out.rename(tmp_path / "elsewhere" / "moved")

    assert open_run(copy).scores == open_run(moved).scores
    assert CliRunner().invoke(app, ["report", str(moved)]).exit_code == 0
    assert CliRunner().invoke(app, ["compare", str(copy), str(moved)]).exit_code == 0
    assert CliRunner().invoke(app, ["store", "verify", str(copy), str(moved)]).exit_code == 0
    assert scene.run("score", str(moved)).code == 0
    assert scene.files(moved) == files


def test_a_moved_store_answers_as_before(scene, tmp_path):
    assert scene.run().code == 0
    files = scene.files()
    cache = scene.cache.rename(tmp_path / "cache")

    ended = scene.start(cache=cache).wait()

    assert (ended.code, ended.of("asked"), scene.files()) == (0, [], files)


def test_what_kill_leaves_beside_the_store_is_read_and_then_gone(scene):
    running = scene.start(seconds=0.1)
    while not [line for line in running.log() if line[0] == "kept"]:
        pass
    running.signal(9)
    scene.note(running.wait())
    assert (scene.cache / "responses.sqlite-wal").is_file()

    ended = scene.run()

    assert ended.code == 0
    assert sorted(path.name for path in scene.cache.glob("responses*")) == ["responses.sqlite", "responses.sqlite.lock"]


def test_without_a_home_folder_the_user_is_told_what_to_set(monkeypatch):
    for name in ("CHATEVAL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def homeless(*_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", homeless)
    found = CliRunner().invoke(app, ["store"])

    assert str(found.exception) == "no home folder for stored answers: set CHATEVAL_CACHE to a folder"
