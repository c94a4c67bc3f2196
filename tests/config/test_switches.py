import pytest

from chateval.config import Suite, read_suite, with_template_options
from chateval.errors import ConfigError, TemplateError
from chateval.records import CheckpointSpec
from chateval.template.switches import refuse_unread

SUITE = Suite(
    (CheckpointSpec("sft", "a"), CheckpointSpec("v1.5", "b")),
    ("t",),
    baseline="sft",
    helpers=(CheckpointSpec("judge", "c"),),
)
QWEN = "{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}{{ messages }}"


def test_switches_of_the_command_line_go_to_one_checkpoint_each_as_yaml_reads_them():
    found = with_template_options(
        SUITE, ["sft.enable_thinking=false", "sft.reasoning_effort=high", "v1.5.budget=512", "judge.thinking=true"]
    )

    assert [one.template_options for one in (*found.checkpoints, *found.helpers)] == [
        {"enable_thinking": False, "reasoning_effort": "high"},
        {"budget": 512},
        {"thinking": True},
    ]


def test_what_the_command_line_says_goes_over_what_the_file_says(tmp_path):
    path = tmp_path / "chateval.yaml"
    path.write_text("checkpoints: {sft: {path: a, template_options: {enable_thinking: true, effort: low}}}\n")

    found = with_template_options(read_suite(path), ["sft.enable_thinking=false"])

    assert found.checkpoints[0].template_options == {"enable_thinking": False, "effort": "low"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("enable_thinking=false", "say CHECKPOINT.NAME=VALUE"),
        ("sft.enable_thinking", "say CHECKPOINT.NAME=VALUE"),
        (".x=1", "say CHECKPOINT.NAME=VALUE"),
        ("lora.enable_thinking=false", "no checkpoint 'lora'; there are: sft, v1.5, judge"),
        ("sft.enable thinking=1", "'enable thinking' is no name of a variable"),
        ("sft.messages=1", "messages is filled by the rendering itself"),
    ],
)
def test_a_switch_that_cannot_be_one_is_refused(text, message):
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        with_template_options(SUITE, [text])


def test_a_file_with_a_name_that_the_rendering_fills_says_where(tmp_path):
    path = tmp_path / "chateval.yaml"
    path.write_text("checkpoints:\n  sft:\n    path: a\n    template_options: {tools: []}\n")

    with pytest.raises(ConfigError, match=r"yaml:4: checkpoints\.sft\.template_options: tools is filled"):
        read_suite(path)


def test_a_switch_that_the_template_reads_is_taken_whether_or_not_it_is_assigned_there():
    deepseek = "{% if not thinking is defined %}{% set thinking = false %}{% endif %}{{ thinking }}"

    refuse_unread({"enable_thinking": True}, [QWEN], name="sft")
    refuse_unread({"thinking": True}, [deepseek], name="sft")
    refuse_unread({"anything": True}, ["{% broken"], name="sft")


@pytest.mark.parametrize(
    ("option", "templates", "message"),
    [
        (
            "enable_thinkng",
            [QWEN],
            r"reads enable_thinkng.* did you mean enable_thinking\? .*: enable_thinking\)",
        ),
        ("effort", [QWEN], r"never reads effort, so that setting it changes nothing \(switches"),
        ("enable_thinking", [], "never reads enable_thinking.*: none"),
    ],
)
def test_a_switch_that_the_template_never_reads_is_an_error(option, templates, message):
    with pytest.raises(TemplateError, match=message):
        refuse_unread({option: True}, templates, name="sft")
