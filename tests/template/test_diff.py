"""Two templates on the same probes: what differs, where, and in what way."""

from pathlib import Path

import pytest

from chateval.errors import TemplateError
from chateval.template.diff import diff_templates
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import open_tokenizer

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ZEPHYR = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
DEFAULT = "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nBe brief.<|im_end|>\n{% endif %}"
STRICT = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
DATED = "Today Date: {{ strftime_now('%d %b %Y') }}\n"
N_PROBES = 42


def bare(template: str, name: str = "a", **settings) -> Specimen:
    tokens = {"bos_token": "<s>", "eos_token": "</s>"}
    return Specimen(
        name, (TemplateSource("x.jinja", "default", template),), tokens=tokens, settings=Settings(**settings)
    )


def test_a_template_is_the_same_as_itself():
    found = diff_templates(bare(CHATML), bare(CHATML.replace("\n", "{{ '\\n' }}"), "b"))

    assert found.is_same
    assert found.verdict == f"same text on {N_PROBES} of {N_PROBES} probes"
    assert (found.a, found.b, found.has_ids, found.vocabulary) == ("a", "b", False, None)


@pytest.mark.parametrize(
    ("a", "b", "kind", "n"),
    [
        pytest.param(CHATML, "{{ bos_token }}" + CHATML, "bos", N_PROBES, id="bos"),
        pytest.param("{{ bos_token }}" + CHATML, "{{ bos_token }}" * 2 + CHATML, "bos", N_PROBES, id="bos twice"),
        pytest.param(CHATML, DEFAULT + CHATML, "system default", 36, id="default system"),
        pytest.param(DEFAULT + CHATML, DEFAULT.replace("brief", "kind") + CHATML, "system default", 36, id="another"),
        pytest.param(CHATML, CHATML.replace("|>\n{%", "|>{%"), "whitespace", N_PROBES, id="newline after the turn"),
        pytest.param(CHATML, CHATML.split("{% if")[0], "generation prompt", 15, id="no generation prompt"),
        pytest.param(
            CHATML, CHATML.replace("assistant", "model"), "generation prompt", 15, id="role in the generation prompt"
        ),
        pytest.param(CHATML, CHATML.replace("['role']", "['role'] | upper"), "role name", N_PROBES, id="role names"),
        pytest.param(CHATML, CHATML.replace("<|im_end|>", "<|endoftext|>"), "closer", N_PROBES, id="closer"),
        pytest.param(CHATML, STRICT + CHATML, "refusal", 7, id="refusal"),
        pytest.param(DATED + CHATML, "Today Date: 26 Jul 2024\n" + CHATML, "date", N_PROBES, id="date"),
        pytest.param(CHATML, CHATML.replace("['content']", "['content'][:3]"), "content", 39, id="content cut short"),
    ],
)
def test_the_kind_of_a_difference_is_told(a, b, kind, n):
    found = diff_templates(bare(a), bare(b, "b"))

    assert max(found.kinds, key=found.kinds.get) == kind
    assert abs(found.kinds[kind] - n) <= 9
    assert f"{kind} {found.kinds[kind]}" in found.verdict


def test_thinking_is_told_from_other_differences():
    thinking = CHATML.replace(
        "{{ message['content'] }}",
        "{% if message['reasoning_content'] %}<think>{{ message['reasoning_content'] }}</think>{% endif %}"
        "{{ message['content'] }}",
    )

    found = diff_templates(bare(CHATML), bare(thinking))

    assert dict(found.kinds) == {"thinking": 2}
    assert found.strata["thinking"] == (3, 5)
    assert found.strata["plain"] == (7, 7)


def test_tools_are_told_from_other_differences():
    tools = "{% if tools %}<tools>{{ tools | tojson }}</tools>\n{% endif %}" + CHATML

    assert set(diff_templates(bare(CHATML), bare(tools)).kinds) == {"tools"}


def test_another_family_differs_everywhere_at_its_first_character():
    found = diff_templates(bare(CHATML), bare(ZEPHYR))

    assert found.probes[0].status == "text differs"
    assert found.probes[0].offset == 2
    assert {probe.kind for probe in found.probes if probe.stratum == "multi_turn"} == {"markers"}


def test_a_date_is_no_difference_under_one_clock():
    assert diff_templates(bare(DATED + CHATML), bare(DATED + CHATML)).is_same


def test_each_side_renders_with_its_own_switches():
    template = "{% if loud %}LOUD{% endif %}" + CHATML

    found = diff_templates(bare(template, kwargs={"loud": True}), bare(template))

    assert not found.is_same
    assert found.probes[0].a.startswith("LOUD")


def test_probes_that_neither_renders_are_left_out():
    found = diff_templates(bare(STRICT + CHATML), bare(STRICT + CHATML))

    n_raised = sum(probe.status == "both raise" for probe in found.probes)
    assert n_raised >= 6
    assert found.verdict == (
        f"same text on {N_PROBES - n_raised} of {N_PROBES - n_raised} probes; {n_raised} that neither renders are"
        " left out"
    )


def test_templates_that_never_render_are_not_comparable():
    found = diff_templates(bare("{{ x.y }}"), bare("{% if"))

    assert found.verdict.startswith("not comparable")
    assert found.strata == {}


@pytest.fixture
def pair(tiny_chat: Path):
    """Return a specimen with the tiny tokenizer and one whose vocabulary has a further token."""
    specimens = []
    for more in (False, True):
        tokenizer = open_tokenizer(tiny_chat)
        if more:
            tokenizer.add_special_tokens({"additional_special_tokens": ["<|eot|>"]})
        source = TemplateSource("x", "default", CHATML)
        specimens.append(Specimen("tiny", (source,), tokens=dict(tokenizer.special_tokens_map), tokenizer=tokenizer))
    return specimens


def test_ids_are_compared_where_both_sides_have_a_tokenizer(pair):
    found = diff_templates(*pair)

    assert found.verdict == f"same ids on {N_PROBES} of {N_PROBES} probes"
    assert found.vocabulary is not None
    assert found.vocabulary.only_b == ("<|eot|>",)
    assert (found.vocabulary.n_b - found.vocabulary.n_a, found.vocabulary.n_moved) == (1, 0)


def test_the_first_token_that_differs_is_shown_with_its_neighbours(pair):
    other = Specimen(
        "b",
        (TemplateSource("x", "default", CHATML.replace("<|im_end|>", "<|eot|>")),),
        tokens=pair[1].tokens,
        tokenizer=pair[1].tokenizer,
    )

    probe = diff_templates(pair[0], other).probes[0]

    assert probe.tokens is not None
    index = probe.tokens.index - probe.tokens.start
    assert (probe.tokens.a_tokens[index], probe.tokens.b_tokens[index]) == ("<|im_end|>", "<|eot|>")
    assert probe.a[probe.offset - 3 : probe.offset] == "?<|"


def test_equal_texts_with_other_ids_are_told(pair):
    from transformers import PreTrainedTokenizerFast

    a = pair[0]
    plain = PreTrainedTokenizerFast(tokenizer_object=_without_markers(a.tokenizer), eos_token="<|endoftext|>")
    b = Specimen("b", a.sources, tokens=a.tokens, tokenizer=plain)

    found = diff_templates(a, b)

    assert {probe.status for probe in found.probes} == {"ids differ"}
    assert "ids of equal texts" in found.verdict
    assert found.vocabulary is not None


def _without_markers(tokenizer):
    """Return a tokenizer with the same merges that knows no control token."""
    import json

    from tokenizers import Tokenizer

    state = json.loads(tokenizer.backend_tokenizer.to_str())
    state["added_tokens"] = []
    state["model"]["vocab"] = {
        token: index for token, index in state["model"]["vocab"].items() if not token.startswith("<|")
    } | {"<|endoftext|>": 0}
    return Tokenizer.from_str(json.dumps(state))


def test_huge_hostile_renderings_are_compared_in_time():
    a, b = "{{ '<|im_start|>' * 200000 }}", "{{ '<|im_start|>' * 200000 + '[INST]' }}"

    assert not diff_templates(bare(a), bare(b)).is_same


def test_a_side_without_a_template_cannot_be_compared(tmp_path):
    bare = Specimen("bare", ())

    with pytest.raises(TemplateError, match="bare has no chat template"):
        diff_templates(bare, bare)
