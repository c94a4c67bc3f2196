"""Fault 6: a byte of the store or of a run folder is flipped, in 100 places each."""

import random
import shutil
import sqlite3

import pytest
from faults import Scene
from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.errors import StoreError
from chateval.integrations.runs import open_run
from chateval.records import Response
from chateval.store import SEALED, ResponseStore, check_store, repair_store

N_FLIPS = 100
ANSWERS = {f"{n:064x}": Response(f"{n:016x}", f"answer {n} " * (n % 40), "eos", output_ids=(n,)) for n in range(400)}


def flipped(data, place, bit):
    changed = bytearray(data)
    changed[place] ^= 1 << bit
    return bytes(changed)


def flips(size, seed):
    draw = random.Random(seed)
    return [(draw.randrange(size), draw.randrange(8)) for _ in range(N_FLIPS)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a store with all answers, closed."""
    path = tmp_path_factory.mktemp("whole") / "responses.sqlite"
    with ResponseStore(path) as store:
        store.put(ANSWERS)
    return path.read_bytes()


@pytest.mark.parametrize(("place", "bit"), flips(80_000, 6))
def test_a_store_with_a_flipped_bit_gives_the_same_answer_or_an_error_or_none(place, bit, whole, tmp_path):
    path = tmp_path / "responses.sqlite"
    path.write_bytes(flipped(whole, place % len(whole), bit))

    try:
        with ResponseStore(path) as store:
            found = store.get(sorted(store.known(ANSWERS)))
    except StoreError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
    else:
        assert found == {key: ANSWERS[key] for key in found}


def test_what_is_flipped_in_an_answer_is_found_named_and_salvaged_around(whole, tmp_path):
    path = tmp_path / "responses.sqlite"
    n_faults = n_repaired = 0
    for place, bit in flips(len(whole), 7):
        path.write_bytes(flipped(whole, place, bit))
        try:
            faults = check_store(path).faults
        except StoreError:
            continue  # its first bytes: not a store any more
        n_faults += bool(faults)
        if faults and n_repaired < 6:
            n_repaired += 1
            repaired = repair_store(path)
            assert repaired.n_kept >= len(ANSWERS) - 60
            with ResponseStore(path) as store:
                found = store.get(sorted(store.known(ANSWERS)))
            assert len(found) == repaired.n_kept
            assert found == {key: ANSWERS[key] for key in found}
            assert check_store(path).faults == ()
            for left in tmp_path.iterdir():
                left.unlink()

    assert n_faults > N_FLIPS // 2


@pytest.fixture
def sealed(fault_server, models, tmp_path):
    scene = Scene(fault_server, tmp_path / "scene", models)
    assert scene.run().code == 0
    return scene, scene.files()


@pytest.mark.parametrize("name", [*SEALED, "SHA256SUMS"])
def test_a_flipped_bit_in_a_run_folder_is_refused_or_without_effect(name, sealed):
    scene, files = sealed
    before = open_run(scene.out)
    whole = before, list(before.answers)

    for place, bit in flips(len(files[name]), 8):
        (scene.out / name).write_bytes(flipped(files[name], place, bit))
        try:
            found = open_run(scene.out)
        except StoreError as error:
            assert "not as it was written" in str(error)
            assert name in str(error)
        else:
            assert name == "SHA256SUMS"
            assert (found, list(found.answers)) == whole or found.scores == before.scores


def test_a_damaged_answer_stops_the_run_names_the_remedy_and_costs_only_itself(sealed):
    """The whole way: the run refuses, verify says what, repair salvages, and the same run asks for what is gone."""
    scene, files = sealed
    path = scene.cache / "responses.sqlite"
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE response SET body = replace(body, 'Add.', 'Bdd.') WHERE key = (SELECT min(key) FROM response)"
        )
        assert db.total_changes == 1
    db.close()
    env = {"CHATEVAL_CACHE": str(scene.cache)}

    refused = scene.run()
    verified = CliRunner().invoke(app, ["store", "verify"], env=env)
    other = CliRunner().invoke(app, ["report", str(scene.out)])
    repaired = CliRunner().invoke(app, ["store", "verify", "--repair"], env=env)

    assert refused.code == 2
    assert "is not as it was put; `chateval store verify --repair` keeps what can be read" in refused.said
    assert (verified.exit_code, repaired.exit_code) == (2, 0)
    assert ": not as it was put" in verified.output
    assert "this run did not end" in str(other.exception)
    assert "11 answers kept, 1 not" in repaired.output
    assert (scene.cache / "responses.sqlite.damaged-1").is_file()

    scene.kept.clear()
    ended = scene.run()
    assert (ended.code, len(ended.of("asked"))) == (0, 1)
    assert scene.files() == files


def test_other_runs_stay_readable_while_the_store_is_damaged(sealed, tmp_path):
    scene, _ = sealed
    shutil.copytree(scene.out, tmp_path / "other")
    (scene.cache / "responses.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)

    assert scene.run().code == 2
    assert len(list(open_run(tmp_path / "other").answers)) == 12


@pytest.mark.parametrize("data", [b"something else, and long enough to be read " * 50, b"x", b"SQLite format 3\0"])
def test_a_file_that_is_no_store_is_named_and_left_as_it_is(data, tmp_path):
    path = tmp_path / "responses.sqlite"
    path.write_bytes(data)

    with pytest.raises(StoreError, match=r"responses.sqlite: (not a response store|damaged)"):
        ResponseStore(path)
    assert path.read_bytes() == data


def test_a_folder_in_the_place_of_the_store_is_named(tmp_path):
    (tmp_path / "responses.sqlite").mkdir()

    with pytest.raises(StoreError, match="responses.sqlite: a folder, not a response store"):
        ResponseStore(tmp_path / "responses.sqlite")


def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "responses.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE customers (name TEXT)")
    db.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="a database of something else, not a response store"):
        ResponseStore(path)
    assert path.read_bytes() == before


def test_an_empty_file_is_a_new_store(tmp_path):
    (tmp_path / "responses.sqlite").touch()

    with ResponseStore(tmp_path / "responses.sqlite") as store:
        store.put(ANSWERS)
        assert len(store.known(ANSWERS)) == len(ANSWERS)
