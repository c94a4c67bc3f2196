"""Calls that are not JSON but close to it, rewritten as JSON: Python's `f(a=1)` and Gemma's `call:f{a:1}`."""

import json
import re
from collections.abc import Iterator

from chateval.template.answer.records import UnreadableError
from chateval.template.answer.values import DEEPEST, CutOffError

_TOKEN = re.compile(
    r"""(?P<space>\s++)
    |(?P<string>[rRbBuU]?(?:\"\"\"(?:[^"\\]++|\\.|"(?!""))*+\"\"\"|'''(?:[^'\\]++|\\.|'(?!''))*+'''
        |"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+'))
    |(?P<number>[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?)
    |(?P<word>[^\W\d][\w.\-]*+)
    |(?P<sign>[\[\]{}(),:=])
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": "true", "false": "false", "null": "null", "True": "true", "False": "false", "None": "null"}
_ESCAPE = re.compile(r"\\(?:([nrtbfav\\'\"0])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "0": "\0"}
_CLOSERS = {"[": "]", "(": ")", "{": "}"}


def to_json(text: str, start: int, *, quote: str = "") -> tuple[str, int]:
    """Return the bracket that opens at `start`, with all it holds, as the text of a JSON object or list.

    A parenthesis becomes an object, `key=` and a bare `key:` become JSON keys, single, triple and special quotes become
    double ones, Python's constants become those of JSON. Commas before a closing bracket are dropped.

    Args:
        text: Untrusted; the time taken grows linearly with the length of the bracket.
        start: Index of the bracket.
        quote: A string that takes the place of quotes, such as Gemma's `<|"|>`; within it nothing is escaped.

    Returns:
        The JSON text and the index behind the closing bracket. It may yet not be JSON.

    Raises:
        CutOffError: If the text ends before the bracket does.
        UnreadableError: If something is in it that is no literal.
    """
    written: list[str] = []
    closers: list[str] = []
    for kind, piece, end in _tokens(text, start, quote):
        if kind == "word":
            written.append(_WORDS.get(piece) or json.dumps(piece))
        elif kind == "number":
            written.append(_number(piece))
        elif kind != "sign":
            written.append(json.dumps(piece))
        elif piece in _CLOSERS:
            if len(closers) >= DEEPEST:
                raise UnreadableError("nested too deeply")
            closers.append(_CLOSERS[piece])
            written.append("{" if piece == "(" else piece)
        elif piece in "])}":
            if not closers or closers.pop() != piece:
                raise UnreadableError(f"{piece} at character {end - 1} closes nothing")
            if written[-1] == ",":
                written.pop()
            written.append("}" if piece == ")" else piece)
            if not closers:
                return " ".join(written), end
        else:
            written.append(":" if piece == "=" else piece)
    raise CutOffError("the text ends inside the arguments")


def _tokens(text: str, start: int, quote: str) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, token, index behind it), white space left out; strings are unescaped."""
    while start < len(text):
        if quote and text.startswith(quote, start):
            end = text.find(quote, start + len(quote))
            if end < 0:
                raise CutOffError("the text ends inside a string")
            yield "string", text[start + len(quote) : end], end + len(quote)
            start = end + len(quote)
            continue
        found = _TOKEN.match(text, start)
        if not found:
            kind = CutOffError if text[start] in "\"'" else UnreadableError
            raise kind(f"no literal at character {start}")
        start = found.end()
        if found.lastgroup == "string":
            yield "string", _unquote(found[0]), start
        elif found.lastgroup != "space":
            yield str(found.lastgroup), found[0], start


def _unquote(token: str) -> str:
    prefix = token[0] if token[0] not in "\"'" else ""
    token = token[len(prefix) :]
    width = 3 if token[:3] in ('"""', "'''") and len(token) >= 6 else 1
    inner = token[width:-width]
    return inner if prefix in ("r", "R") and prefix else _ESCAPE.sub(_unescape, inner)


def _unescape(found: re.Match[str]) -> str:
    simple, *codes, newline = found.groups()
    if newline:
        return ""
    if simple:
        return _ESCAPED.get(simple, simple)
    code = int(next(code for code in codes if code), 16)
    return chr(code) if code < 0x110000 else found[0]


def _number(token: str) -> str:
    token = token.removeprefix("+")
    sign, digits = ("-", token[1:]) if token.startswith("-") else ("", token)
    digits = f"0{digits}" if digits.startswith(".") else digits
    whole, dot, rest = digits.partition(".")
    if dot and not rest[:1].isdigit():
        rest = f"0{rest}"
    return f"{sign}{whole.lstrip('0') or '0'}{dot}{rest}" if whole.isdigit() else f"{sign}{digits}"
