"""Bytes to data and back: strict, and with the place of every fault."""

import math

import pytest

from chateval.codec import (
    canonical,
    decode,
    digest,
    encode,
    parse_json,
    read_json_lines,
    read_text,
)
from chateval.errors import DataError
from chateval.records import Decoding, Mark, Response, Sample

RESPONSE = '{"sample_id":"a","text":"x","finish":"eos"'


# canonical, digest


def test_canonical_is_sorted_compact_utf8():
    assert canonical({"b": [1, 2.5, None, True], "a": "é"}) == '{"a":"é","b":[1,2.5,null,true]}'.encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_canonical_refuses_what_json_has_no_number_for(number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical([number])


def test_canonical_tells_lone_surrogates_from_what_replaces_them():
    assert len({canonical(text) for text in ("\ud800", "\udc00", "\ufffd", "?")}) == 4


@pytest.mark.parametrize(
    ("value", "sha256"),
    [
        ({}, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        ([], "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"),
        (None, "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"),
    ],
)
def test_digest_is_the_sha256_of_the_canonical_json(value, sha256):
    assert digest(value) == sha256


def test_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, "1"), (None, "null"), ([], {}), ("a", "A"), (["a"], "a")])
def test_digest_tells_values_apart_that_look_alike(one, other):
    assert digest(one) != digest(other)


# encode, decode


@pytest.mark.parametrize(
    "record",
    [
        Mark(None, reason="no number"),
        Mark(0.1 + 0.2, answer="é 語 \u2028 \x00"),
        Decoding(stop=("\n", "###"), temperature=0.5, repeats=3),
        Response(sample_id="a", text="", finish="length", output_ids=(1, 2), choice_logprobs=((-0.25, -1.5), ())),
        Sample(id="a", inputs={"x": [1, {"y": None}]}, messages=({"role": "user", "content": "hi"},), tags=("t",)),
    ],
)
def test_a_record_comes_back_as_it_was(record):
    assert decode(type(record), encode(record), where="here") == record


def test_a_record_is_one_line_of_utf8():
    line = encode(Mark(1.0, answer="a\nb é"))

    assert line == '{"value":1.0,"answer":"a\\nb é","reason":"","weight":1.0}'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\ud800 é", "\ufffd é"),
        ("a\udfffb\udc00", "a\ufffdb\ufffd"),
        ("\U0001f600 \\ud800", "\U0001f600 \\ud800"),
    ],
)
def test_a_lone_surrogate_becomes_a_replacement_character_so_that_the_line_is_utf8_and_read_again(text, shown):
    line = encode(Mark(1.0, answer=text))

    assert line.encode("utf-8")
    assert decode(Mark, line, where="here") == Mark(1.0, answer=shown)


def test_an_escaped_lone_surrogate_is_refused_when_read():
    with pytest.raises(DataError, match=r"^here:4: line: Invalid JSON"):
        decode(Mark, '{"value":1.0,"answer":"\\ud800"}', where="here:4")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_is_not_written(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(Mark(value))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (RESPONSE + ',"answer":1}', "answer: Unexpected keyword argument"),
        ('{"sample_id":"a","finish":"eos"}', "text: Field required"),
        (RESPONSE + ',"n_prompt_tokens":"3"}', "n_prompt_tokens: Input should be a valid integer"),
        (RESPONSE + ',"n_prompt_tokens":3.0}', "n_prompt_tokens: Input should be a valid integer"),
        (RESPONSE + ',"n_prompt_tokens":true}', "n_prompt_tokens: Input should be a valid integer"),
        (RESPONSE + ',"choice_logprobs":[[-1.0],["x"]]}', r"choice_logprobs\[1\]\[0\]: Input should be a valid number"),
        (
            '{"sample_id":"a","text":"x","finish":"done"}',
            "finish: Input should be 'eos', 'stop', 'length', 'error' or 'unknown'",
        ),
        (RESPONSE + ',"text":"y"}', "not valid JSON: key 'text' stands twice"),
        (RESPONSE + ',"choice_logprobs":[[NaN]]}', "not valid JSON: NaN is not a JSON number"),
        (RESPONSE + ',"choice_logprobs":[[-Infinity]]}', "not valid JSON: -Infinity is not a JSON number"),
        ("[]", "line: Input should be an object"),
        (RESPONSE, "not valid JSON: Expecting ',' delimiter"),
        ("", "not valid JSON: Expecting value"),
        (b"\xff", "not valid JSON"),
    ],
)
def test_a_line_that_is_not_the_record_is_refused_with_place_and_field(line, fault):
    with pytest.raises(DataError, match=f"^run/responses.jsonl:7: {fault}"):
        decode(Response, line, where="run/responses.jsonl:7")


def test_no_more_than_three_faults_are_listed():
    line = '{"sample_id":1,"text":1,"finish":1,"raw_text":1}'

    with pytest.raises(DataError) as caught:
        decode(Response, line, where="here")

    assert str(caught.value).count("; ") == 2


# parse_json


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": 1, "a": 1}', "key 'a' stands twice"),
        ('{"a": {"b": 1, "b": 2}}', "key 'b' stands twice"),
        ("[NaN]", "NaN is not a JSON number"),
        ("[Infinity]", "Infinity is not a JSON number"),
        ("{'a': 1}", "not valid JSON"),
        ("[1,]", "not valid JSON"),
        ("[1] 2", "not valid JSON"),
        ('"a\tb"', "not valid JSON"),
        ("9" * 5000, "not valid JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text, fault):
    with pytest.raises(DataError, match=f"^x:3: .*{fault}"):
        parse_json(text, where="x:3")


def test_numbers_keep_their_kind():
    found = parse_json("[1, 1.0, 12345678901234567890]", where="x")

    assert [type(number) for number in found] == [int, float, int]
    assert found[2] == 12345678901234567890


# read_text, read_json_lines


@pytest.fixture
def lines(tmp_path):
    """Write bytes to a file and read it as JSON lines; return (path, rows)."""

    def read(content):
        path = tmp_path / "x.jsonl"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path, lambda: list(read_json_lines(path))

    return read


def test_each_line_comes_with_its_number_and_blank_lines_count(lines):
    path, rows = lines('{"a": 1}\n\n  \n{"a": 2}\n')

    assert rows() == [(f"{path}:1", {"a": 1}), (f"{path}:4", {"a": 2})]


@pytest.mark.parametrize(
    "content",
    [b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n', b'{"a": 1}\r\n{"a": 2}\r\n', b'{"a": 1}\n{"a": 2}'],
    ids=["byte order mark", "CRLF", "no newline at the end"],
)
def test_what_editors_do_to_a_file_does_not_matter(lines, content):
    _, rows = lines(content)

    assert [row for _, row in rows()] == [{"a": 1}, {"a": 2}]


def test_unicode_line_separators_inside_a_text_do_not_end_the_line(lines):
    _, rows = lines('{"a": "x\u2028y\u0085z\x7f"}\n')

    assert [row for _, row in rows()] == [{"a": "x\u2028y\u0085z\x7f"}]


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ('{"a": 1', "not valid JSON"),
        ('{"a": 1, "a": 2}', "key 'a' stands twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[1]", "a line must be a JSON object, found list"),
        ("null", "a line must be a JSON object, found NoneType"),
        ('\ufeff{"a": 1}', "not valid JSON"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_a_bad_line_in_the_middle_is_named_by_its_number(lines, bad, fault):
    path, rows = lines(f'{{"a": 1}}\n\n{bad}\n{{"a": 2}}\n')

    with pytest.raises(DataError, match=fault) as caught:
        rows()

    assert str(caught.value).startswith(f"{path}:3: ")


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        ('{"a": 1}\n'.encode("utf-16"), 1, "0xff"),
        (b'{"a": 1}\n{"a": 2}\n{"a": "\xe9"}\n', 3, "0xe9"),
        (b'{"a": 1}\n{"a": "\xed\xa0\x80"}\n', 2, "0xed"),
    ],
    ids=["UTF-16", "Latin-1", "a surrogate as bytes"],
)
def test_a_file_that_is_not_utf8_is_named_with_the_line_of_the_first_bad_byte(lines, content, line, byte):
    path, rows = lines(content)

    with pytest.raises(DataError) as caught:
        rows()

    assert str(caught.value) == f"{path}:{line}: not UTF-8 (byte {byte}); save the file as UTF-8"


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "absent.jsonl"

    with pytest.raises(DataError) as caught:
        read_text(path)

    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"
