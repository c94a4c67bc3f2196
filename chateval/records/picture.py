"""What is shown or played to a model beside text, by the digest of its bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of a prompt. Messages name it by its digest; the bytes are in the file, or here."""

    sha256: str
    """Of the bytes of the file, 64 hex digits."""
    media_type: str
    """image/png, image/jpeg, image/webp, image/gif or image/bmp."""
    width: int
    """Pixels, as the file has them: before it is turned as its EXIF says."""
    height: int
    path: str = ""
    """The file, absolute; empty for an image that stands in the row itself."""
    data: str = ""
    """Its bytes in base64, where it has no file."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording of a prompt. Messages name it by its digest; the bytes are in the file, or here."""

    sha256: str
    """Of the bytes of the file, 64 hex digits."""
    format: str
    """wav or mp3."""
    path: str = ""
    """The file, absolute; empty for a recording that stands in the row itself."""
    data: str = ""
    """Its bytes in base64, where it has no file."""
