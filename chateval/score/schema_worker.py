"""The process that validates by schemas with references: one question a line in, one fault a line out, as JSON.

References let a short schema ask for more steps than anybody can wait for; no other one can.
"""

import json
import os
import signal
import sys

from chateval.score.json_schema import direct_validator, fault_in


def main() -> None:
    """Answer questions until the input ends.

    A question that takes more processor time than it may ends the process: SIGPROF is left to its default.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin.buffer:
        question = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, question["seconds"])
        try:
            follow = direct_validator(question["schema"], question["documents"])
            fault = "" if "value" not in question else fault_in(follow, json.loads(question["value"]))
            answer = {"fault": fault}
        except (ValueError, RecursionError) as error:
            answer = {"error": str(error)}
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
