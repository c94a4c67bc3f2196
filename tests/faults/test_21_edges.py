"""Fault 21: prompts and answers at the edges: too long, empty, cut, without a place to stop."""

import json
import sys
from dataclasses import replace

import pytest
import torch
from bench import Bench
from hostile_models import copy, rewrite

from chateval.__main__ import main
from chateval.prompt import PromptOptions, build_prompts
from chateval.records import Decoding, Sample, Task
from chateval.template import open_tokenizer

FULL = 512
"""Tokens that the small model takes."""


@pytest.fixture
def bench(tiny_chat):
    return Bench(tiny_chat)


def saying(bench, token):
    """Have the model say one token above all; returns what takes that back."""
    with bench.weights.use(None, None) as model:
        return model.lm_head.register_forward_hook(
            lambda module, args, output: output.index_fill(-1, torch.tensor(token), 99.0)
        )


# Prompts


def task_of(sample, decoding):
    return Task("t", 1, "", "", "", "generate", decoding, (), (sample,), "", "", "d")


@pytest.fixture
def build(tiny_chat):
    """Build the prompt of one user text."""

    def make(text, *, limit=None, n_answer=4, overflow="error", completion=False, messages=None):
        told = tuple(messages or [{"role": "user", "content": text}])
        sample = Sample("0" * 16, {}, messages=told, target="x")
        task = task_of(sample, Decoding(max_new_tokens=n_answer))
        options = PromptOptions(completion=completion, limit=limit, overflow=overflow)
        [prompt] = build_prompts(task, [sample], open_tokenizer(tiny_chat), options)
        return prompt

    return make


def test_a_context_that_is_exactly_full_is_none_too_long(build):
    n = len(build("one two three").ids)

    assert build("one two three", limit=n + 4).error is None
    assert build("one two three", limit=n + 3).error == (
        f"{n} prompt tokens and 4 for the answer exceed the checkpoint's limit of {n + 3}"
    )


@pytest.mark.parametrize("overflow", ["drop_oldest_turns", "truncate_middle"])
def test_what_was_taken_out_of_a_prompt_is_counted_and_said(build, overflow):
    turns = [{"role": role, "content": "seven eight nine " * 9} for role in ("user", "assistant", "user")]
    whole = build("", messages=turns)

    prompt = build("", messages=turns, limit=len(whole.ids) - 9, overflow=overflow)

    assert prompt.error is None
    assert len(prompt.ids) + 4 <= len(whole.ids) - 9
    assert prompt.n_cut > 0
    assert prompt.cut
    assert prompt.messages != whole.messages
    assert prompt.text.endswith(whole.text[-20:])


@pytest.mark.parametrize("overflow", ["error", "drop_oldest_turns", "truncate_middle"])
@pytest.mark.parametrize("limit", [1, 5])
def test_a_limit_that_nothing_fits_is_an_error_of_the_sample(build, overflow, limit):
    assert "exceed the checkpoint's limit" in build("one two three", limit=limit, overflow=overflow).error


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_message_is_a_prompt_of_the_template_alone(build, text):
    prompt = build(text)

    assert prompt.error is None
    assert prompt.text == f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


def test_a_prompt_without_a_token_is_an_error_of_its_sample(tiny_chat, tmp_path):
    folder = copy(tiny_chat, tmp_path / "silent")
    (folder / "chat_template.jinja").write_text("{% if 0 %}a{% endif %}")
    sample = Sample("0" * 16, {}, messages=({"role": "user", "content": "a"},), target="x")

    [prompt] = build_prompts(task_of(sample, Decoding()), [sample], open_tokenizer(folder), PromptOptions())

    assert prompt.error == "the prompt is empty: it has no token"


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_tokenizer_that_would_cut_or_pad_by_itself_does_neither(tiny_chat, tmp_path, side):
    folder = copy(tiny_chat, tmp_path / "cutting", tokenizer_config={"model_max_length": 4, "truncation_side": side})
    config = json.loads((folder / "tokenizer.json").read_text())
    config["truncation"] = {
        "direction": side.title(),
        "max_length": 4,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    config["padding"] = {
        "strategy": {"Fixed": 64},
        "direction": side.title(),
        "pad_to_multiple_of": None,
        "pad_id": 2,
        "pad_type_id": 0,
        "pad_token": "<|im_end|>",
    }
    (folder / "tokenizer.json").write_text(json.dumps(config))
    sample = Sample("0" * 16, {}, messages=({"role": "user", "content": "seven eight nine ten"},), target="x")
    task = task_of(sample, Decoding())

    [found], [expected] = (
        build_prompts(task, [sample], open_tokenizer(path), PromptOptions()) for path in (folder, tiny_chat)
    )

    assert found.ids == expected.ids


# Answers


def test_an_end_token_alone_is_an_empty_answer(bench):
    hook = saying(bench, 2)

    [response] = bench.engine(stop_ids=[2]).answer(bench.prompts(Decoding(max_new_tokens=5))[:1])
    hook.remove()

    assert (response.finish, response.text, response.output_ids, response.error) == ("eos", "", (2,), None)
    assert response.raw_text == "<|im_end|>"


@pytest.mark.parametrize("plainly", [False, True])
def test_half_a_character_at_the_limit_is_shown_as_one_that_is_missing(bench, plainly):
    first = bench.tokenizer("é", add_special_tokens=False)["input_ids"][0]
    assert bench.tokenizer.decode([first]) == "\ufffd"
    hook = saying(bench, first)
    [prompt] = bench.prompts(Decoding(max_new_tokens=1), ["one"])
    engine = bench.engine()

    [response] = engine.respond_plainly([prompt]) if plainly else engine.answer([prompt])
    hook.remove()

    assert (response.finish, response.text) == ("length", "\ufffd")
    response.text.encode("utf-8")


def test_one_token_is_the_shortest_answer(bench):
    [response] = bench.engine(stop_ids=[]).answer(bench.prompts(Decoding(max_new_tokens=1))[:1])

    assert (len(response.output_ids), response.finish) == (1, "length")


def test_an_answer_fills_the_context_to_its_last_token(bench):
    [prompt] = bench.prompts(Decoding(max_new_tokens=12), ["one"])
    prompt = replace(prompt, ids=tuple(10 + n % 300 for n in range(FULL - 12)))

    [packed], [plain] = (answer([prompt]) for answer in (bench.engine([]).answer, bench.engine([]).respond_plainly))

    assert (len(packed.output_ids), packed.finish) == (12, "length")
    assert packed == plain


@pytest.mark.parametrize("n_characters", [2, 3, 7])
def test_a_stop_string_that_lies_across_tokens_is_found_at_its_place(bench, n_characters):
    words = [n for n in range(len(bench.tokenizer)) if bench.tokenizer.decode([n]).strip().isalpha()]
    others = [n for n in range(len(bench.tokenizer)) if n not in words]
    with bench.weights.use(None, None) as model:
        hook = model.lm_head.register_forward_hook(lambda m, a, out: out.index_fill(-1, torch.tensor(others), -99.0))
    [prompt] = bench.prompts(Decoding(max_new_tokens=16), ["the quick brown fox"])
    [free] = bench.engine(stop_ids=[]).answer([prompt])
    seam = len(bench.tokenizer.decode(free.output_ids[:6]))
    stop = free.text[seam - 1 : seam - 1 + n_characters]
    stopping = replace(prompt, decoding=Decoding(max_new_tokens=16, stop=(stop,)))

    for answer in (bench.engine(stop_ids=[]).answer, bench.engine(stop_ids=[]).respond_plainly):
        [response] = answer([stopping])

        assert response.finish == "stop"
        assert response.text == free.text[: free.text.index(stop)]
    hook.remove()


def test_a_prompt_of_one_token_and_a_prompt_beyond_a_pass_answer_beside_each_other(bench):
    [prompt] = bench.prompts(Decoding(max_new_tokens=3), ["one"])
    short = replace(prompt, ids=(5,))
    long = replace(prompt, sample_id="f" * 16, ids=tuple(10 + n % 300 for n in range(400)))

    together = bench.engine(stop_ids=[]).answer([short, long])

    assert together == [bench.engine(stop_ids=[]).answer([one])[0] for one in (short, long)]


# Through the command line


@pytest.fixture
def chateval(monkeypatch, capsys, tmp_path):
    """Run the command line; return (exit code, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, capsys.readouterr().err

    return run


def write_task(tmp_path, decoding, rows=({"q": "one"}, {"q": "seven eight"})):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "task.yaml").write_text(
        "name: mine\nversion: 1\nsource: me\nsamples: samples.jsonl\n"
        'messages:\n  - {role: user, content: "{{ q }}"}\ntarget: "x"\nscorers: [exact]\n'
        f"decoding: {{{decoding}}}\n"
    )
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.mark.parametrize(
    ("decoding", "said"),
    [
        ("max_new_tokens: 0", "max_new_tokens"),
        ("max_new_tokens: -1", "max_new_tokens"),
        ("max_new_tokens: 1e3", "max_new_tokens"),
        ("stop: ['']", "an empty stop string would end every answer at once"),
        ("temperature: -1", "temperature"),
        ("temperature: .nan", "temperature"),
        ("temperature: .inf", "temperature"),
        ("temperature: 1, top_p: 0", "top_p"),
    ],
)
def test_settings_that_decode_nothing_are_refused_before_a_model_is_loaded(chateval, tmp_path, decoding, said):
    write_task(tmp_path, decoding)

    code, err = chateval("run", "--task", "./mine", "--checkpoint", "it=nowhere")

    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1


def test_empty_cut_and_truncated_are_counted_in_every_report(chateval, tiny_chat, tmp_path):
    write_task(tmp_path, "max_new_tokens: 4", rows=[{"q": "one"}, {"q": "seven eight nine " * 200}])
    config = {"max_position_embeddings": 100}
    model = copy(tiny_chat, tmp_path / "short", config=config)
    rewrite(model / "model.safetensors", lambda t: {**t, "lm_head.weight": torch.zeros_like(t["lm_head.weight"])})

    code, err = chateval(
        "run", "--task", "./mine", "--checkpoint", f"it={model}", "--template-gate", "off", "--out", "out"
    )

    assert code == 4, err
    [one] = json.loads((tmp_path / "out/report.json").read_text())["checkpoints"]
    # Logits that are all equal give token 0, <|endoftext|>, four times: no character that shows.
    assert (one["n_responses"], one["n_errors"], one["n_empty"], one["n_length"]) == (2, 1, 1, 1)
    answers = [json.loads(line)["response"] for line in (tmp_path / "out/responses.jsonl").read_text().splitlines()]
    assert any("exceed the checkpoint's limit of 100" in (answer.get("error") or "") for answer in answers)


@pytest.mark.parametrize("positions", [0, -5, "many", None, 10**30, 1.5])
def test_a_context_length_that_is_none_is_no_limit(tiny_chat, tmp_path, positions):
    from chateval.checkpoint import read_config
    from chateval.checkpoint.resolve import context_tokens

    folder = copy(tiny_chat, tmp_path / "odd", config={"max_position_embeddings": positions})

    assert context_tokens(read_config(folder)) == (positions if positions == 10**30 else None)
