import time

import pytest
from hostile_report import HOSTILE
from rich.cells import cell_len

from chateval.template.output.excerpt import cut_out, cut_pair, line_and_column, visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a b", "a b"),
        ("a\nb\tc\rd", "a⏎b⇥c\\rd"),
        ("\x1b[2J\x9b", "\\x1b[2J\\x9b"),
        ("a\x00b", "a\\x00b"),
        ("a\u202eb\u200bc\u2028", "a\\u202eb\\u200bc\\u2028"),
        ("a\ud800b", "a\\ud800b"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("a\ufe0fb\U000e0101\u3164", "a\\ufe0fb\\U000e0101\\u3164"),
        ("a\xa0b", "a\\xa0b"),
        ("日本 é ▁｜", "日本 é ▁｜"),
    ],
)
def test_what_cannot_be_seen_is_spelt_out(text, expected):
    assert visible(text) == expected


def test_a_long_text_is_cut():
    assert visible("x" * 1000, limit=3) == "xxx…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You are a bot.", "You are a bot."),
        (" a ", "␣a␣"),
        ("a  b", "a␣␣b"),
        ("a \n b", "a␣⏎␣b"),
        ("[INST] Hi [/INST] Yes", "[INST]␣Hi␣[/INST]␣Yes"),
        ("<|user|> Hi <|end|>", "<|user|>␣Hi␣<|end|>"),
        ("USER: Hi", "USER: Hi"),
    ],
)
def test_only_spaces_that_a_reader_could_miss_are_marked(text, expected):
    assert cut_out(text, len(text) // 2 if text == "USER: Hi" else len(text)).line == expected


def test_a_space_at_the_place_is_marked():
    assert cut_out("one two", 3, 1).place == "␣"


@pytest.mark.parametrize(
    ("text", "offset", "length", "line", "caret"),
    [
        ("assistant Hello", 9, 1, "assistant␣Hello", "         ^"),
        ("<s><s>[INST]", 3, 3, "<s><s>[INST]", "   ^~~"),
        ("user\nHi", 7, 0, "user⏎Hi", "       ^"),
        ("日本<s>", 2, 3, "日本<s>", "    ^~~"),
        ("a日本b", 1, 2, "a日本b", " ^~~~"),
        ("a\x1bb", 1, 1, "a\\x1bb", " ^~~~"),
        ("", 0, 0, "", "^"),
        ("abc", 99, 5, "abc", "   ^"),
        ("abc", -4, 1, "abc", "^"),
        ("abc", 1, -3, "abc", " ^"),
    ],
)
def test_the_caret_stands_under_the_place(text, offset, length, line, caret):
    excerpt = cut_out(text, offset, length)

    assert (excerpt.line, excerpt.caret) == (line, caret)


def test_outputs_without_fixed_width_get_brackets():
    assert cut_out("<s><s>", 3, 3).marked == "<s>⟦<s>⟧"


@pytest.mark.parametrize("columns", [20, 41, 100])
@pytest.mark.parametrize("offset", [0, 1, 60, 499, 999, 1000])
@pytest.mark.parametrize("length", [0, 1, 30, 1000])
@pytest.mark.parametrize("letter", ["x", "日", "\x1b", "e\u0301"])
def test_an_excerpt_is_as_wide_as_asked_at_most(columns, offset, length, letter):
    excerpt = cut_out(letter * 1000, offset, length, columns=columns)

    assert cell_len(excerpt.line) <= columns
    assert len(excerpt.line) >= columns // 4
    assert cell_len(excerpt.caret) <= columns + 1


def test_what_is_cut_is_told():
    excerpt = cut_out("a" * 100 + "X" + "b" * 100, 100, 1, columns=21)

    assert excerpt.line == "…aaaaaaaaaXbbbbbbbbb…"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_line_is_one_line_that_can_be_printed(text):
    line = cut_out(text, len(text) // 2, 3).line

    assert line.isprintable()
    assert visible(text).isprintable()


@pytest.mark.parametrize("letter", [" ", "<", "\x00", "\ud800", "日"])
def test_five_million_characters_take_no_time(letter):
    text = letter * 5_000_000
    began = time.process_time()

    cut_out(text, 2_500_000, 2_000_000)
    visible(text)

    assert time.process_time() - began < 1


def test_two_long_texts_are_both_shown_where_they_differ():
    expected, found = cut_pair("a" * 500 + "X" + "b" * 500, "a" * 500 + "Y" + "b" * 500, columns=40)

    assert "aaaX" in expected
    assert "aaaY" in found
    assert expected.index("X") == found.index("Y")


@pytest.mark.parametrize(
    ("expected", "found", "shown"),
    [("a b", "a  b", ("a␣b", "a␣␣b")), ("", "", ("", "")), ("x", "", ("x", "")), ("a", "a\n", ("a", "a⏎"))],
)
def test_two_short_texts_are_shown_whole(expected, found, shown):
    assert cut_pair(expected, found) == shown


@pytest.mark.parametrize(("offset", "expected"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 3))])
def test_lines_and_columns_count_from_one(offset, expected):
    assert line_and_column("ab\ncd", offset) == expected
