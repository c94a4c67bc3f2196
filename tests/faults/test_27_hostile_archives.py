"""Fault 27: archives with members outside, links, bombs, twins and locks: nothing is unpacked to the disk or let in."""

import json
import resource
import stat
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from bad_files import refusal

from chateval import open_run
from chateval.errors import ChatevalError, DataError, StoreError

zstandard = pytest.importorskip("zstandard")

HEADER = json.dumps({"status": "success", "eval": {"task": "t", "model": "m", "config": {}}})
SAMPLE = {"id": 1, "epoch": 1, "input": "q", "target": "a", "scores": {"match": {"value": "C"}}}


def archive(path, members, method=zipfile.ZIP_DEFLATED):
    """Write a zip; a member is (name or ZipInfo, text)."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, text in members:
            file.writestr(name, text)
    return path


def whole(*further):
    return [("header.json", HEADER), ("samples/1_epoch_1.json", json.dumps(SAMPLE)), *further]


def link(name, target):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


@pytest.mark.parametrize(
    "further",
    [
        [("../../outside.json", "{}")],
        [("/tmp/outside.json", "{}")],
        [("samples\\..\\..\\outside.json", "{}")],
        [link("link.json", "/etc/passwd")],
        [("con", "{}"), ("a" * 5000, "{}"), ("\x1b[31m\u202e.json", "{}")],
    ],
    ids=["up", "absolute", "backslashes", "link", "names"],
)
def test_members_that_are_not_a_logs_are_never_written_anywhere(tmp_path, further):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)

    run = open_run(archive(inside / "x.eval", whole(*further)))

    assert [score.value for score in run.scores] == [1.0]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "x.eval"]
    assert not Path("/tmp/outside.json").exists()


def test_a_link_as_a_sample_is_read_as_its_text_and_not_followed(tmp_path):
    path = archive(tmp_path / "x.eval", [("header.json", HEADER), link("samples/1_epoch_1.json", "/etc/passwd")])

    with pytest.raises(DataError, match=r"samples/1_epoch_1\.json: not valid JSON"):
        open_run(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["header.json", "samples/1_epoch_1.json"])
def test_a_member_that_stands_twice_is_refused(tmp_path, name):
    path = archive(tmp_path / "x.eval", whole((name, "{}")))

    assert f"member '{name}' stands twice" in refusal("compare", path)


def zstd(path, text, *, size=None):
    """Write a zip whose sample is packed with zstd, as Inspect's are."""
    packed = zstandard.compress(text)
    archive(path, [("header.json", HEADER), ("samples/1_epoch_1.json", packed)], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    local = struct.unpack_from("<I", data, place + 42)[0]
    for start, method in ((place, 10), (local, 8)):
        struct.pack_into("<H", data, start + method, 93)
    struct.pack_into("<I", data, place + 24, len(text) if size is None else size)
    if size is not None:
        struct.pack_into("<I", data, place + 20, size)
    path.write_bytes(data)
    return path


def test_a_zstd_log_is_read_and_a_zstd_bomb_is_not(tmp_path):
    assert open_run(zstd(tmp_path / "x.eval", json.dumps(SAMPLE).encode())).scores[0].value == 1.0

    bomb = zstd(tmp_path / "y.eval", b'{"a": "' + b" " * 300_000_000 + b'"}')

    assert bomb.stat().st_size < 100_000
    assert "unpacks to more than 16,777,144 bytes" in refusal("compare", bomb)


def test_a_member_that_says_it_is_4_gb_packed_costs_no_memory(tmp_path):
    path = zstd(tmp_path / "x.eval", json.dumps(SAMPLE).encode(), size=0xFFFFFFF0)

    with pytest.raises(ChatevalError):
        open_run(path)


@pytest.mark.parametrize("n_samples", [1, 400])
def test_a_bomb_is_refused_by_one_member_or_by_all_together(tmp_path, n_samples):
    text = json.dumps({**SAMPLE, "input": " " * (100_000_000 // n_samples)})
    members = [(f"samples/{n}_epoch_1.json", text) for n in range(n_samples)]
    path = archive(tmp_path / "x.eval", [("header.json", HEADER), *members])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    message = refusal("compare", path)

    assert path.stat().st_size < 500_000
    assert "unpacks to more than" in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def flipped(path, where):
    """Flip a byte behind the local header of the sample."""
    data = bytearray(path.read_bytes())
    data[data.index(b"samples/1") + where] ^= 0xFF
    path.write_bytes(data)
    return path


def test_a_member_with_a_wrong_checksum_is_refused(tmp_path):
    path = archive(tmp_path / "x.eval", whole(), zipfile.ZIP_STORED)

    assert "cannot be unpacked: Bad CRC-32" in refusal("compare", flipped(path, 40))


def test_an_encrypted_member_is_refused(tmp_path):
    path = archive(tmp_path / "x.eval", whole())
    data = bytearray(path.read_bytes())
    start = data.rindex(b"PK\x01\x02")
    data[start + 8] |= 1
    path.write_bytes(data)

    assert "is encrypted, password required" in refusal("compare", path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_refused(tmp_path, share):
    path = archive(
        tmp_path / "x.eval", whole(*((f"samples/{n}_epoch_1.json", json.dumps(SAMPLE)) for n in range(2, 99)))
    )
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    assert "not a run" in refusal("compare", path)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        '{"a":' * 1_000_000,
        '{"scores": ' * 1_000_000 + "1" + "}" * 1_000_000,
        "NaN",
        '{"id": NaN, "scores": 1e999}',
    ],
    ids=["lists", "objects", "scores", "NaN", "no numbers"],
)
def test_a_sample_of_a_million_levels_or_no_numbers_is_one_line(tmp_path, text):
    path = archive(tmp_path / "x.eval", [("header.json", HEADER), ("samples/1_epoch_1.json", text)])

    refusal("compare", path)


def test_a_million_members_are_refused_or_read_in_bounded_time(tmp_path):
    path = tmp_path / "x.eval"
    entry = struct.Struct("<4sHHHHHIIIHHHHHII")
    names = [f"samples/{n}.json".encode() for n in range(1_000_001)]
    with path.open("wb") as file:
        file.write(b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0, zlib.crc32(b"{}"), 2, 2, 1, 0) + b"x{}")
        start = file.tell()
        for name in names:
            head = entry.pack(b"PK\x01\x02", 20, 20, 0, 0, 0, 0, zlib.crc32(b"{}"), 2, 2, len(name), 0, 0, 0, 0, 0)
            file.write(head + name)
        size = file.tell() - start
        end = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, len(names), len(names), size, start)
        file.write(b"PK\x06\x06" + end + b"PK\x06\x07" + struct.pack("<IQI", 0, start + size, 1))
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    began = time.monotonic()

    with pytest.raises((DataError, StoreError)):
        open_run(path)

    assert time.monotonic() - began < 60
