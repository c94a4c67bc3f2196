"""Every write, rename, removal and SQL statement of a run fails once, first the first, then the second, to the last."""

import pytest
from fault_checks import check_end, check_folder, check_mended, check_store
from fault_points import KILL

IN_FLIGHT = 2
"""Answers of a batch of the scene."""


def loop(scene, acts, *, start=1, stride=1, is_lasting=False):
    """Fail one point of a command after another, each command going on from the last; return how many were failed."""
    whole, n_points = scene.undisturbed()
    at, n_faults = start, 0
    while True:
        act = acts[n_faults % len(acts)]
        ended = scene.run(points={"at": at, "act": act, "is_lasting": is_lasting})
        is_met = len(ended.of("point")) >= at
        if not is_met:
            break
        n_faults += 1
        check_end(ended, is_killed=act == KILL)
        check_folder(scene, whole)
        check_store(scene)
        at += stride
        assert at < 2 * n_points + stride, "no end of points"
    check_mended(scene, whole, n_faults * IN_FLIGHT)
    return n_faults


@pytest.mark.parametrize(
    ("acts", "is_lasting", "start"),
    [([KILL], False, 1), (["EIO", "ENOSPC"], False, 3), (["ENOSPC", "EROFS"], True, 5)],
    ids=["killed", "failed once", "failed from then on"],
)
def test_every_eleventh_point_of_a_run_may_fail(scene, acts, is_lasting, start):
    assert loop(scene, acts, start=start, stride=11, is_lasting=is_lasting) > 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("acts", "is_lasting"),
    [([KILL], False), (["EIO", "ENOSPC"], False), (["EROFS", "ENOSPC", "EACCES"], True)],
    ids=["killed", "failed once", "failed from then on"],
)
def test_every_point_of_a_run_may_fail(scene, acts, is_lasting):
    assert loop(scene, acts, is_lasting=is_lasting) > 70


@pytest.mark.parametrize("stride", [29, pytest.param(3, marks=pytest.mark.slow)])
def test_every_point_of_the_first_run_may_be_its_last(scene, stride):
    whole, n_points = scene.undisturbed()
    for at in range(1, n_points + 1, stride):
        check_end(scene.run(points={"at": at, "act": KILL}), is_killed=True)
        check_folder(scene, whole)
        check_store(scene)
        check_mended(scene, whole, IN_FLIGHT)
        scene.forget()


@pytest.mark.parametrize("stride", [13, pytest.param(2, marks=pytest.mark.slow)])
def test_every_point_of_scoring_again_may_fail(scene, stride):
    whole, _ = scene.undisturbed()
    scene.run()
    at, n_faults = 1, 0
    while True:
        act = (KILL, "EIO", "ENOSPC")[n_faults % 3]
        ended = scene.run("score", str(scene.out), points={"at": at, "act": act})
        if len(ended.of("point")) < at:
            break
        check_end(ended, is_killed=act == KILL)
        check_folder(scene, whole)
        check_mended(scene, whole, 0)
        at, n_faults = at + stride, n_faults + 1
    assert scene.files() == whole
    assert n_faults >= 40 // stride
