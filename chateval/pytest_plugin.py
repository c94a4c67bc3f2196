"""The pytest plugin: a fixture with the run of a suite. It is loaded at every start of pytest and imports nothing."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from chateval.records import Run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where the suite and the run folder are, on the command line and in the ini file."""
    group = parser.getgroup("chateval")
    group.addoption("--chateval-config", default=None, help="chateval.yaml that the fixture `chateval_run` runs")
    group.addoption("--chateval-out", default=None, help="folder of that run (default: one of pytest's)")
    parser.addini("chateval_config", "chateval.yaml that the fixture `chateval_run` runs", default="chateval.yaml")
    parser.addini("chateval_out", "folder of that run", default="")


@pytest.fixture(scope="session")
def chateval_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Run":
    """Run the suite once for all tests of the session and return the run; answers in the store are taken from it."""
    from chateval.errors import ChatevalError
    from chateval.testing import run_suite

    root = request.config.rootpath
    given = request.config.getoption("--chateval-config")
    config = request.config.invocation_params.dir / given if given else root / request.config.getini("chateval_config")
    place = request.config.getoption("--chateval-out") or request.config.getini("chateval_out")
    out = root / place if place else tmp_path_factory.mktemp("chateval") / "run"
    try:
        return run_suite(config, out)
    except ChatevalError as error:
        pytest.fail(f"chateval: {error}", pytrace=False)
