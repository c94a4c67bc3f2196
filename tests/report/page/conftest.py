"""Chromium, and pages of runs opened in it: they must stay silent and ask nothing of a network."""

import os
import shutil

import pytest
from page_runs import page_report

from chateval.report.page import write_page


def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHATEVAL_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine; name one in CHATEVAL_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield found
        found.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open the page of a run; what it says on the console and asks of a network must stay empty."""
    contexts, faults = [], []

    def _visit(run, *, report=None, fragment="", **settings):
        path = tmp_path / "report.html"
        write_page(path, report or page_report(run), [run])
        contexts.append(browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings)))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith("file:") else None)
        page.goto(f"{path.as_uri()}{fragment}")
        page.wait_for_selector("body[data-ready]")
        return page

    yield _visit
    for context in contexts:
        context.close()
    assert faults == []
