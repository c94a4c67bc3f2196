import subprocess

import pytest

from chateval.errors import StoreError
from chateval.store import SEALED, Seal, check_ended, check_seal, is_run


def write_all(folder, text="x"):
    seal = Seal(folder)
    for name in SEALED:
        seal.write(name, (f"{name} ", text, "é\n"))
    seal.close()


def test_the_seal_is_one_that_sha256sum_checks(tmp_path):
    write_all(tmp_path)

    command = ["/usr/bin/sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

    assert (done.returncode, done.stdout.count(b": OK")) == (0, len(SEALED))


def test_a_run_ends_with_its_seal_and_not_before(tmp_path):
    write_all(tmp_path)
    assert is_run(tmp_path)

    Seal(tmp_path)

    assert not is_run(tmp_path)
    with pytest.raises(StoreError, match="no SHA256SUMS in it: this run did not end, .* give the run's command again"):
        check_ended(tmp_path)


def test_what_is_kept_keeps_its_sum(tmp_path):
    write_all(tmp_path)
    (tmp_path / "responses.jsonl").write_text("edited after the seal was checked")

    seal = Seal(tmp_path, kept=["responses.jsonl"])
    for name in SEALED:
        if name != "responses.jsonl":
            seal.write(name, "new")
    seal.close()

    with pytest.raises(StoreError, match=r"responses\.jsonl: not as it was written"):
        check_seal(tmp_path)


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    (tmp_path / ".responses.jsonl.123.456").write_text("half")

    Seal(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_let_pass(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / ".lock").touch()

    check_ended(tmp_path)
    assert not is_run(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "x", "{sums}{sums}", "{sums}\n", "{short}", "{other}"],
    ids=["empty", "no sums", "each twice", "a blank line", "one lacks", "another file"],
)
def test_a_seal_that_is_none_is_refused(text, tmp_path):
    write_all(tmp_path)
    path = tmp_path / "SHA256SUMS"
    sums = path.read_text()
    made = text.format(sums=sums, short="".join(sums.splitlines(keepends=True)[1:]), other=sums + "0" * 64 + "  ../x\n")
    path.write_text(made)

    with pytest.raises(StoreError, match="SHA256SUMS: not as it was written; give the run's command again"):
        check_seal(tmp_path)
