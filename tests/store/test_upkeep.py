import gzip
import json
import sqlite3

import pytest

from chateval.errors import StoreError
from chateval.records import Response
from chateval.store import ResponseStore, check_store, export_store, remove_unused, take_inventory
from chateval.store.database import row_checksum

ANSWERS = {f"{n:064x}": Response(f"{n:016x}", f"answer {n} é", "eos", output_ids=(n,)) for n in range(30)}


@pytest.fixture
def path(tmp_path):
    """A store whose first ten answers nobody asked for in a hundred days."""
    path = tmp_path / "cache" / "responses.sqlite"
    with ResponseStore(path) as store:
        store.put(ANSWERS)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE use SET day = day - 100 WHERE key < ?", (f"{10:064x}",))
    db.close()
    return path


def test_what_nobody_asked_for_is_counted_then_removed_and_its_room_given_back(path):
    assert (take_inventory(path, unused_days=100).n_unused, take_inventory(path, unused_days=99).n_unused) == (0, 10)
    before = path.stat().st_size

    gone = remove_unused(path, 99)

    with ResponseStore(path) as store:
        assert store.known(ANSWERS) == set(list(ANSWERS)[10:])
    assert (gone.n_unused, take_inventory(path).n_responses, check_store(path).faults) == (10, 20, ())
    assert path.stat().st_size <= before


def test_a_copy_is_a_store_while_another_process_writes(path, tmp_path):
    with ResponseStore(path) as store:
        store.put({"more": Response("b" * 16, "more", "eos")})
        assert export_store(path, tmp_path / "copy.sqlite") == 31

    with ResponseStore(tmp_path / "copy.sqlite") as copy:
        assert copy.get(list(ANSWERS)) == ANSWERS
    assert check_store(tmp_path / "copy.sqlite").faults == ()


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_an_export_has_an_answer_a_line_with_a_checksum_that_anybody_can_reckon(name, path, tmp_path):
    export_store(path, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    export_store(path, tmp_path / name)

    data = gzip.decompress(first) if name.endswith(".gz") else first
    lines = data.decode().splitlines()
    found = {row["key"]: row for row in map(json.loads, lines)}
    assert list(found) == sorted(ANSWERS)
    for line, row in zip(lines, found.values(), strict=True):
        body = line.split('"response": ', 1)[1].removesuffix("}")
        assert row["response"]["text"] == ANSWERS[row["key"]].text
        assert row_checksum(row["key"].encode(), body.encode()).decode() == row["checksum"]
    assert (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize("name", ["a.csv", "a", "cache/responses.sqlite"])
def test_another_ending_and_the_store_itself_are_refused(name, path, tmp_path):
    before = path.read_bytes()

    with pytest.raises(StoreError):
        export_store(path, tmp_path / name)
    assert path.read_bytes() == before


def test_a_damaged_answer_is_not_exported(path, tmp_path):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE response SET body = replace(body, 'answer 7', 'answer 8')")
    db.close()

    with pytest.raises(StoreError, match="not as it was put; `chateval store verify --repair`"):
        export_store(path, tmp_path / "a.jsonl")
    assert not (tmp_path / "a.jsonl").exists()


def test_where_there_is_no_store_it_is_said_and_none_is_made(tmp_path):
    with pytest.raises(StoreError, match="no store there; `chateval run` makes one"):
        take_inventory(tmp_path / "responses.sqlite")
    assert list(tmp_path.iterdir()) == []
