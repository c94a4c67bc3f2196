"""Where the bytes of an image or recording are: in a file beside the task, or in the row. Nothing is fetched."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

from chateval.errors import DataError
from chateval.records import Picture, Sound

MAX_BYTES = 10 * 2**20
"""Of an image or a recording, as a file."""
_MAX_BASE64 = MAX_BYTES * 4 // 3 + 4
_NAMED = ("image", "image_url", "audio", "audio_url", "input_audio", "base64", "data", "bytes", "path", "url")


@dataclass(frozen=True, slots=True)
class Found:
    """Bytes, and where they came from: the one or the other."""

    content: bytes
    path: str = ""
    """The file, absolute."""
    data: str = ""
    """Base64 of the bytes, where they stood in the row."""


def address_of(part: Mapping[str, Any]) -> Any:
    """Return what a part names its bytes by; None for a bare `{"type": "image"}`."""
    named: Any = next((part[key] for key in _NAMED if part.get(key) is not None), None)
    if isinstance(named, Mapping):
        named = next((named[key] for key in _NAMED if named.get(key) is not None), None)
    is_raw = named is not None and any(named is inner for inner in _raw_values(part))
    return f"data:;base64,{named}" if is_raw and isinstance(named, str) and not named.startswith("data:") else named


def _raw_values(part: Mapping[str, Any]) -> list[Any]:
    """Return the values that are base64 by their name."""
    places = [part, *(value for value in part.values() if isinstance(value, Mapping))]
    return [place[key] for place in places for key in ("base64", "data", "bytes") if place.get(key) is not None]


def find_bytes(address: Any, folder: Path, *, where: str) -> Found:
    """Return the bytes at an address.

    Args:
        address: A data address (`data:...;base64,...`), or the path of a file in the task's folder.
        folder: Of the task.
        where: What names it, for messages.

    Raises:
        DataError: If it is an address of the net, leads out of the folder, is absent, too large, or not base64.
    """
    if not isinstance(address, str) or not address.strip():
        raise DataError(f"{where}: without an address: a file beside the task, or data:...;base64,...")
    if address.startswith("data:"):
        return _decoded(address, where=where)
    if "://" in address or address.startswith("//"):
        raise DataError(
            f"{where}: {address[:80]!r} is an address of the net, where another image may stand tomorrow; "
            "nothing is fetched: save it beside the task"
        )
    return _file(address, folder, where=where)


def _decoded(address: str, *, where: str) -> Found:
    head, comma, data = address.partition(",")
    if not comma or not head.endswith(";base64"):
        raise DataError(f"{where}: a data address is data:...;base64,..., found {head[:40]!r}")
    if len(data) > _MAX_BASE64:
        raise DataError(f"{where}: {len(data):,} characters of base64; at most {_MAX_BASE64:,} are read")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"{where}: its data are not base64") from error
    return Found(content, data=data)


def _file(name: str, folder: Path, *, where: str) -> Found:
    if "\0" in name:
        raise DataError(f"{where}: {name[:80]!r} has a null byte in it, so it is no path")
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise DataError(f"{where}: {name[:200]!r} lies outside the task's folder")
        return Found(_read(path, where=where), path=str(path))
    except OSError as error:
        raise DataError(f"{where}: {name[:200]!r}: cannot be read: {error.strerror or error}") from error
    except RuntimeError as error:
        raise DataError(f"{where}: {name[:200]!r}: links that lead in a circle") from error


def _read(path: Path, *, where: str) -> bytes:
    """Return a file of bounded size; a pipe or a device is none."""
    about = path.stat()
    if not S_ISREG(about.st_mode):
        raise DataError(f"{where}: {path.name!r} is no regular file")
    if about.st_size > MAX_BYTES:
        raise DataError(f"{where}: {about.st_size:,} bytes; at most {MAX_BYTES:,} are read")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def bytes_of(kept: Picture | Sound, *, where: str) -> bytes:
    """Return the bytes of an image or recording, as they were when the task was read.

    Raises:
        DataError: If its file is gone or is another now.
    """
    if not kept.path:
        content = base64.b64decode(kept.data)
    else:
        try:
            content = _read(Path(kept.path), where=where)
        except OSError as error:
            raise DataError(f"{where}: {kept.path}: cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise DataError(f"{where}: {kept.path or 'its data'}: not what it was when the task was read")
    return content
