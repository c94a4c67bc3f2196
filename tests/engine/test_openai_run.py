"""`chateval run --engine openai`, the whole line: endpoints without files, folders that are served, real servers."""

import json
import sys

import pytest

pytest.importorskip("openai")

from completions import Completions
from jinja2 import UndefinedError
from real_server import transformers_serving
from served import serving

from chateval.__main__ import main
from chateval.store import read_answers
from chateval.template import open_tokenizer

SECRET = "sk-verysecretkey1234567890"

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages:
  - {role: system, content: "Add."}
  - {role: user, content: "{{ a }} + {{ b }} ="}
target: "{{ a + b }}"
decoding: {max_new_tokens: 8}
scorers: [number, exact]
"""

CHOICES = """
name: pick
version: 1
source: test
samples: samples.jsonl
output: choose
messages: [{role: user, content: "Which is {{ word }}?"}]
choices: {field: choices}
target: "{{ word }}"
scorers: [choice]
"""


@pytest.fixture
def tasks(tmp_path):
    rows = {
        "sums": (TASK, [{"a": a, "b": b} for a in range(3) for b in range(2)]),
        "pick": (CHOICES, [{"word": word, "choices": ["one", "two"]} for word in ("one", "two")]),
    }
    for name, (text, samples) in rows.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "task.yaml").write_text(text)
        (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in samples))
    return {name: str(tmp_path / name) for name in rows}


@pytest.fixture
def chateval(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, out="run"):
        monkeypatch.setattr(sys, "argv", ["chateval", "run", *map(str, arguments), "--out", out])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return caught.value.code, said.out, " ".join(said.err.split())

    return run


def test_an_endpoint_goes_the_whole_line_and_the_second_run_asks_nothing(chateval, tasks, tmp_path):
    server = Completions()
    server.text = "The answer is 2."

    with serving(server) as (url, seen):
        first = chateval("--checkpoint", f"gpt={url}/v1#tiny", "--task", tasks["sums"])
        n_asked = sum(asked.startswith("POST") for asked, _, _ in seen)
        second = chateval("--checkpoint", f"gpt={url}/v1#tiny", "--task", tasks["sums"], out="again")

    assert (first[0], second[0]) == (0, 0)
    assert n_asked == 6
    assert sum(asked.startswith("POST") for asked, _, _ in seen) == 6
    answers = list(read_answers(tmp_path / "run"))
    assert [answer.response.text for answer in answers] == ["The answer is 2."] * 6
    assert answers[0].prompt.messages[0] == {"role": "system", "content": "Add."}
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["checkpoints"][0]["kind"] == "endpoint"
    assert report["checkpoints"][0]["template"] is None
    [mean] = [one["mean"] for one in report["estimates"] if one["scorer"] == "number"]
    assert mean == pytest.approx(2 / 6)
    assert "not checked" in (tmp_path / "run" / "report.md").read_text()
    assert (tmp_path / "run" / "report.json").read_bytes() == (tmp_path / "again" / "report.json").read_bytes()


def test_another_question_and_another_model_are_other_answers(chateval, tasks, tmp_path):
    server = Completions(models=("tiny", "large"))

    with serving(server) as (url, seen):
        chateval("--checkpoint", f"a={url}/v1#tiny", "--checkpoint", f"b={url}/v1#large", "--task", tasks["sums"])

    posted = [body for asked, _, body in seen if asked.startswith("POST")]
    assert len(posted) == 12
    assert {body["model"] for body in posted} == {"tiny", "large"}
    assert len({json.dumps(body["messages"]) for body in posted}) == 6


def test_errors_are_not_kept_and_the_same_command_asks_them_again(chateval, tasks, tmp_path):
    server = Completions()
    server.faults.extend([(400, {"error": "no"})] * 2)

    with serving(server) as (url, _):
        first = chateval("--checkpoint", f"gpt={url}/v1#tiny", "--task", tasks["sums"])
        second = chateval("--checkpoint", f"gpt={url}/v1#tiny", "--task", tasks["sums"])

    assert (first[0], second[0]) == (4, 0)
    assert "2 responses from the model" in second[2]


def test_an_endpoint_stands_beside_a_folder_on_another_engine(chateval, tasks, tiny_chat, tmp_path):
    with serving(Completions()) as (url, _):
        code, _, said = chateval(
            "--checkpoint", f"gpt={url}/v1#tiny", "--checkpoint", f"base={tiny_chat}", "--task", tasks["sums"]
        )

    assert code == 0, said
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert [entry["engine"]["engine"] for entry in manifest["checkpoints"]] == ["openai", "transformers"]


@pytest.mark.parametrize(
    ("address", "task", "said"),
    [
        ("{url}/v1#tiny", "pick", "gpt: an endpoint gives no log-probabilities of a choice, which task pick asks for"),
        ("{url}/v1", "sums", "names no model: say {url}/v1#MODEL; it serves tiny"),
        ("http://me:pass@127.0.0.1/v1#tiny", "sums", "set CHATEVAL_API_KEY instead"),
        ("http://127.0.0.1:9/v1#tiny", "sums", "GET /v1/models: [Errno 111] Connection refused; is it the address"),
    ],
)
def test_what_cannot_be_asked_of_an_endpoint_is_one_line_and_exit_2(chateval, tasks, address, task, said):
    with serving(Completions()) as (url, _):
        code, _, err = chateval("--checkpoint", "gpt=" + address.format(url=url), "--task", tasks[task])

    assert code == 2
    assert said.format(url=url) in err
    assert "Traceback" not in err


def test_a_key_is_nowhere_in_what_a_run_writes_and_says(chateval, tasks, tmp_path, monkeypatch, cache_dir):
    monkeypatch.setenv("CHATEVAL_API_KEY", SECRET)
    server = Completions()
    server.text = f"You sent {SECRET}."
    server.faults.extend([(400, {"error": f"your key is {SECRET}"}), (200, {"error": {"message": SECRET}})])

    with serving(server) as (url, seen):
        code, out, err = chateval("--checkpoint", f"gpt={url}/v1#tiny", "--task", tasks["sums"])

    assert code == 4
    assert {headers.get("Authorization", headers.get("authorization")) for _, headers, _ in seen} == {
        f"Bearer {SECRET}"
    }
    written = [path.read_bytes() for folder in (tmp_path, cache_dir) for path in folder.rglob("*") if path.is_file()]
    assert not [text for text in (*written, out.encode(), err.encode()) if SECRET[3:].encode() in text]


def test_a_folder_that_is_served_is_asked_by_ids_and_its_template_is_held_against_the_server_s(
    chateval, tasks, tiny_chat, tmp_path
):
    tokenizer = open_tokenizer(tiny_chat)
    server = Completions(tokenizer, models=("base",))

    with serving(_with_prompts(server, tokenizer)) as (url, _):
        arguments = ("--engine", "openai", "--base-url", f"{url}/v1", "--checkpoint", f"base={tiny_chat}")
        code, _, said = chateval(*arguments, *(word for name in tasks for word in ("--task", tasks[name])))

    assert code == 0, said
    answers = list(read_answers(tmp_path / "run"))
    assert [answer.response.text for answer in answers if answer.task == "sums"] == ["Paris"] * 6
    assert all(answer.response.choice_logprobs for answer in answers if answer.task == "pick")
    [entry] = json.loads((tmp_path / "run" / "manifest.json").read_text())["checkpoints"]
    place = {"address": f"{url}/v1", "model": "base"}
    assert entry["engine"] == {"engine": "openai", "server": "vllm 0.99.0", **place, "door": "ids"}
    assert "CT702" in entry["template_report"]["passed"]


def _with_prompts(server, tokenizer):
    """Answer POST /tokenize too, as vLLM does with the chat template of the tokenizer."""

    def routes(asked, body):
        if asked != "POST /tokenize":
            return server(asked, body)
        try:
            ids = tokenizer.apply_chat_template(
                body["messages"], add_generation_prompt=body["add_generation_prompt"], return_dict=False
            )
        except (TypeError, UndefinedError) as error:
            return 400, {"error": {"message": str(error)}}
        return 200, {"count": len(ids), "tokens": ids}

    return routes


def test_a_server_is_needed_for_a_folder(chateval, tasks, tiny_chat):
    code, _, said = chateval("--engine", "openai", "--checkpoint", f"base={tiny_chat}", "--task", tasks["sums"])

    assert code == 2
    assert "--engine openai: say where base is served: --base-url http://HOST:PORT/v1" in said


@pytest.fixture
def transformers_serve(tiny_chat, tmp_path):
    """Serve the random chat model with the command of transformers, and yield the address."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    with transformers_serving(tiny_chat, tmp_path / "serve.log") as address:
        yield address


@pytest.mark.slow
def test_transformers_serve_answers_as_the_engine_of_transformers_does(
    chateval, tasks, tiny_chat, transformers_serve, tmp_path
):
    checkpoint = ("--checkpoint", f"base={tiny_chat}", "--task", tasks["sums"])

    served = chateval("--engine", "openai", "--base-url", transformers_serve, *checkpoint, out="served")
    plain = chateval(*checkpoint, out="plain")
    choices = chateval(
        *("--engine", "openai", "--base-url", transformers_serve, "--checkpoint", f"base={tiny_chat}"),
        *("--task", tasks["pick"]),
    )

    assert (served[0], plain[0]) == (0, 0), served[2]
    pairs = list(zip(read_answers(tmp_path / "served"), read_answers(tmp_path / "plain"), strict=True))
    assert [one.response.text for one, _ in pairs] == [other.response.text for _, other in pairs]
    assert [one.response.n_prompt_tokens for one, _ in pairs] == [len(other.prompt.ids) for _, other in pairs]
    [entry] = json.loads((tmp_path / "served" / "manifest.json").read_text())["checkpoints"]
    assert entry["engine"] == {
        "engine": "openai",
        "server": "unknown",
        "address": transformers_serve,
        "model": str(tiny_chat),
        "door": "text",
    }
    assert choices[0] == 2
    assert "takes no token ids, without which the choices of a task cannot be scored" in choices[2]


PLAYED = """
name: played
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + {{ b }} ="}]
target: "{{ a + b }}"
decoding: {max_new_tokens: 4}
dialogue: {user: {model: customer, prompt: "Ask for sums.", max_turns: 2, max_new_tokens: 4}}
scorers: [number]
"""


@pytest.mark.slow
def test_transformers_serve_plays_a_user_and_is_asked_once(chateval, tasks, tiny_chat, transformers_serve, tmp_path):
    (tmp_path / "sums" / "task.yaml").write_text(PLAYED)
    helper = f"customer={transformers_serve}#{tiny_chat}"
    arguments = ("--checkpoint", f"base={tiny_chat}", "--helper", helper, "--task", tasks["sums"])

    first = chateval(*arguments, out="one")
    again = chateval(*arguments, out="two")

    assert (first[0], again[0]) == (0, 0), first[2]
    assert "0 responses from the model, 30 from the store" in again[2]
    assert (tmp_path / "one" / "responses.jsonl").read_bytes() == (tmp_path / "two" / "responses.jsonl").read_bytes()
    assert {len(one.response.dialogue.rounds) for one in read_answers(tmp_path / "one")} == {3}
