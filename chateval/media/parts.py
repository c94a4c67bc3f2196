"""Parts of messages that are no text: `{"type": "image", "sha256": ...}` once a task is read."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from chateval.media.source import bytes_of
from chateval.records import Message, Picture, Sound

IMAGES = ("image", "image_url")
SOUNDS = ("audio", "audio_url", "input_audio")


def kind_of(part: Any) -> str | None:
    """Return `image` or `audio`; None for text and what is not looked into."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    return "image" if kind in IMAGES else "audio" if kind in SOUNDS else None


def is_known(part: Mapping[str, Any]) -> bool:
    """Return whether a part names bytes by their digest already."""
    return isinstance(part.get("sha256"), str)


def _digests(messages: Sequence[Message], kind: str) -> list[str]:
    contents = (message["content"] for message in messages if isinstance(message.get("content"), list))
    return [part["sha256"] for content in contents for part in content if kind_of(part) == kind and is_known(part)]


def seen_in(messages: Sequence[Message], pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    """Return the images of messages in the order in which they are shown; one that is shown twice stands twice."""
    known = {picture.sha256: picture for picture in pictures}
    return tuple(known[sha256] for sha256 in _digests(messages, "image"))


def heard_in(messages: Sequence[Message], sounds: Sequence[Sound]) -> tuple[Sound, ...]:
    """Return the recordings of messages in their order."""
    known = {sound.sha256: sound for sound in sounds}
    return tuple(known[sha256] for sha256 in _digests(messages, "audio"))


def wire_messages(
    messages: Sequence[Message], pictures: Sequence[Picture], sounds: Sequence[Sound]
) -> list[dict[str, Any]]:
    """Return messages as OpenAI's interface takes them: images as data addresses, recordings as base64.

    Raises:
        DataError: If a file is gone, or is not what it was when the task was read.
    """
    seen = {picture.sha256: picture for picture in pictures}
    heard = {sound.sha256: sound for sound in sounds}

    def sent(part: Any, where: str) -> Any:
        if not isinstance(part, Mapping) or not is_known(part):
            return part
        if kind_of(part) == "image":
            picture = seen[part["sha256"]]
            url = f"data:{picture.media_type};base64,{_base64(picture, where)}"
            detail = {"detail": part["detail"]} if "detail" in part else {}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        sound = heard[part["sha256"]]
        return {"type": "input_audio", "input_audio": {"data": _base64(sound, where), "format": sound.format}}

    return [
        {**message, "content": [sent(part, f"messages[{index}].content[{n}]") for n, part in enumerate(content)]}
        if isinstance(content := message.get("content"), list)
        else dict(message)
        for index, message in enumerate(messages)
    ]


def _base64(kept: Picture | Sound, where: str) -> str:
    return base64.b64encode(bytes_of(kept, where=where)).decode()
