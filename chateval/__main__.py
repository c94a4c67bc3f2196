"""The console script: runs a command, turns errors into one line and an exit code."""

import os
import signal
import sys
from contextlib import suppress

from chateval.errors import INTERRUPTED, OUR_FAULT, ChatevalError
from chateval.secret import redact_all

_INTERRUPTED = "chateval: interrupted; the same command goes on from there"


def main() -> None:
    """Run the command line and exit with its code (README, exit codes)."""
    # Threads that wait by spinning make two busy processes on one machine about ten times slower than they need be.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a machine that is taken away ends a run as Ctrl-C does
    debug = "--debug" in sys.argv[1:]
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        from chateval.cli.streams import streams

        with streams():
            from chateval.cli.app import app

            code = app(args=arguments, standalone_mode=False)
        if code == INTERRUPTED:
            _say(_INTERRUPTED)  # some versions of typer make this code of KeyboardInterrupt, and say nothing
    except ChatevalError as error:
        if debug:
            _say_trace()
        _say(f"chateval: {error}")
        code = error.exit_code
    except KeyboardInterrupt:
        _say(_INTERRUPTED)
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a crash ends here with its traceback and exit code
        code = _other(error)
        if code == OUR_FAULT:
            _say_trace()
            _say("chateval: this is our fault; please report it with the lines above")
    sys.exit(code or 0)


def _other(error: Exception) -> int:
    """Let the command line's own errors (a wrong option) print themselves; the rest is our fault.

    They are known by what they can do: typer brings its own copy of click, or uses the one that is installed.
    """
    code = getattr(error, "exit_code", None)
    if not isinstance(code, int):
        if type(error).__name__ != "Abort":
            return OUR_FAULT
        _say(_INTERRUPTED)  # typer makes an Abort of KeyboardInterrupt
        return INTERRUPTED
    if hasattr(error, "show"):
        error.show()
    return code


def _say(text: str) -> None:
    """Print one line to stderr; control characters of names and data are spelt out, keys are left out."""
    line = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in redact_all(text))
    with suppress(OSError):
        sys.stderr.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def _say_trace() -> None:
    """Print where the error came from, a line each, as `_say` does."""
    import traceback

    for line in traceback.format_exc().splitlines():
        _say(line)


if __name__ == "__main__":
    main()
