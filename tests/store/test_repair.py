import pytest

from chateval.errors import StoreError
from chateval.records import Response
from chateval.store import ResponseStore, check_store, repair_store

ANSWERS = {f"{n * 2**240:064x}": Response(f"{n:016x}", "text " * 50, "eos", output_ids=(n,)) for n in range(2000)}


def test_a_page_of_garbage_costs_the_answers_on_it_and_no_others(tmp_path):
    path = tmp_path / "responses.sqlite"
    with ResponseStore(path) as store:
        store.put(ANSWERS)
    data = bytearray(path.read_bytes())
    place = data.index(b"text text", len(data) // 2) // 4096 * 4096
    data[place : place + 4096] = b"\xff" * 4096
    path.write_bytes(data)
    assert check_store(path).faults

    repaired = repair_store(path)

    assert len(ANSWERS) - 20 <= repaired.n_kept < len(ANSWERS)
    assert check_store(path).faults == ()
    with ResponseStore(path) as store:
        found = store.get(list(ANSWERS))
    assert found == {key: ANSWERS[key] for key in found}
    assert (tmp_path / "responses.sqlite.damaged-1").read_bytes() == bytes(data)


def test_a_store_that_is_open_is_not_repaired_under_its_user(tmp_path):
    import subprocess
    import sys

    path = tmp_path / "responses.sqlite"
    ResponseStore(path).close()
    code = (
        "import sys; from pathlib import Path; from chateval.store import ResponseStore\n"
        "with ResponseStore(Path(sys.argv[1])):\n    print('open', flush=True); sys.stdin.read()"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    user.stdout.readline()

    with pytest.raises(StoreError, match="a process has it open; repair it when no run is going on"):
        repair_store(path)

    user.communicate()
    assert repair_store(path).n_kept == 0
