"""Where images are looked for: in the row and beside the task, nowhere else."""

import base64
import os

import pytest

from chateval.errors import DataError
from chateval.media import MAX_BYTES, address_of, find_bytes

DATA = "data:image/png;base64,AAEC"


@pytest.mark.parametrize(
    ("part", "address"),
    [
        ({"type": "image"}, None),
        ({"type": "image", "image": "a.png"}, "a.png"),
        ({"type": "image", "path": "a.png"}, "a.png"),
        ({"type": "image", "url": DATA}, DATA),
        ({"type": "image", "base64": "AAEC"}, "data:;base64,AAEC"),
        ({"type": "image", "image": {"bytes": "AAEC", "path": "a.png"}}, "data:;base64,AAEC"),
        ({"type": "image_url", "image_url": {"url": DATA, "detail": "low"}}, DATA),
        ({"type": "image_url", "image_url": DATA}, DATA),
        ({"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}}, "data:;base64,AAEC"),
    ],
)
def test_the_address_of_a_part_is_found_in_every_spelling(part, address):
    assert address_of(part) == address


@pytest.mark.parametrize("name", ["a.png", "./a.png", "inner/../a.png"])
def test_a_file_of_the_folder_is_read(tmp_path, name):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.png").write_bytes(b"abc")

    found = find_bytes(name, tmp_path, where="row")

    assert (found.content, found.path, found.data) == (b"abc", str(tmp_path / "a.png"), "")


def test_bytes_of_the_row_have_no_path(tmp_path):
    found = find_bytes(DATA, tmp_path, where="row")

    assert (found.content, found.path, found.data) == (b"\x00\x01\x02", "", "AAEC")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "without an address"),
        ("  ", "without an address"),
        (7, "without an address"),
        ("http://127.0.0.1:9/a.png", "address of the net"),
        ("HTTPS://example.org/a.png", "address of the net"),
        ("//example.org/a.png", "address of the net"),
        ("file:///etc/passwd", "address of the net"),
        ("/etc/passwd", "outside the task's folder"),
        ("../secret.png", "outside the task's folder"),
        ("link.png", "outside the task's folder"),
        ("absent.png", "No such file"),
        ("pipe", "no regular file"),
        (".", "no regular file"),
        ("a\0b", "null byte"),
        ("x" * 5_000, "cannot be read"),
        ("large.png", "at most 10,485,760 are read"),
        ("data:image/png,abc", "a data address is"),
        ("data:image/png;base64,@@@@", "not base64"),
        ("data:image/png;base64," + "A" * (MAX_BYTES * 4 // 3 + 8), "characters of base64; at most"),
    ],
)
def test_what_is_elsewhere_absent_or_too_large_is_refused_in_words(tmp_path, address, said):
    (tmp_path / "secret.png").write_bytes(b"abc")
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(folder / "pipe")
    with (folder / "large.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    with pytest.raises(DataError, match=f"^row: .*{said}"):
        find_bytes(address, folder, where="row")


def test_links_in_a_circle_are_an_error(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")

    with pytest.raises(DataError, match="^row: "):
        find_bytes("a", tmp_path, where="row")


def test_ten_megabytes_of_nonsense_are_refused_by_what_they_are(tmp_path):
    pytest.importorskip("PIL")
    from chateval.media import read_picture

    data = base64.b64encode(os.urandom(9 * 2**20)).decode()

    with pytest.raises(DataError, match="no image that can be read"):
        read_picture(find_bytes(f"data:;base64,{data}", tmp_path, where="row"), where="row")
