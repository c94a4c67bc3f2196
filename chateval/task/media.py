"""Images and recordings of a row's messages: read once, within limits, and named by their digests from there on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.errors import DataError
from chateval.media import address_of, find_bytes, kind_of, read_picture, read_sound
from chateval.records import Message, Picture, Sound

MOST_PARTS = 64
"""Images and recordings of one sample."""
MOST_BYTES = 64 * 2**20
"""Of all of them together, as files."""


@dataclass(frozen=True, slots=True)
class Media:
    """Messages whose images and recordings stand in them by digest, and those."""

    messages: tuple[Message, ...]
    pictures: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()

    @property
    def digests(self) -> list[str]:
        """What decides the answers besides the row: the content of files that it names."""
        return [picture.sha256 for picture in self.pictures] + [sound.sha256 for sound in self.sounds]


TakeMedia = Callable[[tuple[Message, ...], Mapping[str, Any], str], Media]
"""(messages, row, where the row stands) -> what a model is shown."""


def media_reader(folder: Path) -> TakeMedia:
    """Return what reads the images and recordings of rows; files lie in the task's folder.

    The function raises DataError for what cannot be read, and ConfigError where Pillow is not installed.
    """
    known: dict[str, Picture | Sound] = {}

    def take(messages: tuple[Message, ...], row: Mapping[str, Any], where: str) -> Media:
        if not any(isinstance(message["content"], list) for message in messages):
            return Media(messages)
        reader = _Reader(folder, known, _of_row(row, where))
        shown = tuple(reader.message(message, f"{where}: messages[{n}]") for n, message in enumerate(messages))
        return Media(shown, tuple(reader.pictures.values()), tuple(reader.sounds.values()))

    return take


def _of_row(row: Mapping[str, Any], where: str) -> Iterator[Any]:
    """Return the addresses that stand in a row's `images`, for parts that are a bare `{"type": "image"}`."""
    images = row.get("images", [])
    if not isinstance(images, list):
        raise DataError(f"{where}: images must be a list, found {type(images).__name__}")
    return iter(images)


class _Reader:
    """Reads the parts of one sample."""

    def __init__(self, folder: Path, known: dict[str, Picture | Sound], of_row: Iterator[Any]) -> None:
        self._folder = folder
        self._known = known
        """By file: demos show the same image before every sample."""
        self._of_row = of_row
        self._n_bytes = 0
        self._n_parts = 0
        self.pictures: dict[str, Picture] = {}
        self.sounds: dict[str, Sound] = {}

    def message(self, message: Message, where: str) -> Message:
        content: Sequence[Any] | str = message["content"]
        if not isinstance(content, list):
            return message
        return {**message, "content": [self._part(part, f"{where}.content[{n}]") for n, part in enumerate(content)]}

    def _part(self, part: Any, where: str) -> Any:
        kind = kind_of(part)
        if kind is None:
            return part
        self._n_parts += 1
        if self._n_parts > MOST_PARTS:
            raise DataError(f"{where}: a sample has at most {MOST_PARTS} images and recordings")
        found = self._image(part, where) if kind == "image" else self._sound(part, where)
        kept = {"type": kind, "sha256": found.sha256}
        detail = _detail(part)
        return kept | ({"detail": detail} if isinstance(detail, str) else {})

    def _image(self, part: Mapping[str, Any], where: str) -> Picture:
        address = address_of(part)
        if address is None:
            address = next(self._of_row, None)
            if address is None:
                raise DataError(f"{where}: an image without an address, and the row has no further one in `images`")
            address = address_of({"image": address})
        found = self._known.get(f"image {address}")
        if not isinstance(found, Picture):
            content = find_bytes(address, self._folder, where=where)
            self._count(len(content.content), where)
            found = read_picture(content, where=_named(where, address))
        self._remember("image", address, found)
        self.pictures[found.sha256] = found
        return found

    def _sound(self, part: Mapping[str, Any], where: str) -> Sound:
        address = address_of(part)
        said = part.get("input_audio")
        form = said.get("format") if isinstance(said, Mapping) else part.get("format")
        found = self._known.get(f"audio {address}")
        if not isinstance(found, Sound):
            content = find_bytes(address, self._folder, where=where)
            self._count(len(content.content), where)
            found = read_sound(content, where=_named(where, address), said=str(form or ""))
        self._remember("audio", address, found)
        self.sounds[found.sha256] = found
        return found

    def _remember(self, kind: str, address: Any, found: Picture | Sound) -> None:
        if found.path:
            self._known[f"{kind} {address}"] = found

    def _count(self, n_bytes: int, where: str) -> None:
        self._n_bytes += n_bytes
        if self._n_bytes > MOST_BYTES:
            raise DataError(f"{where}: the images and recordings of a sample have at most {MOST_BYTES:,} bytes")


def _detail(part: Mapping[str, Any]) -> Any:
    inner = part.get("image_url")
    return inner.get("detail") if isinstance(inner, Mapping) else part.get("detail")


def _named(where: str, address: Any) -> str:
    return where if str(address).startswith("data:") else f"{where}: {str(address)[:200]!r}"
