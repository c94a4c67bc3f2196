"""The console script: runs a command, turns errors into one line and an exit code."""

import os
import sys

from chateval.errors import INTERRUPTED, OUR_FAULT, ChatevalError

_INTERRUPTED = "chateval: interrupted"


def main() -> None:
    """Run the command line and exit with its code (README, exit codes)."""
    # Threads that wait by spinning make two busy processes on one machine about ten times slower than they need be.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    debug = "--debug" in sys.argv[1:]
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    from chateval.cli.app import app

    try:
        code = app(args=arguments, standalone_mode=False)
    except ChatevalError as error:
        if debug:
            raise
        _say(f"chateval: {error}")
        code = error.exit_code
    except KeyboardInterrupt:
        _say(_INTERRUPTED)
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a crash ends here with its traceback and exit code
        code = _other(error)
        if code == OUR_FAULT:
            import traceback

            traceback.print_exc()
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
    """Print one line to stderr; control characters of names and data are spelt out."""
    line = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
    sys.stderr.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


if __name__ == "__main__":
    main()
