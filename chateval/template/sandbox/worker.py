"""The process that renders: reads requests as JSON lines, answers one JSON line per chat, keeps to its limits.

It is run as a script and imports nothing of chateval. Rendering is done by the installed transformers, in whose
Jinja sandbox (no attributes of Python's internals, no mutation) an endless loop or a huge string is still possible:
those end here by a timer and a limit on memory, and cost the run one process.
"""

import datetime
import json
import os
import resource
import signal
import sys
import time
from typing import Any

RECURSION_LIMIT = 1500


def main() -> None:
    """Serve until standard input ends. Arguments: CPU seconds per chat, bytes above the start, characters."""
    seconds, memory, characters = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    from transformers.utils import chat_template_utils as library

    _limit_memory(memory)
    sys.setrecursionlimit(RECURSION_LIMIT)
    replies.write("{}\n")
    replies.flush()
    for line in sys.stdin:
        request = json.loads(line)
        for chat in request["chats"]:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            start = time.process_time()
            reply = _render(library, request["template"], request["tokens"], chat, characters)
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


def _render(library: Any, template: str, tokens: dict[str, str], chat: dict[str, Any], characters: int) -> Any:
    real = library.datetime
    if chat["now"]:
        library.datetime = _Clock(datetime.datetime.fromisoformat(chat["now"]))
    messages = [{key: value for key, value in message.items() if value is not None} for message in chat["messages"]]
    try:
        [text], spans = library.render_jinja_template(
            conversations=[messages],
            tools=chat["tools"],
            documents=chat["documents"],
            chat_template=template,
            return_assistant_tokens_mask=chat["spans"],
            add_generation_prompt=chat["add_generation_prompt"],
            **{**tokens, **chat["kwargs"]},
        )
    except Exception as error:  # noqa: BLE001 - whatever a template raises is the answer
        return {"error": _describe(error)}
    finally:
        library.datetime = real
    if len(text) > characters:
        return {"error": ["limit", f"it writes {len(text):,} characters; at most {characters:,} are taken", None]}
    return {"text": text, "spans": spans[0] if spans else []}


class _Clock:
    """Stands in for `datetime.datetime` where only `now` is asked."""

    def __init__(self, moment: datetime.datetime) -> None:
        self._moment = moment

    def now(self) -> datetime.datetime:
        return self._moment


def _describe(error: Exception) -> list[Any]:
    import jinja2

    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:500]
    if isinstance(error, MemoryError):
        return ["limit", "it needs more memory than a template may take", None]
    if isinstance(error, RecursionError):
        return ["limit", "it is nested, or calls itself, too deeply", None]
    if isinstance(error, jinja2.TemplateSyntaxError):
        return ["syntax", said, error.lineno]
    if isinstance(error, jinja2.exceptions.SecurityError):
        return ["security", said, None]
    if isinstance(error, jinja2.UndefinedError):
        return ["undefined", said, None]
    if type(error) is jinja2.TemplateError:
        return ["refused", said, None]
    return ["fault", said if type(error).__name__ in said else f"{type(error).__name__}: {said}", None]


if __name__ == "__main__":
    main()
