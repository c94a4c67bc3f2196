"""A random chat model with heads wide enough for vLLM, adapters on it, and one engine for all tests of a module."""

import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from chateval.records import Checkpoint, Decoding, Prompt

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")

TOPICS = ["one", "the red house", "What is the capital of France?", "yes no ten", "Paris, Rome, Berlin", "the river"]
FORMS = ["{}", "You turn {} into JSON.", "system {} user {} assistant", "the quick brown fox and {} by {}"]
TEXTS = [form.replace("{}", topic) for topic in TOPICS for form in FORMS]


@pytest.fixture(scope="session")
def chat(tiny_chat: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random chat model with heads of 32."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("models") / "chat"
    tokenizer = AutoTokenizer.from_pretrained(tiny_chat)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def adapters(chat: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folders of two random adapters on `chat`, of ranks 4 and 12, both far from doing nothing."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folders = []
    warnings.simplefilter("ignore", FutureWarning)
    for rank, targets in ((4, ["q_proj", "v_proj"]), (12, ["o_proj", "gate_proj", "down_proj"])):
        torch.manual_seed(rank)
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets, task_type="CAUSAL_LM")
        adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(chat), config)
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.2)
        folders.append(tmp_path_factory.mktemp("adapters") / f"rank{rank}")
        adapted.save_pretrained(folders[-1])
    return folders[0], folders[1]


class Bench:
    """A checkpoint with its tokenizer and facts, its engine, and the same checkpoint in transformers."""

    def __init__(self, folder: Path, models, adapter: Path | None = None) -> None:
        from chateval.template import find_facts, open_tokenizer

        self.folder = folder
        self.adapter = adapter
        self.models = models
        self.tokenizer = open_tokenizer(folder)
        self.facts = find_facts(self.tokenizer, source="tokenizer", eos_ids=[2])
        self.checkpoint = Checkpoint(
            name="tiny",
            kind="lora" if adapter else "chat",
            path=str(adapter or folder),
            base_path=str(folder) if adapter else None,
            adapter_digest=adapter.name if adapter else None,
            context_tokens=512,
        )

    def engine(self, stop_ids=()):
        from chateval.engine.vllm import VllmEngine

        facts = replace(self.facts, stop_ids=tuple(stop_ids))
        return VllmEngine(self.checkpoint, self.tokenizer, facts, self.models)

    def prompts(self, decoding: Decoding, texts=TEXTS) -> list[Prompt]:
        return [
            Prompt(f"{index:016x}", (), text, tuple(self.tokenizer(text)["input_ids"]), decoding)
            for index, text in enumerate(texts)
        ]

    def responses(self, prompts, stop_ids=()):
        """Return the responses in the order of the prompts."""
        engine = self.engine(stop_ids)
        answers = [answer for answers in engine.respond(engine.plan(prompts)) for answer in answers]
        assert sorted(id(prompt) for prompt, _ in answers) == sorted(map(id, prompts))
        found = {id(prompt): response for prompt, response in answers}
        return [found[id(prompt)] for prompt in prompts]

    def model(self):
        """Return the checkpoint as transformers has it."""
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(self.folder)
        if self.adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(self.adapter))
        return model.eval()

    def alone(self, prompts, n: int) -> list[list[int]]:
        """Return what transformers itself generates for each prompt, one at a time."""
        import torch

        model = self.model()
        with torch.inference_mode():
            return [
                model.generate(
                    input_ids=torch.tensor([prompt.ids]),
                    attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long),
                    do_sample=False,
                    max_new_tokens=n,
                    eos_token_id=[2**31 - 1],
                )[0, len(prompt.ids) :].tolist()
                for prompt in prompts
            ]


@pytest.fixture(scope="session")
def models(adapters):
    """Return the models of all tests: one in memory at a time."""
    from chateval.engine.vllm import Models, settle_environment

    settle_environment()
    models = Models({}, adapters)
    yield models
    models.close()


@pytest.fixture
def bench(chat, models) -> Bench:
    return Bench(chat, models)


@pytest.fixture
def other(chat, tmp_path):
    """Return a function that copies the model, to be changed."""

    def copy(change) -> Path:
        folder = tmp_path / "changed"
        shutil.copytree(chat, folder)
        change(folder)
        return folder

    return copy
