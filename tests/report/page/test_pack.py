"""The data of the page: nothing in it ends its element, and all of it comes back."""

import base64
import json
import re
import zlib
from dataclasses import replace

import pytest
from hostile_report import HOSTILE
from page_runs import page_report, page_run, sample

from chateval.report.page.pack import in_script, pack, special_tokens
from chateval.report.page.rows import collect


def blocks(run, report=None):
    report = report or page_report(run)
    return "".join(pack(report, [run], *collect(report, [run])))


def data(html, name):
    [(kind, text)] = re.findall(rf'<script type="([^"]*)" id="data-{name}">([^<]*)</script>', html)
    return json.loads(text if kind == "application/json" else zlib.decompress(base64.b64decode(text)))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_the_texts_are_they_come_back_and_nothing_else_is_in_the_file(text):
    harmless, hostile = page_run(2), page_run(samples=[sample(0, question=text or "x"), sample(1, tags=(text,))])

    found = blocks(hostile)

    assert re.findall("<[^>]*>", found) == re.findall("<[^>]*>", blocks(harmless))
    assert data(found, "texts-0")[0][0] == (text or "x")[:4000]
    assert text in data(found, "index")["tags"]


def test_json_in_an_element_cannot_end_it():
    found = in_script('["</script><!-- & -->"]')

    assert not set(found) & set("<>&")
    assert json.loads(found) == ["</script><!-- & -->"]


def test_values_of_a_row_stand_in_the_order_of_the_scorers():
    found = data(blocks(page_run(2)), "columns")

    assert found["values"] == [[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]


def test_flips_name_row_candidate_scorer_direction_and_cause():
    found = blocks(page_run(2))

    assert data(found, "columns")["flips"] == [[1, 1, 0, 1, 0], [1, 2, 0, 1, 0]]
    assert data(found, "index")["causes"] == ["wrong answer"]


def test_details_are_those_of_the_row():
    found = data(blocks(page_run(60)), "details-1")[5]  # of parts of 50

    assert found["marks"][0] == [["42", "why 55"], ["42", "why 55"]]
    assert found["messages"][1]["content"] == "What is 55 plus 55?"
    assert found["which"] == [0, 0, 0]


def test_special_tokens_are_those_of_the_manifests_the_longest_first():
    run = page_run(1)

    assert special_tokens([run, replace(run, manifest={})]) == ["<|im_start|>", "<|im_end|>"]


def test_equal_runs_give_equal_bytes():
    assert blocks(page_run(60)) == blocks(page_run(60))
