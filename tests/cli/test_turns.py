"""`chateval run` on dialogues: written turns, users that a server or a checkpoint plays, and what limits do."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from completions import Completions
from served import serving

from chateval.__main__ import main
from chateval.store import read_answers

TASK = """
name: {name}
version: 1
source: test
samples: samples.jsonl
messages: [{{role: user, content: "{{{{ told }}}}"}}]
target: "{{{{ answer }}}}"
decoding: {decoding}
dialogue: {dialogue}
scorers:
  - contains_answer
  - turns: {{scorer: contains_answer, field: turn_targets}}
  - turns: {{as: every turn, scorer: contains_answer}}
"""
ROWS = [
    {
        "told": f"I have {n} foxes.",
        "turns": ["Why?", "How many?"],
        "answer": str(n),
        "turn_targets": [str(n), None, "7"],
    }
    for n in range(3)
]
WRITTEN = "{turns: {field: turns}}"
PLAYED = '{user: {model: customer, prompt: "You own {{ answer }} foxes.", max_turns: 2, max_new_tokens: 8}}'


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder; return (exit code, what it said)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        out = ["--out", "run"] if arguments[0] == "run" and "--out" not in arguments else []
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments), *out])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return caught.value.code, " ".join((said.out + said.err).split())

    return run


def put_task(dialogue=WRITTEN, name="foxes", rows=ROWS, decoding="{max_new_tokens: 6}"):
    folder = Path(name)
    folder.mkdir(exist_ok=True)
    (folder / "task.yaml").write_text(TASK.format(name=name, dialogue=dialogue, decoding=decoding))
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"./{name}"


def files(folder):
    """Return what equal runs write equally."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.name != "efforts.jsonl"}


def rounds(folder, checkpoint="base"):
    return [one.response.dialogue.rounds for one in read_answers(Path(folder)) if one.checkpoint == checkpoint]


def report(folder):
    return json.loads((Path(folder) / "report.json").read_text())


def test_a_written_user_is_played_to_every_checkpoint_and_a_second_run_asks_no_model(chateval, tiny_chat, tiny_loras):
    both = ("--checkpoint", f"base={tiny_chat}", "--checkpoint", f"lora={tiny_loras[0]}@base", "--task", put_task())

    first = chateval("run", *both, "--out", "one")
    again = chateval("run", *both, "--out", "two")

    assert (first[0], again[0]) == (0, 0), first[1]
    assert "0 responses from the model" in again[1]
    assert [len(one) for one in rounds("one") + rounds("one", "lora")] == [3] * 6
    assert [len(one[2].told) for one in rounds("one")] == [1] * 3
    assert files("one") == files("two")
    assert {one["task"]: one["endings"] for one in report("one")["dialogues"]} == {"foxes": {"answered": 3}}


def played(answer=lambda body: "Tell me more.", failing=lambda body: False):
    """Return a server that plays a user, or is under test, over messages."""
    server = Completions(models=("tiny",))
    faithful = server.answer

    def reply(body, **changed):
        if failing(body):
            return 400, {"error": {"message": "no such luck"}}
        server.text = answer(body)
        return faithful(body, **changed)

    server.answer = reply
    return server


def test_a_user_that_a_server_plays_sees_the_dialogue_from_the_other_side(chateval, tiny_chat):
    task = put_task(PLAYED)
    with serving(played(lambda body: f"Turn {len(body['messages'])}.")) as (url, seen):
        arguments = ("run", "--checkpoint", f"base={tiny_chat}", "--helper", f"customer={url}/v1#tiny", "--task", task)
        first = chateval(*arguments, "--out", "one")
        asked = [body for what, _, body in seen if what == "POST /v1/chat/completions"]
        again = chateval(*arguments, "--out", "two")
        n_asked = len([1 for what, _, _ in seen if what == "POST /v1/chat/completions"])

    assert (first[0], again[0]) == (0, 0), first[1]
    assert [[message["role"] for message in body["messages"]] for body in asked[:3]] == [
        ["system", "user", "assistant", "user"]
    ] * 3
    assert sorted(body["messages"][0]["content"][:16] for body in asked[:3]) == [
        f"You own {n} foxes."[:16] for n in range(3)
    ]
    assert [[one.told[-1]["content"] for one in dialogue[1:]] for dialogue in rounds("one")] == [
        ["Turn 4.", "Turn 6."]
    ] * 3
    assert len(asked) == n_asked == 6
    assert files("one") == files("two")
    assert [one["name"] for one in report("one")["helpers"]] == ["customer"]


def test_a_user_whose_model_never_ends_its_thinking_leaves_the_dialogue_unscored(chateval, tiny_chat):
    task = put_task(PLAYED)
    with serving(played(lambda body: "<think>What do I want?")) as (url, _):
        chateval(
            *("run", "--checkpoint", f"base={tiny_chat}", "--helper", f"customer={url}/v1#tiny"),
            *("--task", task, "--out", "one"),
        )

    errors = {answer.response.error for answer in read_answers(Path("one"))}
    assert errors == {"the user's model after round 1: ends inside its thinking; raise dialogue.user.max_new_tokens"}


def test_a_user_that_a_checkpoint_plays_is_kept_in_the_store_like_any_answer(chateval, tiny_chat, tiny_other):
    task = put_task(PLAYED.replace("customer", "other"))
    arguments = ("run", "--checkpoint", f"base={tiny_chat}", "--checkpoint", f"other={tiny_other}", "--task", task)

    first = chateval(*arguments, "--out", "one")
    again = chateval(*arguments, "--out", "two")

    assert (first[0], again[0]) == (0, 0), first[1]
    assert "0 responses from the model" in again[1]
    assert files("one") == files("two")
    assert all(len(dialogue) == 3 for dialogue in rounds("one") + rounds("one", "other"))


def test_a_template_without_a_system_role_can_play_a_user_too(chateval, tiny_chat, tmp_path):
    template = tmp_path / "no_system.jinja"
    template.write_text(
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('roles must alternate') }}{% endif %}"
        "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    folder = tmp_path / "strict"
    shutil.copytree(tiny_chat, folder)
    shutil.copy(template, folder / "chat_template.jinja")
    task = put_task(PLAYED)

    code, said = chateval("run", "--checkpoint", f"base={tiny_chat}", "--helper", f"customer={folder}", "--task", task)

    assert code == 0, said
    assert [one["endings"] for one in report("run")["dialogues"]] == [{"answered": 3}]


def test_a_dialogue_whose_user_fails_is_unscored_and_the_next_run_asks_again(chateval, tiny_chat):
    task = put_task(PLAYED)
    faults = [True]
    failing = played(failing=lambda body: faults[0] and "own 1 foxes" in body["messages"][0]["content"])
    with serving(failing) as (url, _):
        arguments = ("run", "--checkpoint", f"base={tiny_chat}", "--helper", f"customer={url}/v1#tiny", "--task", task)
        code, said = chateval(*arguments, "--out", "one")
        faults[0] = False
        mended = chateval(*arguments, "--out", "two")

    assert (code, mended[0]) == (4, 0), said
    errors = [one.response.error for one in read_answers(Path("one"))]
    assert [error and error.startswith("the user's model after round 1: ") for error in errors] == [None, True, None]
    assert [one["endings"] for one in report("one")["dialogues"]] == [{"answered": 2, "fault": 1}]
    assert report("one")["estimates"][0]["n"] == 2
    assert [one["endings"] for one in report("two")["dialogues"]] == [{"answered": 3}]


@pytest.mark.parametrize(
    ("helper", "words"),
    [((), "no helper 'customer': say --helper customer=PATH"), (("--helper", "customer=/nowhere"), "/nowhere")],
)
def test_a_user_that_nobody_plays_is_an_error_before_any_model(chateval, tiny_chat, helper, words):
    code, said = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", put_task(PLAYED), *helper)

    assert code == 2
    assert words in said


def test_a_server_under_test_holds_dialogues_over_messages(chateval):
    task = put_task()
    server = played(lambda body: f"I saw {len(body['messages'])}.")
    with serving(server) as (url, seen):
        arguments = ("run", "--checkpoint", f"gpt={url}/v1#tiny", "--task", task)
        first = chateval(*arguments, "--out", "one")
        n_asked = len(seen)
        again = chateval(*arguments, "--out", "two")
        n_again = [what for what, _, _ in seen[n_asked:] if what.startswith("POST")]

    assert (first[0], again[0], n_again) == (0, 0, []), first[1]
    assert [[one.text for one in dialogue] for dialogue in rounds("one", "gpt")] == [
        ["I saw 1.", "I saw 3.", "I saw 5."]
    ] * 3
    assert files("one") == files("two")


def test_a_server_that_fails_in_a_later_round_leaves_that_dialogue_unscored(chateval):
    failing = played(failing=lambda body: len(body["messages"]) == 3 and "1 foxes" in body["messages"][0]["content"])
    with serving(failing) as (url, _):
        code, said = chateval("run", "--checkpoint", f"gpt={url}/v1#tiny", "--task", put_task())

    assert code == 4, said
    errors = [one.response.error for one in read_answers(Path("run"))]
    assert [bool(error and error.startswith("round 2: ")) for error in errors] == [False, True, False]


@pytest.mark.parametrize(
    ("dialogue", "ending", "n_rounds"),
    [
        ("{turns: {field: turns}, max_tokens: 1}", "tokens", 1),
        ("{user: {model: base, prompt: x, max_turns: 100, max_new_tokens: 4}, max_rounds: 2}", "rounds", 2),
    ],
)
def test_a_limit_ends_dialogues_and_is_counted(chateval, tiny_chat, dialogue, ending, n_rounds):
    code, said = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", put_task(dialogue))

    assert code == 0, said
    [counted] = report("run")["dialogues"]
    assert (counted["endings"], counted["n_rounds"]) == ({ending: 3}, 3 * n_rounds)


def test_more_turns_than_rounds_are_an_error_of_the_task(chateval, tiny_chat):
    task = put_task("{turns: {field: turns}, max_rounds: 2}")

    code, said = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", task)

    assert code == 2
    assert "samples.jsonl:1: 2 turns ask for 3 answers, and dialogue.max_rounds is 2" in said


@pytest.mark.parametrize("turns", ['"one"', "[1]", '["a", ""]', "[[]]", "null"])
def test_turns_that_are_no_texts_are_an_error_of_the_row(chateval, tiny_chat, turns):
    task = put_task()
    Path("foxes/samples.jsonl").write_text(f'{{"told": "x", "answer": "1", "turn_targets": ["1"], "turns": {turns}}}\n')

    code, said = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", task)

    assert code == 2
    assert "samples.jsonl:1" in said


LONG = [{"told": "I have 3 foxes. " + "one two three " * 8, "answer": "3", "turn_targets": ["3"]}]
LONG[0]["turns"] = ["the quick brown fox jumps over the lazy dog " * 10] * 4


@pytest.mark.parametrize(
    ("history", "ending", "n_rounds", "is_scored"),
    [("as_prompt", "context", 5, False), ("end", "context", 4, True), ("drop_oldest_turns", "answered", 5, True)],
)
def test_a_history_that_outgrows_the_model_does_what_the_task_says(
    chateval, tiny_chat, history, ending, n_rounds, is_scored
):
    task = put_task(f"{{turns: {{field: turns}}, history: {history}}}", rows=LONG)

    code, said = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", task)

    assert code == (0 if is_scored else 4), said
    [counted] = report("run")["dialogues"]
    [answered] = read_answers(Path("run"))
    [dialogue] = rounds("run")
    assert (counted["endings"], len(dialogue)) == ({ending: 1}, n_rounds)
    assert (answered.response.error is None) == is_scored
    if history == "as_prompt":
        assert "round 5: " in answered.response.error
        assert "exceed the checkpoint's limit of 512" in answered.response.error
    if history == "drop_oldest_turns":
        assert [one.n_cut for one in dialogue] == [0, 0, 0, 0, 4]
        assert answered.prompt.cut == "the first 4 of 9 turns"
        assert answered.prompt.messages[0]["content"] == LONG[0]["turns"][1]
        assert report("run")["checkpoints"][0]["n_cut"] == 1


def test_repeats_are_dialogues_of_their_own(chateval, tiny_chat):
    task = put_task(decoding="{max_new_tokens: 6, temperature: 1.5, repeats: 3, seed: 4}")

    first = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", task, "--out", "one")
    again = chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", task, "--out", "two")

    assert (first[0], again[0]) == (0, 0), first[1]
    answers = list(read_answers(Path("one")))
    assert [one.response.repeat for one in answers] == [0, 1, 2] * 3
    assert len({tuple(one.text for one in dialogue) for dialogue in rounds("one")}) == 9
    for one in answers:
        texts = [message["content"] for message in one.prompt.messages if message["role"] == "assistant"]
        assert texts == [part.text for part in one.response.dialogue.rounds[:-1]]
    assert files("one") == files("two")


def test_a_run_that_is_scored_again_reads_its_dialogues(chateval, tiny_chat):
    assert chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", put_task())[0] == 0
    before = files("run")

    code, said = chateval("score", "run")

    assert code == 0, said
    assert files("run") == before


def test_other_words_for_the_turns_are_another_task(chateval, tiny_chat):
    assert chateval("run", "--checkpoint", f"base={tiny_chat}", "--task", put_task())[0] == 0
    put_task("{turns: {expression: turns}}")

    code, said = chateval("score", "run")

    assert code == 2
    assert "asks otherwise than when run was made" in said


def test_the_memory_task_shows_what_is_forgotten_by_depth(chateval, tiny_chat):
    arguments = ("run", "--engine", "fake", "--checkpoint", f"base={tiny_chat}", "--task", "memory", "--limit", "10")

    code, said = chateval(*arguments)

    assert code == 4, said
    labels = [f"right at depth {depth}" for depth in (0, 1, 2, 4, 8)] + ["forgotten from depth 0 to 8"]
    assert [one["measure"] for one in report("run")["figures"]] == labels
    assert [(one["n"], one["n_unmeasured"]) for one in report("run")["figures"]] == [(2, 0)] * 4 + [(0, 2), (2, 2)]
    assert sorted(map(len, rounds("run")))[:8] == [2, 2, 3, 3, 4, 4, 6, 6]
    assert [one["endings"] for one in report("run")["dialogues"]] == [{"answered": 8, "context": 2}]
