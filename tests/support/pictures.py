"""Images of all sorts as bytes, good ones and hostile ones, made on the spot."""

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

TASK = """
name: looks
version: 1
source: test
samples: samples.jsonl
messages:
  - role: user
    content:
      - {type: image, image: "{{ image }}"}
      - {type: text, text: "{{ question }}"}
target: "{{ answer }}"
decoding: {max_new_tokens: 8}
scorers: [exact]
"""


def saved(
    form: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (8, 6), colour: Any = None, **how: Any
) -> bytes:
    """Return an image of one colour."""
    from PIL import Image

    kept = io.BytesIO()
    Image.new(mode, size, *(() if colour is None else (colour,))).save(kept, form, **how)
    return kept.getvalue()


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header says that it is of another size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def animated() -> bytes:
    """Return a GIF of two frames."""
    from PIL import Image

    kept = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(kept, "GIF", save_all=True, append_images=frames[1:], duration=50)
    return kept.getvalue()


def write_task(folder: Path, rows: list[dict[str, Any]], files: dict[str, bytes], text: str = TASK) -> Path:
    """Write a task of images."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "task.yaml").write_text(text)
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
