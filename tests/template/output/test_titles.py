import re

import pytest

from chateval.template.output import GR_TITLES
from chateval.template.output.titles import Title, find_title


def test_a_check_is_described_by_the_registry():
    assert find_title("CT101") == Title(
        "the text is tokenised with a second BOS", "error", "Drop one.", page="docs/checks/CT101.md"
    )


@pytest.mark.parametrize(("code", "severity"), [("GR002", "error"), ("GR040", "warning")])
def test_a_code_of_rendered_text_is_described_by_the_table(code, severity):
    assert find_title(code) == Title(GR_TITLES[code], severity)


def test_a_code_of_nobody_stands_for_itself():
    assert find_title("XX999").title == "XX999"


def test_titles_are_one_line_and_told_apart():
    assert all(re.fullmatch(r"GR0\d\d", code) for code in GR_TITLES)
    assert len(set(GR_TITLES.values())) == len(GR_TITLES)
    assert all(title.isprintable() and not title.endswith(".") for title in GR_TITLES.values())
