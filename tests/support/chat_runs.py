"""Runs of dialogues, thinking, judges and images for the page, as small as they can be."""

import base64
import hashlib
import struct
import zlib
from dataclasses import replace

from page_runs import NAMES, SCORERS, page_report, page_run, sample

from chateval.compare.dialogues import Dialogues
from chateval.compare.reasons import Reasons
from chateval.records import Dialogue, HelperSummary, Judgement, Picture, Round


def png(width=2, height=2):
    """The bytes of a black image."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\0" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def picture(content, media_type="image/png", **fields):
    """The record of an image whose bytes stand in the row."""
    sha256 = hashlib.sha256(content).hexdigest()
    found = Picture(sha256, media_type, 2, 2, data=base64.b64encode(content).decode())
    return replace(found, **fields)


def dialogue(one, text, *, result="3 degrees", ending="answered"):
    """Two rounds: a call with its result, and the answer."""
    first = Round(
        told=one.messages,
        text='{"tool": "weather"}',
        raw_text='{"tool": "weather"}<|im_end|>',
        finish="eos",
        n_prompt_tokens=7,
        n_output_tokens=5,
        calls=({"name": "weather", "arguments": {"city": "Oslo"}},),
    )
    told = ({"role": "tool", "name": "weather", "content": result},)
    last = Round(told, text, f"{text}<|im_end|>", "eos", 20, 6, n_cut=2)
    return Dialogue((first, last), ending, {"n": 1}, calls_failed=int(result.startswith("error")))


def chat_run(n=6, *, result="3 degrees", words="", judged=True):
    """A run of dialogues, judged: the baseline's end at the limit of rounds."""
    found = [replace(sample(number), state={"n": 0}) for number in range(n)]
    run = page_run(samples=found)
    answers = []
    for one in run.answers:
        asked = run.samples["sums"][one.prompt.sample_id]
        ending = "rounds" if one.checkpoint == "base" else "answered"
        held = dialogue(asked, words or one.response.text, result=result, ending=ending)
        answers.append(replace(one, response=replace(one.response, text=held.rounds[-1].text, dialogue=held)))
    wrong = ("wrong tool: said {}", "no call", "wrong tool: said {}", "no call", "not {}")
    scores = tuple(
        replace(one, reason="right" if one.value == 1 else wrong[number % 5].format(number))
        for number, one in enumerate(run.scores)
    )
    judgements = [
        Judgement(who, "sums", SCORERS[1], one.id, "small", words or f"I give {who} 7.", "eos", 0, "first", "target")
        for who in NAMES
        for one in found
    ]
    counted = Dialogues()
    for one in answers:
        counted.take(one.checkpoint, one.task, one.response.dialogue)
    [task] = run.tasks
    task = replace(task, families=("accuracy", "judge"), judges=((), ("small",)) if judged else ())
    return replace(
        run,
        tasks=(task,),
        answers=answers,
        scores=scores,
        judgements=judgements,
        dialogues=tuple(counted.found()),
    )


def chat_report(run, **fields):
    """The report of such a run."""
    reasons = Reasons()
    list(reasons.passing(run.scores))
    estimates = page_report(run).estimates
    fields = {
        "estimates": (*estimates, *(replace(one, scorer=SCORERS[1]) for one in estimates)),
        "dialogues": run.dialogues,
        "reasons": tuple(reasons.found()),
        "helpers": (HelperSummary("small", "chat", "transformers", "d" * 64),),
    } | fields
    return page_report(run, **fields)
