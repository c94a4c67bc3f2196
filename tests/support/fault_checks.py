"""What must be true of a run folder and its store, however a command ended."""

from contextlib import closing

from faults import Ended, Scene

from chateval.errors import ChatevalError
from chateval.store import is_run, read_run
from chateval.store.database import connect, row_checksum


def check_end(ended: Ended, *, is_killed: bool) -> None:
    """A command was killed, or it ended, or it said in one line why it did not."""
    if is_killed and ended.code == -9:
        return
    assert ended.code in (0, 2, 130), (ended.code, ended.err)
    assert "Traceback" not in ended.err, ended.err
    if ended.code == 2:
        assert ended.said.startswith("chateval: "), ended.err
        assert str(ended.said).count("/place/") >= 1, f"names no file: {ended.said}"


def check_folder(scene: Scene, whole: dict[str, bytes]) -> None:
    """A run folder is that of a whole run, or it is refused as one that did not end."""
    if not scene.out.is_dir():
        return
    if is_run(scene.out):
        sealed = {name: data for name, data in scene.files().items() if name in whole}
        assert sealed == whole, "sealed, and not as an undisturbed run leaves it"
        read_run(scene.out)
        return
    try:
        read_run(scene.out)
    except ChatevalError:
        return
    raise AssertionError("a run that did not end is read")


def check_store(scene: Scene) -> None:
    """The store opens, is sound to its last page, and has every answer that it said to have kept."""
    path = scene.cache / "responses.sqlite"
    if not path.exists():
        assert not scene.kept
        return
    with closing(connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [(b"ok",)]
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = db.execute("SELECT key, body, checksum FROM response").fetchall() if b"response" in tables else []
    assert all(row_checksum(key, body) == checksum for key, body, checksum in rows)
    assert len(rows) >= len(scene.kept), "an answer is lost that was said to be kept"


def check_mended(scene: Scene, whole: dict[str, bytes], n_lost: int) -> None:
    """The same command again ends, with the bytes of a run that nothing disturbed and no call too many.

    Args:
        scene: After whatever was done to it.
        whole: Files of a run that nothing disturbed.
        n_lost: Answers that may have been under way when commands broke off.
    """
    ended = scene.run()
    assert ended.code == 0, ended.err
    assert sorted(scene.files()) == sorted(whole)
    assert scene.files() == whole
    n_wanted = scene.n_samples * len(scene.models)
    assert len(scene.asked) == n_wanted
    assert scene.kept <= set(scene.asked)  # a kill may come between the store's keeping and its saying so
    assert sum(scene.asked.values()) <= n_wanted + n_lost
