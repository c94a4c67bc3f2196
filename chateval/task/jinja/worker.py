"""The process that renders: reads requests as JSON lines, answers one JSON line each, keeps to its limits.

It is run as a script and imports nothing of chateval. Jinja's sandbox hands out no objects of Python; an endless loop
or a huge text is still possible there: those end here by a timer and a limit on memory, and cost the run one process.
"""

import json
import os
import resource
import signal
import sys
import time
from functools import cache
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment


def main() -> None:
    """Serve until standard input ends. Arguments: CPU seconds per request, bytes above the start, characters."""
    seconds, memory, characters = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_memory(memory)
    replies.write("{}\n")
    replies.flush()
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        start = time.process_time()
        reply = _answer(json.loads(line), characters)
        reply["seconds"] = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _limit_memory(extra: int) -> None:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - pathlib is not imported here
            used = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (used + extra, used + extra))


def _answer(request: dict[str, Any], characters: int) -> dict[str, Any]:
    try:
        template = template_of(request["dialect"], request["source"])
        if request["row"] is None:
            return {"text": ""}
        text = template.render(request["row"])
    except Exception as error:  # noqa: BLE001 - whatever a template raises is the answer
        return {"fault": describe(error)}
    if len(text) > characters:
        return {"fault": ["limit", f"it writes {len(text):,} characters; at most {characters:,} are taken"]}
    return {"text": text}


def describe(error: Exception) -> list[str]:
    """Return the kind of a fault, `syntax`, `undefined`, `limit` or `other`, and what is said of it."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return ["syntax", (error.message or "")[:1000]]
    if isinstance(error, SyntaxError):
        return ["syntax", f"{error.msg}"[:1000]]
    if isinstance(error, jinja2.UndefinedError):
        return ["undefined", (error.message or "")[:1000]]
    if isinstance(error, MemoryError):
        return ["limit", "it needs more memory than a template may take"]
    return ["other", str(error)[:1000] or type(error).__name__]


@cache
def template_of(dialect: str, source: str) -> jinja2.Template:
    """Return a template, compiled."""
    return environment(dialect).from_string(source)


@cache
def environment(dialect: str) -> jinja2.Environment:
    """Return the Jinja of `task` files, or of `lm_eval` files."""
    if dialect == "lm_eval":
        found = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
        )
        found.filters["regex_replace"] = _regex_replace
        return found
    found = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=_written
    )
    found.filters["tojson"] = _to_json
    return found


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _written(value: Any) -> Any:
    """Return what an expression comes to; a null is no text."""
    if value is None:
        raise jinja2.UndefinedError("a value is null; say {{ x or '' }} where it may be")
    return value


def _regex_replace(text: str, pattern: str, replacement: str, count: int = 0) -> str:
    import regex

    try:
        return str(regex.sub(pattern, replacement, text, count=count, timeout=1.0))
    except (regex.error, TimeoutError) as error:
        raise ValueError(f"regex_replace {pattern!r}: {error}") from error


if __name__ == "__main__":
    main()
