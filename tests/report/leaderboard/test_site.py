"""The page of a leaderboard: one file that asks for nothing and runs nothing of others."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from boards import full_board
from hostile_report import HOSTILE
from made_runs import run

from chateval.compare.leaderboard import rank_runs
from chateval.report.leaderboard import to_site


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_has_a_table_fronts_and_a_curve():
    page = to_site(full_board())

    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 3
    assert "the last step 100 is worse than step 50" in page
    assert ">best</text>" in page


def test_its_policy_allows_its_own_script_and_style_only():
    page = to_site(full_board())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    for tag in ("script", "style"):
        source = re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy

    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"long"}))
def test_hostile_names_add_no_element_and_no_request(name):
    page = to_site(full_board(HOSTILE[name]))
    plain, hostile = Tags(to_site(full_board())).found, Tags(page).found

    assert [tag for tag, _ in hostile] == [tag for tag, _ in plain]
    assert not [attrs for _, attrs in hostile if {"src", "href", "onerror", "onmouseover"} & attrs.keys()]


def test_one_checkpoint_is_a_page_too():
    assert "1 checkpoint ranked" in to_site(rank_runs([run("r", {"a": "10"})]))
