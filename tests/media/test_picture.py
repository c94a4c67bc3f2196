"""Images: what is read, how it is seen, and what is refused before it costs anything."""

import base64
import hashlib

import pytest

pytest.importorskip("PIL")

from pictures import animated, claiming, saved

from chateval.errors import DataError
from chateval.media import Found, decode_picture, read_picture
from chateval.media.picture import MAX_PIXELS


def read(content):
    return read_picture(Found(content, data=base64.b64encode(content).decode()), where="row")


def seen(content):
    return decode_picture(read(content), where="row")


@pytest.mark.parametrize(("form", "kind"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_an_image_is_known_by_its_content(form, kind):
    content = saved(form)

    found = read(content)

    assert (found.media_type, found.width, found.height) == (f"image/{kind}", 8, 6)
    assert found.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"GIF89a", "no image that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no image that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG, which is a drawing"),
        (b"<?xml version='1.0'?><svg/>", "an SVG, which is a drawing"),
        (b"\x00" * 100_000, "no image that can be read"),
        (animated(), "an animated GIF"),
        (saved(size=(64, 64))[:-40], "a broken PNG image"),
        (saved("JPEG", size=(64, 64))[:300], "no image that can be read|a broken JPEG image"),
        (claiming(20_000, 20_000), "too many pixels|20,000 x 20,000 pixels"),
        (claiming(MAX_PIXELS + 1, 1), "pixels; at most"),
        (claiming(2**31 - 1, 2**31 - 1), "pixels|no image"),
        (claiming(64, 64), "a broken PNG image"),
    ],
    ids=range(13),
)
def test_what_is_no_image_that_can_be_shown_is_refused_in_words(content, said):
    with pytest.raises(DataError, match=f"^row: .*({said})"):
        read(content)


def test_a_picture_too_large_is_refused_by_its_header_in_little_memory():
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(DataError):
        read(claiming(20_000, 20_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 5_000_000


@pytest.mark.parametrize(
    ("content", "pixel"),
    [
        (saved("JPEG", "CMYK", colour=(0, 0, 0, 0)), (255, 255, 255)),
        (saved(mode="L", colour=77), (77, 77, 77)),
        (saved(mode="I;16", colour=40_000), (156, 156, 156)),
        (saved(mode="1", colour=1), (255, 255, 255)),
        (saved(mode="RGBA", colour=(255, 0, 0, 0)), (255, 255, 255)),
        (saved(mode="LA", colour=(0, 255)), (0, 0, 0)),
    ],
    ids=range(6),
)
def test_every_mode_is_seen_as_eight_bits_of_rgb_on_white(content, pixel):
    image = seen(content)

    assert image.mode == "RGB"
    assert all(abs(one - other) <= 2 for one, other in zip(image.getpixel((0, 0)), pixel, strict=True))


def test_an_image_is_turned_as_its_exif_says():
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved("JPEG", size=(8, 6), exif=exif)

    assert (read(content).width, read(content).height) == (8, 6)
    assert seen(content).size == (6, 8)


def test_exif_that_is_noise_turns_nothing():
    content = saved("JPEG", size=(8, 6), exif=b"Exif\x00\x00" + b"\xff" * 40)

    assert seen(content).size == (8, 6)


def test_a_file_that_changed_since_it_was_read_is_not_shown(tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(saved())
    picture = read_picture(Found(path.read_bytes(), path=str(path)), where="row")
    path.write_bytes(saved(colour=(9, 9, 9)))

    with pytest.raises(DataError, match="not what it was when the task was read"):
        decode_picture(picture, where="row")
