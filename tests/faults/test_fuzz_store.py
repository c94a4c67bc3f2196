"""Stores and seals of bytes that nobody chose: refused in one line, or without effect; never another answer."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chateval.errors import ChatevalError
from chateval.records import Response
from chateval.store import SEALED, ResponseStore, Seal, check_seal, check_store, repair_store

ANSWERS = {f"{n:064x}": Response(f"{n:016x}", f"answer {n} " * n, "eos", output_ids=(n,)) for n in range(60)}
FUZZ = settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=40), st.sampled_from(["over", "in", "cut"])
    ),
    min_size=1,
    max_size=3,
)


def changed(data, changes):
    """Return bytes with some written over, put in, or cut off behind."""
    for share, new, how in changes:
        place = int(share * len(data))
        behind = {"over": data[place + len(new) :], "in": data[place:], "cut": b""}[how]
        data = data[:place] + new + behind
    return data


@cache
def whole():
    """Return the bytes of a sound store; no argument of a test, whose failures would print them."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "responses.sqlite")
        with ResponseStore(path) as store:
            store.put(ANSWERS)
        return path.read_bytes()


def read_through(path):
    """Open, read and check a store; what is read must be what was put."""
    try:
        with ResponseStore(path) as store:
            found = store.get(sorted(store.known(ANSWERS)))
        assert found == {key: ANSWERS[key] for key in found}
    except ChatevalError as error:
        assert "\n" not in str(error)
    try:
        faults = check_store(path).faults
    except ChatevalError:
        return
    if faults:
        repair_store(path)
        assert check_store(path).faults == ()


@FUZZ
@given(CHANGES)
def test_a_changed_store_never_gives_another_answer(changes):
    with TemporaryDirectory() as folder:
        path = Path(folder, "responses.sqlite")
        path.write_bytes(changed(whole(), changes))
        read_through(path)


@FUZZ
@given(st.binary(max_size=5000), st.booleans())
def test_a_store_of_random_bytes_is_refused_or_empty(data, has_magic):
    with TemporaryDirectory() as folder:
        path = Path(folder, "responses.sqlite")
        path.write_bytes((b"SQLite format 3\0" if has_magic else b"") + data)
        read_through(path)


@FUZZ
@given(CHANGES, st.sampled_from([*SEALED, "SHA256SUMS"]))
def test_a_changed_run_folder_is_refused_in_one_line(changes, name):
    with TemporaryDirectory() as text:
        folder = Path(text)
        seal = Seal(folder)
        for one in SEALED:
            seal.write(one, (f"{one}\n" * 20,))
        seal.close()
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        (folder / name).write_bytes(changed(before[name], changes))

        try:
            check_seal(folder)
        except ChatevalError as error:
            assert "\n" not in str(error)
        else:
            assert all((folder / one).read_bytes() == before[one] for one in SEALED)
        shutil.rmtree(folder)
        folder.mkdir()
