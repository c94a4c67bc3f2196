"""The exceptions a caller may meet, with the exit code each one gives the command line.

    ChatevalError              2   the user's mistake: a bad file, a wrong name, runs that do not pair
    ├── ConfigError            2   chateval.yaml or the command line
    ├── TaskError              2   task.yaml, its scorers or its prompt
    ├── DataError              2   a row of samples or of a run folder
    ├── CheckpointError        2   a folder, adapter, hub id or GGUF file that cannot be tested
    ├── TemplateError          2   a chat template that is absent or cannot carry the messages
    ├── GateError              2   a gate rule that names nothing in the run
    ├── StoreError             2   the response store or the run folder cannot be read or written
    ├── EngineError           70   answers are not those of the plain way: our fault
    └── InterruptionError    130   Ctrl-C or SIGTERM; the same command goes on from there

A message is one line: where (path:line), which field, what was found, what is allowed.
What a single sample does wrong is never an exception: it is data (`Response.error`, `Mark.reason`).
"""

PASS = 0
REGRESSION = 1
USER_MISTAKE = 2
INCONCLUSIVE = 3
NOT_EVALUATED = 4
OUR_FAULT = 70
INTERRUPTED = 130


class ChatevalError(Exception):
    """The user can mend it; the message says how."""

    exit_code = USER_MISTAKE

    def __str__(self) -> str:
        """Return the message as one line, whatever names and data stand in it."""
        return one_line(super().__str__())


class ConfigError(ChatevalError):
    """chateval.yaml or an option of the command line is wrong."""


class TaskError(ChatevalError):
    """A task.yaml, one of its scorers or its prompt is wrong."""


class DataError(ChatevalError):
    """A row of data is wrong; the message starts with path:line."""


class CheckpointError(ChatevalError):
    """A checkpoint cannot be tested as it is."""


class TemplateError(ChatevalError):
    """A chat template is absent, or it cannot carry the messages of a task."""


class GateError(ChatevalError):
    """A gate rule names a task, scorer or checkpoint that the run does not have."""


class StoreError(ChatevalError):
    """The response store or a run folder cannot be read or written."""


class EngineError(ChatevalError):
    """An engine answered otherwise than the plain way does; its numbers are not to be trusted."""

    exit_code = OUR_FAULT


class InterruptionError(ChatevalError):
    """Somebody ended a command before its time."""

    exit_code = INTERRUPTED


MAX_MESSAGE = 1_500
"""Characters of a message; what a file says is cut out of its middle, for place and remedy stand at its ends."""


def one_line(text: str) -> str:
    """Return a message as one line of at most `MAX_MESSAGE` characters, control characters spelt out."""
    text = _cut(text)
    if text.isprintable():
        return text
    return _cut("".join(one if one.isprintable() else _spelt(ord(one)) for one in text))


def _cut(text: str) -> str:
    if len(text) <= MAX_MESSAGE:
        return text
    return f"{text[: MAX_MESSAGE - 310]} [...] {text[-300:]}"


def _spelt(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def first_line(error: BaseException) -> str:
    """Return the first line that an error of a library says, or its name where it says nothing."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
