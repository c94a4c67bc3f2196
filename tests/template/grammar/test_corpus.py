"""Rendered texts that reference encoders, vendors' pages and other engines' tests publish."""

import pytest
from corpus import rows

from chateval.errors import TemplateError
from chateval.template.grammar import detect, find_dialect, load_families, parse

pytestmark = pytest.mark.oracle

FAMILIES = load_families()
DEFECTIVE = {"meta-doc/llama4/6": ("GR030", "<|eot_id|>"), "hfjs/Qwen/Qwen1.5-72B-Chat": ("GR021", "")}
"""Published texts that are wrong: a Llama 3 marker on the Llama 4 page, a last turn that Qwen 1.5 leaves open."""

INJECTED = "user text spells control literals, which only ids tell from markers"
NOT_THIS = "the label names the model's origin, the layout is another"
DEPARTS = {
    **{f"llama-models/llama3/inject@hf-llama3{one}": INJECTED for one in ("", "_1", "_2")},
    "llama-models/llama4/inject": INJECTED,
    "openai-harmony/inject": INJECTED,
    "hfjs/upstage/SOLAR-10.7B-Instruct-v1.0": NOT_THIS,
    "hfjs/ericzzz/falcon-rw-1b-chat": NOT_THIS,
    "hfjs/NousResearch/Hermes-2-Pro-Llama-3-8B (JSON Schema)": NOT_THIS,
    "llama.cpp-builtin/teknium/OpenHermes-2.5-Mistral-7B": NOT_THIS,
    "llama.cpp-builtin/DeepSeek-V2": NOT_THIS,
    "hfjs/abacusai/Smaug-34B-v0.1": "the template writes no [INST] before the first user turn",
    "hfjs/CohereForAI/c4ai-command-r-v01 (JSON Schema)": "the tool_use template leaves a call's turn open",
    "hfjs/mistralai/Mistral-7B-Instruct-v0.3 (JSON Schema)": "blanks around markers that mistral-common does not write",
    **dict.fromkeys(DEFECTIVE, "a defect of the published text"),
}


def dialects_of(row):
    """The dialects that a row's label can mean; vendors' pages of Llama 3.1 and 3.2 are labelled llama3."""
    if "/llama3_" in row["id"]:
        return [find_dialect("llama3.1", FAMILIES)]
    dialect = find_dialect(row["family"], FAMILIES)
    if row["id"].startswith(("hfjs", "llama.cpp")):
        return list(FAMILIES[dialect.family].dialects)
    return [dialect]


def best_reading(text, dialects):
    return max((parse(text, dialect) for dialect in dialects), key=lambda reading: reading.score)


def errors(reading):
    return [one for one in reading.findings if one.severity == "error"]


def test_texts_of_reference_encoders_have_no_error_and_are_detected():
    wrong = []
    for row in rows("rendered_ok"):
        [first, *_] = dialects = dialects_of(row)
        if row["id"] in DEFECTIVE:
            continue
        reading, matches = best_reading(row["text"], dialects), detect(row["text"])
        if errors(reading) or not matches or matches[0].dialect.family != first.family:
            wrong.append((row["id"], errors(reading)[:1], matches[:1]))

    assert wrong == []


@pytest.mark.parametrize("name", sorted(DEFECTIVE))
def test_published_texts_that_are_wrong_are_found_wrong(name):
    code, literal = DEFECTIVE[name]
    [(row, text)] = [
        (row, row.get("text") or row["expected"])
        for file in ("rendered_ok", "render_hfjs")
        for row in rows(file)
        if row["id"] == name
    ]
    [error] = errors(best_reading(text, dialects_of(row)))

    assert error.code == code
    assert text[error.offset : error.offset + error.length] == literal


def damaged_place(row, sources):
    """Where the mutated text first differs from its source, in characters."""
    source = sources[row["id"].partition("#")[0]]
    pairs = zip(source, row["text"], strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(source), len(row["text"])))


def test_every_damaged_text_has_a_finding_at_the_damage():
    sources = {row["id"]: row["text"] for row in rows("rendered_ok")}
    for file in ("render_llama_models", "render_harmony"):
        sources |= {row["id"]: row["expected"] for row in rows(file)}
    missed = []
    for row in rows("rendered_bad"):
        [dialect] = [dialects_of(row)[0]]
        found = [one for one in parse(row["text"], dialect).findings if one.severity != "info"]
        if row["id"].partition("#")[0] not in sources or row["defect"] == "last-eot-removed":
            at_place = bool(found)
        else:
            place = damaged_place(row, sources)
            at_place = any(
                one.offset is not None and one.offset - 3 <= place <= one.offset + max(one.length, 48) for one in found
            )
        if not at_place:
            missed.append((row["id"], [(one.code, one.offset) for one in found]))

    assert missed == []


def test_a_zephyr_text_under_the_name_of_llama_3_is_unmasked():
    [row] = [row for row in rows("rendered_bad") if row["defect"] == "wrong-family"]
    codes = {one.code for one in parse(row["text"], find_dialect("llama3", FAMILIES)).findings}

    assert {"GR060", "GR030", "GR010"} <= codes


@pytest.mark.parametrize("file", ["mistral_common", "llama_models", "harmony", "hfjs", "llamacpp"])
def test_renderings_have_no_error_but_those_that_are_explained(file):
    wrong = set()
    for row in rows(f"render_{file}"):
        try:
            dialects = dialects_of(row)
        except TemplateError:
            continue  # a family that is not described
        if errors(best_reading(row["expected"], dialects)):
            wrong.add(row["id"])

    assert wrong == wrong & set(DEPARTS)
