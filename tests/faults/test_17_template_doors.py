"""Fault 17: a hostile chat template at each door: commands, adapters, files of the user, GGUF, a training."""

import ast
import json
import sys
from pathlib import Path

import pytest
from hostile_models import copy

import chateval as package
from chateval.__main__ import main
from chateval.errors import ChatevalError, TemplateError
from chateval.template.sandbox import Chat, Sandbox

HELLO = [{"role": "user", "content": "hello"}]
SAID = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ESCAPE = "{{ lipsum.__globals__['os'].system('touch MARK') }}"


@pytest.fixture
def chateval(monkeypatch, capsys, tmp_path):
    """Run the command line where Jinja of a chat must not be rendered; return (exit code, stderr)."""
    import transformers.utils.chat_template_utils as library

    def rendered(*args, **kwargs):
        raise AssertionError("a chat template was rendered in this process")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chateval.cli.template.target.without_torch", lambda: None)
    for name in ("render_jinja_template", "_compile_jinja_template", "_cached_compile_jinja_template"):
        monkeypatch.setattr(library, name, rendered, raising=False)
    monkeypatch.setattr("transformers.tokenization_utils_base.render_jinja_template", rendered)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, capsys.readouterr().err

    return run


@pytest.fixture
def model(tiny_chat, tmp_path):
    """Return a copy of the model with a template."""

    def make(template, name="model"):
        folder = copy(tiny_chat, tmp_path / name)
        (folder / "chat_template.jinja").write_text(template)
        return folder

    return make


RUN = ("run", "--engine", "fake", "--task", "arithmetic", "--limit", "2", "--out", "out")


def the_line(found):
    """Return the one line on stderr that a command was refused with; notes of the template check go before it."""
    code, err = found
    assert code == 2, err
    assert "Traceback" not in err
    [line] = [line for line in err.splitlines() if line.startswith("chateval: ")]
    return line.removeprefix("chateval: ")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% if", "cannot be rendered (line 1 of it): unexpected 'end of template'"),
        ("{{ messages[0].content + sep }}", "cannot be rendered: 'sep' is undefined"),
        ("{{ raise_exception('no') }}", "refuses the messages: no"),
        ("{{ lipsum.__globals__['os'].system('touch mark') }}", "cannot be rendered: "),
        ("{{ 'a' * 10 ** 10 }}", "cannot be rendered: it needs more memory than a template may take"),
        ("x" * 300_000, "300,000 bytes; a chat template has at most 262,144"),
        ('{{ "\\ud800" }}', "a lone surrogate at character 0 cannot be tokenised"),
    ],
)
def test_a_run_is_refused_in_one_line(chateval, model, template, said):
    assert said in the_line(chateval(*RUN, "--template-gate", "off", "--checkpoint", f"it={model(template)}"))
    assert not Path("mark").exists()
    assert not Path("out/scores.jsonl").exists()


def test_a_sample_that_a_template_refuses_is_named(chateval, model):
    template = SAID.replace("{{ m.content }}", "{{ raise_exception('seven') if '7' in m.content else m.content }}")
    arguments = ("--limit", "5", "--template-gate", "off", "--checkpoint", f"it={model(template)}")

    line = the_line(chateval(*RUN, *arguments))

    assert line.startswith("task arithmetic, sample ")
    assert line.endswith(": the chat template refuses the messages: seven")


def test_a_template_that_refuses_system_messages_is_refused_with_two_ways_out(chateval, model):
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + SAID
    run = (*RUN[:4], "system_prompt", *RUN[5:], "--template-gate", "off", "--checkpoint", f"it={model(template)}")

    line = the_line(chateval(*run))

    assert "the chat template refuses a system message; say --system fold_into_user" in line
    assert "--system drop" in line
    assert chateval(*run, "--system", "fold_into_user")[0] in (0, 4)


def test_an_empty_template_gives_empty_prompts_and_no_score(chateval, model):
    code, err = chateval(*RUN, "--template-gate", "off", "--checkpoint", f"it={model('')}")

    assert code in (2, 4)
    assert "Traceback" not in err


def test_the_adapter_s_own_template_is_rendered_elsewhere_too(chateval, tiny_chat, tiny_loras, tmp_path):
    adapter = copy(tiny_loras[0], tmp_path / "lora")
    (adapter / "chat_template.jinja").write_text("{{ cycler.__init__.__globals__.os.system('touch mark') }}")
    checkpoints = ("--checkpoint", f"base={tiny_chat}", "--checkpoint", f"lora={adapter}@base")

    assert "cannot be rendered" in the_line(chateval(*RUN, "--template-gate", "off", *checkpoints))
    assert not Path("mark").exists()


def test_a_template_that_the_user_names_is_rendered_elsewhere_too(chateval, tiny_chat):
    Path("own.jinja").write_text(ESCAPE.replace("MARK", "mark"))

    assert chateval(*RUN, "--checkpoint", f"it={tiny_chat}", "--template", "it=own.jinja")[0] == 2
    assert not Path("mark").exists()


@pytest.mark.parametrize("command", ["check", "diff", "record"])
@pytest.mark.parametrize("template", ["{% if", ESCAPE, SAID])
def test_the_template_commands_render_elsewhere(chateval, model, command, template):
    folder = model(template.replace("MARK", "mark"))
    answered = [*HELLO, {"role": "assistant", "content": "yes"}]
    Path("rows.jsonl").write_text(json.dumps({"messages": answered}) + "\n")
    more = {"check": (), "diff": (model(SAID, "other"),), "record": ("rows.jsonl", "--out", "evidence.json")}[command]

    code, err = chateval("template", command, folder, *more)

    assert code == 0 if template == SAID else code in (1, 2)
    assert "Traceback" not in err
    assert not Path("mark").exists()
    if command == "record":
        assert Path("evidence.json").exists() == (template == SAID)
        assert template == SAID or "rows.jsonl:1: the chat template cannot be rendered" in err


def test_recorded_ids_are_those_that_the_tokenizer_makes(chateval, tiny_chat):
    from chateval.template import open_tokenizer, render, tokenize

    answered = [*HELLO, {"role": "assistant", "content": "yes"}]
    Path("rows.jsonl").write_text(json.dumps({"messages": answered}) + "\n")
    tokenizer = open_tokenizer(tiny_chat)
    expected = tokenize(tokenizer, [render(tokenizer, answered, add_generation_prompt=False)])

    assert chateval("template", "record", tiny_chat, "rows.jsonl", "--out", "evidence.json")[0] == 0
    assert [row["ids"] for row in json.loads(Path("evidence.json").read_text())["rows"]] == expected


@pytest.mark.parametrize(
    "row", [{"messages": [1]}, {"messages": []}, {"messages": HELLO, "tools": "{"}, {"messages": HELLO, "tools": {}}]
)
def test_a_row_that_cannot_be_recorded_is_named(chateval, tiny_chat, row):
    if row.get("tools") == {}:
        row["tools"] = {"a": 1}
    Path("rows.jsonl").write_text(json.dumps(row) + "\n")

    line = the_line(chateval("template", "record", tiny_chat, "rows.jsonl", "--out", "evidence.json"))

    assert line.startswith("rows.jsonl:1: ")


def test_a_template_in_memory_is_rendered_elsewhere_while_training(chateval, tiny_chat, tmp_path):
    from transformers import AutoModelForCausalLM

    from chateval.config import Suite
    from chateval.pipeline.live import LiveModel
    from chateval.template import open_tokenizer

    class Silent:
        def stage(self, text): ...

    tokenizer = open_tokenizer(tiny_chat, template="{{ lipsum.__globals__['os'].system('touch mark') }}")
    model = AutoModelForCausalLM.from_pretrained(tiny_chat)

    with pytest.raises(TemplateError, match="cannot be rendered"):
        LiveModel(model, tokenizer, Suite((), ("arithmetic",), "", limit=1, template_gate="off"), watcher=Silent())
    assert not Path("mark").exists()


@pytest.mark.parametrize(("template", "kind"), [(ESCAPE, "MARK"), ("x" * 5_000_000, "at most 262,144")])
def test_a_template_in_a_gguf_file_is_no_other(tmp_path, template, kind):
    import gguf

    from chateval.template import find_sources

    path, mark = tmp_path / "model.gguf", tmp_path / "mark"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_chat_template(template.replace("MARK", str(mark)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    if kind == "MARK":
        [source] = find_sources(path)
        box = Sandbox()
        [found] = box.render(source.text, {}, [Chat(HELLO)])
        box.close()
        assert found.text is None
        assert not mark.exists()
    else:
        with pytest.raises(ChatevalError, match=kind):
            find_sources(path)


def test_no_other_module_renders_chats_or_compiles_templates_of_checkpoints():
    allowed = {
        "template/sandbox/worker.py": {"render_jinja_template"},
        "template/record.py": {"apply_chat_template"},  # called by a trainer, which renders it all the same
    }
    root = Path(package.__file__).parent
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        found = names & {"apply_chat_template", "render_jinja_template", "_compile_jinja_template"}
        assert found <= allowed.get(path.relative_to(root).as_posix(), set()), path
