"""Files that no program should choke on: their bytes by name, and tasks and commands that read them."""

import contextlib
import gzip
import io
import json
import sys
from pathlib import Path

from chateval.__main__ import main

ROW = '{"question": "q%d", "answer": "a%d"}'
GOOD = "".join(ROW % (n, n) + "\n" for n in range(3))
TASK = """\
name: mine
version: 1
source: me
samples: %s
messages:
  - {role: user, content: "{{ question }}"}
target: "{{ answer }}"
scorers:
  - exact
"""


def after(text: str) -> bytes:
    """Return good rows and then a line."""
    return (GOOD + text + "\n").encode("utf-8", "surrogatepass")


def field(spelt: str) -> bytes:
    """Return good rows and then one whose field is spelt so."""
    return after(f'{{"question": {spelt}, "answer": "x"}}')


REFUSED_LINES = {
    "missing field": (after('{"question": "q"}'), ":4: ", "undefined"),
    "a list": (after("[1]"), ":4: ", "must be a JSON object, found list"),
    "a text": (after('"x"'), ":4: ", "must be a JSON object, found str"),
    "null": (after("null"), ":4: ", "must be a JSON object, found NoneType"),
    "duplicate row": (after(ROW % (0, 0)), ":4: ", "the same row stands at"),
    "empty": (b"", ": ", "no samples"),
    "only blank lines": (b"\n\n   \n\r\n", ": ", "no samples"),
    "UTF-16 with a mark": (GOOD.encode("utf-16"), ":1: ", "not UTF-8"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), ":1: ", "not UTF-8 (a NUL, as in UTF-16)"),
    "UTF-32": (GOOD.encode("utf-32-be"), ":1: ", "not UTF-8"),
    "NUL": (after('{"question": "q\0", "answer": "a"}'), ":4: ", "not UTF-8 (a NUL"),
    "invalid UTF-8": (GOOD.encode() + b'{"question": "\xff", "answer": "a"}\n', ":4: ", "not UTF-8 (byte 0xff)"),
    "an overlong NUL": (GOOD.encode() + b'{"question": "\xc0\x80", "answer": "a"}\n', ":4: ", "not UTF-8 (byte 0xc0)"),
    "NaN": (field("NaN"), ":4: ", "NaN is not a JSON number"),
    "-Infinity": (field("-Infinity"), ":4: ", "-Infinity is not a JSON number"),
    "1e999": (field("1e999"), ":4: ", "1e999 is too large for a number"),
    "400 digits and a point": (field("9" * 400 + ".0"), ":4: ", "too large for a number"),
    "10,000 digits": (field("9" * 10_000), ":4: ", "not valid JSON"),
    "duplicate keys": (
        after('{"question": "q", "question": "r", "answer": "a"}'),
        ":4: ",
        "key 'question' stands twice",
    ),
    "a long duplicate key": (after('{"K": 1, "K": 2}'.replace("K", "k" * 10**6)), ":4: ", "stands twice"),
    "nested 100,000 deep": (field("[" * 100_000 + "]" * 100_000), ":4: ", "nested too deeply"),
    "objects 100,000 deep": (field('{"a":' * 100_000 + "1" + "}" * 100_000), ":4: ", "nested too deeply"),
    "a lone surrogate": (field('"\\ud800"'), ":4: ", "half a surrogate pair stands alone"),
    "a lone surrogate in a key": (after('{"\\udfff": 1, "question": "q", "answer": "a"}'), ":4: ", "half a surrogate"),
    "keys without quotes": (after('{question: "q", "answer": "a"}'), ":4: ", "not valid JSON"),
    "a number as key": (after('{1: "q", "answer": "a"}'), ":4: ", "not valid JSON"),
    "cut short": (after('{"question": "q", "ans'), ":4: ", "not valid JSON"),
    "two values on a line": (after(ROW % (7, 7) + ROW % (8, 8)), ":4: ", "not valid JSON"),
    "a mark in the middle": (after("\ufeff" + ROW % (9, 9)), ":4: ", "not valid JSON"),
    "escapes of a terminal": (after('{"question": "q", "\x1b]0;pwned\x07": 1}'), ":4: ", "not valid JSON"),
}
"""What is wrong -> (bytes of a .jsonl, what follows the path in the message, what it says)."""

READ_LINES = {
    "byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), 3),
    "CRLF": (GOOD.replace("\n", "\r\n").encode(), 3),
    "no line end": (GOOD.encode().rstrip(), 3),
    "blank lines between": (GOOD.replace("\n", "\n\n").encode(), 3),
    "a line of 10 MB": (field('"' + "x" * 10_000_000 + '"'), 4),
    "-0": (field("-0"), 4),
    "1e-999": (field("1e-999"), 4),
    "U+2028 in a text": (field('"a\u2028b\u0085c"'), 4),
}
"""What is odd and no fault -> (bytes of a .jsonl, samples in it)."""


def packed(data: bytes) -> bytes:
    """Return data as .gz, the same each time."""
    return gzip.compress(data, mtime=0)


def write_task(folder: Path, data: bytes, samples: str = "samples.jsonl", task: str = TASK) -> Path:
    """Write a task folder."""
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(task % samples if "%s" in task else task, "utf-8")
    (folder / samples).write_bytes(data)
    return folder


def command(*arguments: object) -> tuple[int, str, str]:
    """Run the command line in this process; return (exit code, stdout, stderr)."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["chateval", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv = before
    return code, out.getvalue(), err.getvalue()


def refusal(*arguments: object) -> str:
    """Return the one line that a command was refused with, with exit code 2."""
    code, out, err = command(*arguments)
    assert code == 2, (code, err[-2000:])
    assert "0.000" not in out
    return one_line(err.removesuffix("\n").removeprefix("chateval: "))


def one_line(message: str) -> str:
    """Return a message that is one short line without control characters."""
    assert message.isprintable(), repr(message[:300])
    assert 0 < len(message) < 2_000, len(message)
    return message


def counted(task: Path) -> int:
    """Return how many samples `chateval tasks` finds."""
    code, out, err = command("tasks", task, "--json")
    assert code == 0, err
    return int(json.loads(out)[0]["n_samples"])
