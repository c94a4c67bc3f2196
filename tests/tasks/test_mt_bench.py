"""MT-Bench, on invented rows in the published columns."""

import json

from chateval.config import Suite
from chateval.pipeline import load_tasks

ROWS = [
    {"question_id": 1, "category": "writing", "turns": ["Write a line on rain.", "Make it rhyme."], "reference": None},
    {"question_id": 2, "category": "math", "turns": ["What is 2 + 2?", "And doubled?"], "reference": ["4", "8"]},
]


def test_both_turns_are_asked_and_the_category_is_a_tag(tmp_path):
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, ROWS)), "utf-8")
    [task], _ = load_tasks(Suite(checkpoints=(), tasks=("mt_bench",), baseline="", data={"mt_bench": tmp_path}))

    assert [(sample.messages, sample.turns, sample.tags) for sample in task.samples] == [
        (({"role": "user", "content": "Write a line on rain."},), ("Make it rhyme.",), ("writing",)),
        (({"role": "user", "content": "What is 2 + 2?"},), ("And doubled?",), ("math",)),
    ]
