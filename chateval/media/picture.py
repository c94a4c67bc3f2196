"""Bytes -> an image, within limits that hold before anything is decoded."""

import hashlib
import io
import warnings
from typing import Any

from chateval.errors import ConfigError, DataError, first_line
from chateval.media.source import Found, bytes_of
from chateval.records import Picture

MAX_PIXELS = 40_000_000
"""Width times height; 120 MB once decoded. The header says it, so that a larger one is never decoded."""
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
"""What is opened at all, as Pillow and as MIME call it; others need programs or parsers that no model is shown."""
_STILL_JPEG = "MPO"
"""Pillow's name of a JPEG that has further images behind it, such as a preview; the first is the image."""

Image = Any
"""A `PIL.Image.Image`; the class is known only where Pillow is imported."""


def read_picture(found: Found, *, where: str) -> Picture:
    """Return what the bytes of an image are, having decoded them once.

    Args:
        found: Its bytes.
        where: What names it, for messages.

    Raises:
        DataError: If it is none of the formats, animated, broken, or larger than the limits.
        ConfigError: If Pillow is not installed.
    """
    image = _opened(found.content, where=where)
    kind = "JPEG" if image.format == _STILL_JPEG else str(image.format)
    return Picture(
        sha256=hashlib.sha256(found.content).hexdigest(),
        media_type=FORMATS[kind],
        width=image.width,
        height=image.height,
        path=found.path,
        data=found.data,
    )


def decode_picture(picture: Picture, *, where: str) -> Image:
    """Return the image as people see it: turned as its EXIF says, 8 bits a channel, RGB, on white where transparent.

    Raises:
        DataError: If its file is gone, or is not what it was when the task was read.
    """
    return _as_seen(_opened(bytes_of(picture, where=where), where=where))


def _opened(content: bytes, *, where: str) -> Image:
    """Return the decoded image; its size is looked at first."""
    try:
        from PIL import Image as Pillow
    except ModuleNotFoundError as error:
        raise ConfigError(f"{where}: images need Pillow: pip install 'chateval[images]'") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            image = Pillow.open(io.BytesIO(content), formats=tuple(FORMATS))
    except Pillow.DecompressionBombError as error:
        raise DataError(f"{where}: an image of too many pixels; at most {MAX_PIXELS:,} are decoded") from error
    except Exception as error:
        raise DataError(f"{where}: {_no_image(content)}; images are {', '.join(FORMATS)}") from error
    if image.width * image.height > MAX_PIXELS:
        raise DataError(
            f"{where}: an image of {image.width:,} x {image.height:,} pixels; at most {MAX_PIXELS:,} are decoded"
        )
    try:
        if image.format != _STILL_JPEG and getattr(image, "is_animated", False):
            raise DataError(f"{where}: an animated {image.format}, of which no frame is the image; save one frame")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{where}: a broken {image.format} image: {first_line(error)}") from error
    return image


def _no_image(content: bytes) -> str:
    head = content[:1024].lstrip().lower()
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return "an SVG, which is a drawing and no image: render it to PNG"
    return "no image that can be read" if content else "an empty file"


def _as_seen(image: Image) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - EXIF that cannot be read turns nothing; the image itself is whole
        image = image.copy()
    if image.mode.startswith(("I", "F")):
        image = _to_8_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Pillow.new("RGBA", image.size, (255, 255, 255, 255))
        image = Pillow.alpha_composite(ground, image)
    return image.convert("RGB")


def _to_8_bits(image: Image) -> Image:
    """Return a grey image of 16 bits in 8; Pillow's own conversion would cut all that is brighter than 255."""
    import numpy
    from PIL import Image as Pillow

    values = numpy.asarray(image)
    return Pillow.fromarray(numpy.clip(values / 256, 0, 255).astype("uint8"))
