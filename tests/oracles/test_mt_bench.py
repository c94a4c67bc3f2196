"""Score pairs that FastChat read from texts of judges (GPT-4 and GPT-3.5 on the Vicuna questions), row by row."""

import json

import pytest
from oracle import Agreement, held_against, oracle_path, oracle_rows

from chateval.score.judge_text import read_first_line
from chateval.task import load_task
from chateval.task.load import LoadOptions

pytestmark = pytest.mark.oracle

PEER = "mt_bench/peer_vicuna_bench_gpt_reviews"
BY_HAND = (
    "the first line holds no ratings, so FastChat's reader gives -1 and asks for a correction by hand: whole numbers,"
    " where it writes fractions, that were copied from further down in the text"
)
WRONG_BY_HAND = "as the others, and the ratings put in by hand are not those of the text ({})"
_COPIED = """
34uzSiz6E2mtCxcqmAUF9P 3T6zyEyabtCSmED9WgtDSm 3Yt7eP3RQAAifZf8dk7W35 46oAbDfWqe43bxMiJLk2sD
65puCiRvUN3gKJ7HZ5USUY 7AmCkRDfBRoSUgKheYr9n4 9rDoaFfkoB4Hn5P95RzUsq A2nW8mSXsuA25Kj75fj7qt
B36Zdm2uDBdL3snLuEmHGM Bmn7pdEQUTomUPDoMrBqL4 By9Gt6yGJphRRZNiYF8pB4 BzResN4bYKbRi2gCiwJXdw
EMTwFWRzmR9ckBQiMD2876 GM6H7ZLAvVQBcELrRaDawz HnmQ6NkCSS8sumGzBnwkgo K9ZcvwuvbaumCugBSmhEnw
LTAjxtE69TyEQkhtyfvcR9 MPx645My5vWi3NgHuUWu2X MiEb4NdFbejqM4g3CTEQcp MjYKFL9N8jctKE3tLSGLzR
SoYXkRh4Am4VsMMERWYMV5 U9njMy6SjYa9PMbuwLEfRQ UeVBSB23MSs32Kb36WTWcP UrH9pSepDzju6iJ25ja7MW
W9cUFLLoUFeDrN5XcAAF64 WLMvbxBcXdRVegTrVpXVhG WXsw2Xuc8fUawFxh6neKj9 XhoujgnzM2exQesDVZziaR
Yc3gcu3ZsAWHLazwvCoEjt ZuyaJ5ZhSqGypMuy8Em8u9 aJpdCDAyJqfnTKnqi66bvi bmPAcsfqXW9zKgijD8qom4
c5XdU8rAprsY8V5j7CGAe2 cYzR8my4HrBDqXrnMZcgKr dKDTjh3TR2SRZT9Dv5UtzF f68KKW2RJoZTVSnw49YSNe
fF9k6desYNAVU2GVRtztXR m6AC23LQ8JYijV3GtsHskU n8Mk3wH34JAD8AuexY66Wu oCR7awH4iWHiYoVc5dL4Lh
"""
DIFFERENCES = {
    "7h6GC6hKoVj8GyyxCjPr4Y": WRONG_BY_HAND.format("9/10 and 9/10, not 8 and 8"),
    "ZgNXGB9wziYPnGFjqLzqVH": WRONG_BY_HAND.format("10 and 4, not 10 and 2"),
    **dict.fromkeys(_COPIED.split(), BY_HAND),
}


def reviews():
    return {row["review_id"]: row for row in oracle_rows(PEER)}


def theirs(row):
    """Return the pair that was read; -1 stands for none."""
    return None if row["score"] == [-1, -1] else tuple(map(float, row["score"]))


def differing():
    return held_against(reviews(), ours=lambda row: read_first_line(row["text"]), theirs=theirs)


def agreements() -> list[Agreement]:
    return [
        Agreement(
            "ratings in texts of judges (Vicuna questions)",
            "FastChat",
            len(reviews()),
            {key: DIFFERENCES.get(key, "not known") for key in differing()},
        )
    ]


def test_the_rows_that_differ_are_those_that_were_put_in_by_hand():
    found = differing()

    assert len(reviews()) == 709
    assert sorted(found) == sorted(DIFFERENCES)
    assert {ours for ours, _ in found.values()} == {None}


def test_what_fastchats_reader_wrote_itself_is_read_by_ours():
    by_reader = {key: row for key, row in reviews().items() if isinstance(row["score"][0], float)}

    assert len(by_reader) == 666
    assert sorted(by_reader.keys() & differing().keys()) == []


def test_the_published_questions_are_asked_turn_by_turn(tmp_path):
    rows = oracle_rows("mt_bench/question")
    path = oracle_path("mt_bench/question.jsonl.gz")
    task = load_task("mt_bench", check=lambda spec: None, options=LoadOptions({"mt_bench": path}))

    asked = [[sample.messages[0]["content"], *sample.turns] for sample in task.samples]
    assert asked == [row["turns"] for row in rows]
    assert json.dumps([sample.tags for sample in task.samples]) == json.dumps([[row["category"]] for row in rows])
