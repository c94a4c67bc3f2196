"""Images all the way: a vision-language model that was trained here names colours through `chateval run`."""

import json
import random
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("PIL")

import tiny_eyes
from pictures import TASK, saved, write_task

from chateval.__main__ import main
from chateval.store import read_answers, read_samples, read_scores

CHOOSING = TASK.replace("name: looks", "name: picks\noutput: choose\nchoices: [red, green, blue, yellow]").replace(
    "exact", "choice"
)
DRAWING = TASK.replace("name: looks", "name: draws").replace(
    "max_new_tokens: 8", "max_new_tokens: 8, temperature: 0.7, repeats: 2"
)


class Silent:
    """Hears how far a run has come, and says nothing."""

    def stage(self, text):
        pass

    def begin(self, *about):
        pass

    def advance(self, n):
        pass


@pytest.fixture(scope="module")
def seeing(tmp_path_factory):
    return tiny_eyes.train(tmp_path_factory.mktemp("models") / "seeing")


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, out="run"):
        monkeypatch.setattr(sys, "argv", ["chateval", "run", *map(str, arguments), "--out", out])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return caught.value.code, said.out, " ".join(said.err.split())

    return run


def colours(folder, text=TASK, *, n=16, names=tuple(tiny_eyes.COLOURS), shown=None):
    """Write a task of colours that were not in the training; `shown` takes the place of what the row says."""
    rng = random.Random(7)
    rows, files = [], {}
    for number in range(n):
        name = names[number % len(names)]
        image = tiny_eyes.draw(shown or name, rng, (20 + number, 30))
        image.save(folder.parent / "drawn.png")
        files[f"{number}.png"] = (folder.parent / "drawn.png").read_bytes()
        rows.append({"image": f"{number}.png", "question": tiny_eyes.QUESTION, "answer": name})
    return write_task(folder, rows, files, text)


def means(run, scorer):
    values = [score.value for score in read_scores(Path(run)) if score.scorer == scorer]
    return sum(values) / len(values)


def test_colours_are_named_where_they_are_shown_and_guessed_where_the_image_is_another(seeing, chateval, tmp_path):
    colours(tmp_path / "looks")
    colours(tmp_path / "blank", TASK.replace("looks", "blank"), shown="gray")

    code, _, said = chateval("--checkpoint", f"vlm={seeing}", "--task", "looks", out="seen")
    assert code == 0, said
    code, _, said = chateval("--checkpoint", f"vlm={seeing}", "--task", "blank", out="unseen")
    assert code == 0, said

    assert means("seen", "exact") >= 0.95
    assert means("unseen", "exact") == pytest.approx(1 / 8)


def test_an_answer_is_kept_by_what_was_shown(seeing, chateval, tmp_path):
    arguments = ("--checkpoint", f"vlm={seeing}", "--task", "looks")
    task = colours(tmp_path / "looks", n=8)
    chateval(*arguments, out="first")
    _, _, again = chateval(*arguments, out="second")
    (task / "0.png").write_bytes((task / "1.png").read_bytes())
    _, _, other = chateval(*arguments, out="third")

    assert "0 responses from the model" in again
    assert "0 responses from the model" in other  # the store has an answer to every image that is shown now
    first, third = ({a.response.text for a in read_answers(Path(run))} for run in ("first", "third"))
    assert first - third == {"red"}


def test_prompts_have_their_images_and_room_for_them_in_their_ids(seeing, chateval, tmp_path):
    colours(tmp_path / "looks", n=2)

    chateval("--checkpoint", f"vlm={seeing}", "--task", "looks")

    answered = list(read_answers(Path("run")))
    samples = {asked.sample.id: asked.sample for asked in read_samples(Path("run"))}
    for one in answered:
        assert one.prompt.images == samples[one.prompt.sample_id].images
        assert one.prompt.text.count("<image>") == 1
        assert one.prompt.ids.count(3) == 4
        assert one.response.n_prompt_tokens == len(one.prompt.ids)
        assert one.prompt.findings == ()


@pytest.mark.parametrize("template", [tiny_eyes.TEMPLATE, tiny_eyes.PARTS_ONLY], ids=["texts", "parts"])
def test_ids_and_answer_are_those_of_transformers(seeing, tmp_path, template):
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from chateval.config import Suite
    from chateval.pipeline import prepare
    from chateval.records import CheckpointSpec

    folder = tmp_path / "vlm"
    shutil.copytree(seeing, folder)
    (folder / "chat_template.jinja").write_text(template)
    task = colours(tmp_path / "looks", n=3)
    suite = Suite((CheckpointSpec("vlm", str(folder)),), (str(task),), baseline="vlm")

    plan = prepare(suite, cache_dir=tmp_path / "cache", watcher=Silent())

    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    eyes = plan.subjects[0].eyes
    for prompt in plan.prompts["vlm", "looks"]:
        image = {"type": "image", "image": Image.open(prompt.images[0].path)}
        chat = [{"role": "user", "content": [image, {"type": "text", "text": tiny_eyes.QUESTION}]}]
        expected = processor.apply_chat_template(
            chat, tokenize=True, return_dict=True, return_tensors="pt", add_generation_prompt=True
        )
        assert list(prompt.ids) == expected["input_ids"][0].tolist()
        found = eyes.look(prompt.text, prompt.images)
        with torch.inference_mode():
            assert torch.equal(model(**found).logits, model(**expected).logits)


def test_choices_and_drawn_answers_see_too(seeing, chateval, tmp_path):
    colours(tmp_path / "picks", CHOOSING, n=8, names=("red", "green", "blue", "yellow"))
    colours(tmp_path / "draws", DRAWING, n=8)

    code, _, said = chateval(
        "--checkpoint", f"vlm={seeing}", "--task", "picks", "--task", "draws", "--verify-scoring", "2"
    )

    assert code == 0, said
    assert means("run", "choice") == 1.0
    assert means("run", "exact") >= 0.7


@pytest.mark.slow
def test_a_template_that_writes_lists_of_parts_only_is_given_lists(seeing, chateval, tmp_path):
    folder = tmp_path / "parts"
    shutil.copytree(seeing, folder)
    (folder / "chat_template.jinja").write_text(tiny_eyes.PARTS_ONLY)
    colours(tmp_path / "looks", n=8)

    code, _, said = chateval("--checkpoint", f"vlm={folder}", "--task", "looks")

    assert code == 0, said
    assert means("run", "exact") >= 0.85


def test_a_message_that_spells_the_placeholder_is_a_fault_of_its_sample(seeing, chateval, tmp_path):
    task = colours(tmp_path / "looks", n=4)
    rows = [json.loads(line) for line in (task / "samples.jsonl").read_text().splitlines()]
    rows[0]["question"] = "What is <image>?"
    (task / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code, _, _ = chateval("--checkpoint", f"vlm={seeing}", "--task", "looks")

    errors = [a.response.error for a in read_answers(Path("run")) if a.response.error]
    assert code == 4
    assert errors == ["messages[0] spells <image>, which stands for an image"]


@pytest.mark.slow
def test_text_is_asked_of_it_as_of_any_other(seeing, chateval):
    code, _, said = chateval("--checkpoint", f"vlm={seeing}", "--task", "arithmetic", "--limit", "3")

    assert code == 0, said


def test_a_checkpoint_of_texts_is_refused_before_anything_is_loaded(tiny_chat, chateval, tmp_path):
    colours(tmp_path / "looks", n=3)

    code, _, said = chateval("--checkpoint", f"base={tiny_chat}", "--task", "looks", "--engine", "fake")

    assert code == 2
    assert "base: is shown text only, and each of the 3 samples of task looks has an image or a recording" in said


def test_an_engine_that_is_asked_by_token_ids_is_refused(seeing, chateval, tmp_path):
    colours(tmp_path / "looks", n=3)
    engine = ("--engine", "openai", "--base-url", "http://127.0.0.1:9/v1")

    code, _, said = chateval("--checkpoint", f"vlm={seeing}", "--task", "looks", *engine)

    assert code == 2
    assert "is asked by token ids, without images" in said


def test_a_checkpoint_of_texts_answers_the_samples_without_images(tiny_chat, chateval, tmp_path):
    text = TASK[: TASK.index("messages:")] + "messages: [{field: messages}]\n" + TASK[TASK.index("target:") :]
    shown = [{"type": "image", "path": "a.png"}, {"type": "text", "text": "What?"}]
    rows = [{"messages": [{"role": "user", "content": content}], "answer": "red"} for content in ("Hi", shown)]
    write_task(tmp_path / "looks", rows, {"a.png": saved()}, text)

    code, _, _ = chateval("--checkpoint", f"base={tiny_chat}", "--task", "looks")

    assert code == 4
    assert [a.response.error for a in read_answers(Path("run"))] == [
        None,
        "messages[0].content[0] is of type 'image'; checkpoints are shown text only",
    ]


@pytest.mark.slow
def test_an_adapter_changes_what_a_vision_language_model_says(seeing, chateval, tmp_path):
    import warnings

    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(0)
    warnings.simplefilter("ignore", FutureWarning)  # peft calls what transformers is about to rename
    model = AutoModelForImageTextToText.from_pretrained(seeing)
    adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj"]))
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    adapted.save_pretrained(tmp_path / "lora")
    colours(tmp_path / "looks", n=8)

    code, _, said = chateval(
        "--checkpoint", f"vlm={seeing}", "--checkpoint", f"lora={tmp_path / 'lora'}@vlm", "--task", "looks"
    )

    assert code in (0, 1), said
    answers = {
        name: [a.response.text for a in read_answers(Path("run")) if a.checkpoint == name] for name in ("vlm", "lora")
    }
    assert answers["vlm"] != answers["lora"]


def test_a_processor_that_is_broken_is_an_error_of_its_checkpoint(seeing, chateval, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(seeing, folder)
    (folder / "processor_config.json").write_text('{"image_processor": {"image_processor_type": "Nothing"}}')
    colours(tmp_path / "looks", n=2)

    code, _, said = chateval("--checkpoint", f"vlm={folder}", "--task", "looks")

    assert code == 2
    assert "its processor" in said


def test_another_processor_is_another_answer(seeing, tmp_path):
    from chateval.checkpoint import DigestCache, resolve_all
    from chateval.records import CheckpointSpec

    folder = tmp_path / "other"
    shutil.copytree(seeing, folder)
    path = folder / "processor_config.json"
    path.write_text(path.read_text().replace("0.48", "0.58"))

    one, other = resolve_all(
        [CheckpointSpec("a", str(seeing)), CheckpointSpec("b", str(folder))], DigestCache(tmp_path / "digests.json")
    )

    assert one.weights_digest == other.weights_digest
    assert one.tokenizer_digest != other.tokenizer_digest
