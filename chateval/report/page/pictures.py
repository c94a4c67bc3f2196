"""Images of samples -> what the page shows of them: small ones whole, of larger ones what they are."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from chateval.errors import DataError
from chateval.media import bytes_of
from chateval.records import Picture

MAX_BYTES = 300_000
"""Of one image that stands in the page."""
MAX_ALL_BYTES = 8_000_000
"""Of all of them together; those behind are named only."""
_KINDS: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "image/bmp": (b"BM",),
}
"""Types that a browser decodes as an image and as nothing else, with how their files begin; no SVG, which is markup."""


def picture_data(pictures: Iterable[Picture]) -> dict[str, dict[str, Any]]:
    """Return sha256 -> type, size and base64 of each image, or `why` the page does not have it."""
    found: dict[str, dict[str, Any]] = {}
    n_left = MAX_ALL_BYTES
    for one in pictures:
        if one.sha256 not in found:
            content, why = _content(one, n_left)
            n_left -= len(content)
            found[one.sha256] = {
                "kind": one.media_type,
                "width": one.width,
                "height": one.height,
                "data": base64.b64encode(content).decode("ascii"),
                "why": why,
            }
    return found


def _content(one: Picture, n_left: int) -> tuple[bytes, str]:
    """Return the bytes, or why there are none."""
    if one.media_type not in _KINDS:
        return b"", "no type of image that a page shows"
    try:
        content = bytes_of(one, where="page")
    except (DataError, ValueError):
        return b"", "the file is gone, or is another now"
    if not content.startswith(_KINDS[one.media_type]):
        return b"", f"the file is no {one.media_type}"
    if len(content) > MAX_BYTES:
        return b"", f"{len(content):,} bytes, more than a page shows"
    if len(content) > n_left:
        return b"", "the page has as many images as it may"
    return content, ""
