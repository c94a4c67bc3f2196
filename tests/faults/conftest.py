"""Shared by the tests of faults."""

import shutil

import pytest
from faults import Scene, Server


@pytest.fixture(scope="session")
def models(tiny_chat, tiny_other, tmp_path_factory):
    """Two models with answers of their own, without a template: the process that renders those is not forked along."""
    folder = tmp_path_factory.mktemp("plain")
    models = {"base": shutil.copytree(tiny_chat, folder / "base"), "sft": shutil.copytree(tiny_other, folder / "sft")}
    for path in models.values():
        (path / "chat_template.jinja").unlink()
    return models


@pytest.fixture(scope="session")
def fault_server(models, tmp_path_factory):
    """A process that starts commands in a moment."""
    server = Server(tmp_path_factory.mktemp("server"))
    scene = Scene(server, tmp_path_factory.mktemp("warm"), models)
    server.warm(scene.argv(), scene.folder, {"CHATEVAL_CACHE": str(scene.cache)})
    yield server
    server.close()


@pytest.fixture
def scene(fault_server, models, tmp_path):
    """A folder with a task, a store to be, and the command that runs it."""
    return Scene(fault_server, tmp_path / "scene", models)
