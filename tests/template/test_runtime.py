"""What a serving engine builds, held against what the template writes: over real HTTP, on loopback."""

import json
import sys
from dataclasses import replace
from functools import partial

import pytest
from served import CHATML, DEFAULT, STRICT, llama, served_specimen, serving, spelling, vllm

from chateval.__main__ import main
from chateval.errors import TemplateError
from chateval.template.diff import diff_templates
from chateval.template.runtime import as_served, open_runtime
from chateval.template.sandbox import Chat
from chateval.template.tokenizer import open_tokenizer

TOOLS = "{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
SWITCH = "{% if loud %}LOUD{% endif %}"
DATED = "{{ strftime_now('%Y-%m-%d') }}"
BOS = 0
"""Id of the tiny tokenizer's `<|endoftext|>`."""
N_PROBES = 42
ENGINES = pytest.mark.parametrize("engine", [vllm, llama])


@pytest.fixture(scope="module")
def make(tiny_chat):
    """Return a function that makes a specimen of a template."""
    return partial(served_specimen, open_tokenizer(tiny_chat))


def compare(specimen, routes):
    with serving(routes) as (url, _):
        return diff_templates(specimen, open_runtime(url))


@ENGINES
@pytest.mark.parametrize("template", [CHATML, DEFAULT + CHATML, TOOLS + CHATML, DATED + CHATML], ids=range(4))
def test_a_faithful_engine_builds_the_same_ids(make, engine, template):
    found = compare(make(template), engine(make(template)))

    assert found.verdict == f"same ids on {N_PROBES} of {N_PROBES} probes"
    assert found.is_same
    assert found.vocabulary is None


@ENGINES
@pytest.mark.parametrize(
    ("own", "served", "kind", "n"),
    [
        pytest.param(DEFAULT + CHATML, CHATML, "system default", 35, id="default system dropped"),
        pytest.param(CHATML, "{{ bos_token }}" + CHATML, "bos", N_PROBES, id="bos added"),
        pytest.param("{{ bos_token }}" + CHATML, "{{ bos_token }}" * 2 + CHATML, "bos", N_PROBES, id="bos twice"),
        pytest.param(CHATML, CHATML.split("{% if add")[0], "generation prompt", N_PROBES, id="no generation prompt"),
        pytest.param(TOOLS + CHATML, CHATML, "tools", 6, id="tools dropped"),
        pytest.param(CHATML, CHATML.replace("m.reasoning_content", "none"), "thinking", 2, id="thinking dropped"),
        pytest.param(CHATML, STRICT + CHATML, "refusal", 7, id="system refused"),
        pytest.param(CHATML, CHATML.replace("|>\n{%", "|>{%"), "whitespace", N_PROBES, id="newline"),
    ],
)
def test_the_kind_of_a_fault_is_told(make, engine, own, served, kind, n):
    found = compare(make(own), engine(make(served)))

    assert dict(found.kinds) == {kind: n}


@pytest.mark.parametrize(
    ("template", "is_doubled"),
    [(CHATML, True), ("{{ bos_token }}" + CHATML, False)],
)
def test_a_bos_that_llama_server_adds_with_the_ids_counts(make, template, is_doubled):
    found = compare(make(template), llama(make(template), bos=(BOS,)))

    assert found.is_same == (not is_doubled)
    assert dict(found.kinds) == ({"bos": N_PROBES} if is_doubled else {})
    assert found.probes[0].b.startswith("<|endoftext|>")


def test_a_bos_that_an_engine_puts_before_the_template_s_own_is_found(make):
    template = "{{ bos_token }}" + CHATML

    found = compare(make(template), vllm(make(template), bos=(BOS,)))

    assert dict(found.kinds) == {"bos": N_PROBES}
    tokens = found.probes[0].tokens
    assert (tokens.index, tokens.b_ids[:2]) == (1, (BOS, BOS))


def test_equal_texts_with_other_ids_are_told(make):
    found = compare(make(CHATML), spelling(make(CHATML)))

    assert {probe.status for probe in found.probes} == {"ids differ"}


def test_either_side_may_be_the_engine(make):
    with serving(vllm(make(CHATML))) as (url, _):
        runtime = open_runtime(url)
        found = diff_templates(runtime, make(DEFAULT + CHATML))

        with pytest.raises(TemplateError, match="two engines"):
            diff_templates(runtime, runtime)

    assert (found.a, found.b) == (f"vllm 0.99.0 at {url}", "tiny")
    assert dict(found.kinds) == {"system default": 35}
    assert found.probes[0].a.startswith("<|im_start|>user")


def test_text_alone_is_compared_where_the_template_has_no_tokenizer(make):
    served = make(DEFAULT + CHATML)
    bare = replace(make(CHATML), tokenizer=None)

    found = compare(bare, llama(served))

    assert not found.has_ids
    assert found.verdict.startswith("same text on 7 of 42 probes")
    with pytest.raises(TemplateError, match="shows ids and no text"):
        compare(bare, vllm(served))


def test_switches_go_to_the_engine(make):
    template = SWITCH + CHATML

    assert compare(make(template, kwargs={"loud": True}), vllm(make(template))).is_same
    assert not compare(make(template, kwargs={"loud": True}), vllm(make(CHATML))).is_same


def test_what_is_sent_is_what_the_interface_takes(make):
    with serving(vllm(make(CHATML))) as (url, seen):
        diff_templates(make(CHATML), open_runtime(url))

    sent = [body for asked, _, body in seen if asked == "POST /tokenize"]
    calls = [call for body in sent for message in body["messages"] for call in message.get("tool_calls", ())]
    thinking = [message for body in sent for message in body["messages"] if "reasoning_content" in message]
    assert all(body["model"] == "tiny" and body["add_generation_prompt"] for body in sent)
    assert calls
    assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in calls)
    assert thinking
    assert all(message["reasoning"] == message["reasoning_content"] for message in thinking)


@pytest.mark.parametrize(
    ("last", "roles"),
    [
        ({"role": "user", "content": "a"}, ["user"]),
        ({"role": "assistant", "content": "a"}, ["assistant", "user"]),
        ({"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f"}}]}, ["assistant", "tool"]),
    ],
)
def test_a_chat_that_ends_with_an_answer_goes_on(last, roles):
    found = as_served(Chat((last,), add_generation_prompt=False))

    assert [message["role"] for message in found.messages] == roles
    assert found.add_generation_prompt


def test_the_model_is_named_where_several_are_served(make):
    with serving(vllm(make(CHATML), models=("base", "sft"))) as (url, seen):
        assert open_runtime(f"{url}#sft").name == f"vllm 0.99.0 at {url} (sft)"
        assert seen[-2][2]["model"] == "sft"
        with pytest.raises(TemplateError, match="no model 'lora'; it serves base, sft"):
            open_runtime(f"{url}#lora")


def test_the_key_of_the_environment_is_sent(make, monkeypatch):
    monkeypatch.setenv("CHATEVAL_API_KEY", "sesame42")
    with serving(vllm(make(CHATML))) as (url, seen):
        runtime = open_runtime(url)

    assert {headers["Authorization"] for _, headers, _ in seen} == {"Bearer sesame42"}
    assert "sesame42" not in repr(runtime)


def only(found):
    """Answer as vLLM does, but for one request."""
    known = {"GET /v1/models": (200, {"data": [{"id": "m", "owned_by": "vllm"}]}), "GET /version": (404, {})}
    return lambda asked, body: {**known, **found}.get(asked, (404, {}))


LLAMA = {"GET /props": (200, {"default_generation_settings": {}})}


@pytest.mark.parametrize(
    ("routes", "said"),
    [
        (lambda asked, body: (404, b"<html>"), "GET /props: 404: <html>; GET /v1/models: 404: <html>; vLLM, SGLang"),
        (lambda asked, body: (200, b"<html>"), "GET /props: no JSON; GET /v1/models: no JSON"),
        (only({"GET /v1/models": (200, {"data": {"id": "m"}})}), "no engine that shows its prompts"),
        (only({"GET /v1/models": (200, {"data": [{"id": 1}, 2]})}), "no engine that shows its prompts"),
        (only({}), "POST /tokenize: 404"),
        (only({"POST /tokenize": (422, {"detail": [{"msg": "prompt: field required"}]})}), "prompt: field required"),
        (only({"POST /tokenize": (200, {"tokens": [[1, 2]]})}), "no `tokens` with a list of ids"),
        (only({"POST /tokenize": (200, {"tokens": [True]})}), "no `tokens` with a list of ids"),
        (only({"POST /tokenize": (200, {"tokens": [-1]})}), "no `tokens` with a list of ids"),
        (only({"POST /tokenize": (200, {"tokens": [2**31]})}), "no `tokens` with a list of ids"),
        (only({"POST /tokenize": (200, {"tokens": "1 2"})}), "no `tokens` with a list of ids"),
        (only({"POST /tokenize": (200, {"tokens": [1] * 100_000})}), "100,000 ids for a short chat"),
        (only({**LLAMA, "POST /tokenize": (200, [])}), "no `tokens` with a list of ids"),
    ],
)
def test_what_is_no_engine_is_told_in_one_line(routes, said):
    with serving(routes) as (url, _), pytest.raises(TemplateError) as caught:
        open_runtime(url)

    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        *((found, "no `prompt` with a text") for found in ({}, {"prompt": 1}, {"prompt": "\ud800"}, [], b"no")),
        ({"prompt": "a" * 300_000}, "300,000 characters for a short chat"),
    ],
)
def test_a_llama_server_whose_prompt_is_no_text_is_at_fault(prompt, said):
    routes = only({**LLAMA, "POST /tokenize": (200, {"tokens": [1]}), "POST /apply-template": (200, prompt)})
    with serving(routes) as (url, _), pytest.raises(TemplateError, match=said):
        open_runtime(url).render([Chat(({"role": "user", "content": "a"},))])


def test_ids_that_the_tokenizer_does_not_have_are_shown_as_numbers(make):
    routes = only({"POST /tokenize": (200, {"tokens": [2**31 - 1] * 3})})

    probe = compare(make(CHATML), routes).probes[0]

    assert probe.status == "text differs"
    assert probe.tokens.b_tokens == (f"<{2**31 - 1}>",) * 3


@pytest.fixture
def chateval(monkeypatch, capsys):
    """Run a template command; return (exit code, stdout, stderr). Torch stays as it is."""
    monkeypatch.setattr("chateval.cli.template.target.without_torch", lambda: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", "template", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


def test_the_commands_take_an_address(chateval, tiny_chat, make):
    own = (tiny_chat / "chat_template.jinja").read_text("utf-8")
    with serving(vllm(make(own))) as (same, _), serving(vllm(make(DEFAULT + own))) as (other, _):
        code, out, _ = chateval("diff", tiny_chat, same)
        assert (code, "same ids on 42 of 42 probes" in out) == (0, True)
        code, out, _ = chateval("diff", other, tiny_chat, "--json")
        assert (code, json.loads(out)["kinds"]) == (1, {"system default": 35})
        code, out, _ = chateval("check", tiny_chat, "--runtime", same)
        assert code == 0, out
        code, out, _ = chateval("check", tiny_chat, "--runtime", other)
        assert (code, "CT702 error" in out) == (1, True)


def test_an_address_without_a_server_is_one_line_and_exit_2(chateval, tiny_chat):
    with serving(only({})) as (url, _):
        pass

    code, _, err = chateval("diff", tiny_chat, url)

    assert code == 2
    assert err == f"chateval: {url}: GET /props: [Errno 111] Connection refused\n"
