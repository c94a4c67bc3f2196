"""The bundled images: small, drawn by their generator, and what their rows say they are."""

import runpy
import shutil

import pytest

pytest.importorskip("PIL")

import numpy
from PIL import Image

from chateval.config import Suite
from chateval.pipeline import load_tasks
from chateval.task import bundled_tasks

KINDS = ("color", "shape", "count", "place", "chart", "sign")


@pytest.fixture(scope="module")
def samples():
    [task], _ = load_tasks(Suite(checkpoints=(), tasks=("pictures",), baseline=""))
    return task.samples


def test_there_are_ten_images_of_each_kind_in_turn(samples):
    assert [sample.tags for sample in samples] == [(kind,) for kind in KINDS] * 10
    assert len({picture.sha256 for sample in samples for picture in sample.images}) == 60


def test_the_images_are_small(samples):
    files = list((bundled_tasks()["pictures"] / "images").iterdir())

    assert sum(path.stat().st_size for path in files) < 300_000
    assert {(picture.width, picture.height) for sample in samples for picture in sample.images} == {(192, 144)}


def test_every_image_is_of_one_sample(samples):
    named = sorted(str(sample.inputs["image"]) for sample in samples)

    assert named == sorted(f"images/{path.name}" for path in (bundled_tasks()["pictures"] / "images").iterdir())


def test_the_generator_draws_the_same_images_but_for_how_a_letter_is_smoothed(tmp_path):
    folder = bundled_tasks()["pictures"]
    shutil.copy(folder / "generate.py", tmp_path)

    runpy.run_path(str(tmp_path / "generate.py"), run_name="__main__")

    for path in sorted((folder / "images").iterdir()):
        drawn, kept = (
            numpy.asarray(Image.open(one).convert("RGB"), float) for one in (tmp_path / "images" / path.name, path)
        )
        assert abs(drawn - kept).mean() < 2


def test_the_color_of_an_image_is_the_one_that_its_row_names(samples):
    colours = runpy.run_path(str(bundled_tasks()["pictures"] / "generate.py"))["COLOURS"]

    for sample in samples:
        if sample.tags == ("color",):
            image = Image.open(sample.images[0].path).convert("RGB")
            counts = sorted(image.getcolors(), reverse=True)
            assert counts[1][1] == pytest.approx(colours[sample.target], abs=3)
