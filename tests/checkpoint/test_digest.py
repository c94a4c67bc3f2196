import hashlib
import os

import pytest

from chateval.checkpoint import DigestCache


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Files of a test are as good as old: they are not written again within one tick of the clock."""
    monkeypatch.setattr("chateval.checkpoint.digest._SETTLED_SECONDS", 0)


def test_a_digest_is_the_sha256_of_the_file(tmp_path):
    path = tmp_path / "w"
    path.write_bytes(b"weights")

    assert DigestCache(tmp_path / "digests.json").file(path) == hashlib.sha256(b"weights").hexdigest()


def test_a_large_file_is_read_once_and_again_when_it_changes(tmp_path, monkeypatch):
    path = tmp_path / "w"
    path.write_bytes(b"a" * 2_000_000)
    first = DigestCache(tmp_path / "digests.json").file(path)
    calls = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: calls.append(args) or real(*args))

    again = DigestCache(tmp_path / "digests.json").file(path)
    n_again = len(calls)
    times = path.stat()
    path.write_bytes(b"b" * 2_000_000)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = DigestCache(tmp_path / "digests.json").file(path)

    assert (again, n_again) == (first, 0)
    assert changed == hashlib.sha256(b"b" * 2_000_000).hexdigest()


def test_names_count_and_folders_do_not(tmp_path):
    digests = DigestCache(tmp_path / "digests.json")
    for folder, name in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("same")

    a, b, c = (digests.files([tmp_path / place]) for place in ("a/x", "b/x", "c/y"))

    assert a == b != c


def test_a_cache_that_cannot_be_read_or_written_costs_nothing_but_time(tmp_path):
    (tmp_path / "w").write_bytes(b"a" * 2_000_000)
    (tmp_path / "digests.json").write_text("{broken")
    (tmp_path / "file").touch()

    expected = hashlib.sha256(b"a" * 2_000_000).hexdigest()

    assert DigestCache(tmp_path / "digests.json").file(tmp_path / "w") == expected
    assert DigestCache(tmp_path / "file" / "digests.json").file(tmp_path / "w") == expected
