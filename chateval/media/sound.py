"""Bytes -> a recording: known by its first bytes, never decoded; only endpoints are sent any."""

import hashlib

from chateval.errors import DataError
from chateval.media.source import Found
from chateval.records import Sound

_LAYER_III = range(0xE2, 0x100)
"""Second byte of a frame of MPEG audio, after 0xFF."""


def read_sound(found: Found, *, where: str, said: str = "") -> Sound:
    """Return what the bytes of a recording are.

    Args:
        found: Its bytes.
        where: What names it, for messages.
        said: The format that the message says it has; empty where it says none.

    Raises:
        DataError: If it is neither WAV nor MP3, or not what is said.
    """
    form = _form(found.content)
    if form is None:
        raise DataError(f"{where}: no recording that can be sent; those are wav and mp3")
    if said and said != form:
        raise DataError(f"{where}: its format is said to be {said[:20]!r}, and it is {form}")
    return Sound(hashlib.sha256(found.content).hexdigest(), form, path=found.path, data=found.data)


def _form(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE" and b"data" in content[12:4096]:
        return "wav"
    if content[:3] == b"ID3" or (len(content) > 4 and content[0] == 0xFF and content[1] in _LAYER_III):
        return "mp3"
    return None
