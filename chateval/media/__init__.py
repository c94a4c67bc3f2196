"""Images and recordings of messages: read within limits, kept by digest, put back where they are sent."""

from chateval.media.parts import heard_in, is_known, kind_of, seen_in, wire_messages
from chateval.media.picture import MAX_PIXELS, decode_picture, read_picture
from chateval.media.sound import read_sound
from chateval.media.source import MAX_BYTES, Found, address_of, bytes_of, find_bytes

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Found",
    "address_of",
    "bytes_of",
    "decode_picture",
    "find_bytes",
    "heard_in",
    "is_known",
    "kind_of",
    "read_picture",
    "read_sound",
    "seen_in",
    "wire_messages",
]
