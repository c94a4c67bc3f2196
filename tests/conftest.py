"""Shared by all tests: no network, a cache of their own, and a two-layer random chat model made on the spot."""

import os
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRACKIO_DIR"] = tempfile.mkdtemp(prefix="chateval-trackio-")  # read once a process, by who imports it first
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

CORPUS = [
    "the quick brown fox jumps over the lazy dog and runs away from the small red house by the river",
    "system user assistant question answer yes no one two three four five six seven eight nine ten",
    "You turn product descriptions into JSON. What is the capital of France? Paris, Rome, Berlin, Madrid.",
]


@pytest.fixture(autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a cache folder of its own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("CHATEVAL_CACHE", str(folder))
    return folder


def _tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        chat_template=CHATML,
    )


def _model(vocabulary: int, seed: int, hidden: int = 32):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=2,
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="session")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random chat model with a ChatML template."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = _tokenizer()
    _model(len(tokenizer), seed=0).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a chat model of another width, with the same tokenizer."""
    folder = tmp_path_factory.mktemp("models") / "other"
    tokenizer = _tokenizer()
    _model(len(tokenizer), seed=1, hidden=48).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_loras(tiny_chat: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folders of two random adapters on `tiny_chat`, both far from doing nothing."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folders = []
    warnings.simplefilter("ignore", FutureWarning)  # peft calls what transformers is about to rename
    for seed in (1, 2):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_pretrained(tiny_chat)
        adapted = get_peft_model(
            model, LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
        )
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.5)
        folder = tmp_path_factory.mktemp("adapters") / f"lora{seed}"
        adapted.save_pretrained(folder)
        folders.append(folder)
    return folders[0], folders[1]


@pytest.fixture
def finished_run(tiny_chat: Path, tmp_path: Path) -> Path:
    """Return the folder of a run of two checkpoints on four samples of one bundled task, answered without a model."""
    import chateval
    from chateval.config import Suite
    from chateval.records import EngineSpec

    chateval.evaluate(
        {"base": tiny_chat, "sft": tiny_chat},
        [],
        out=tmp_path / "finished",
        engine=EngineSpec("fake"),
        suite=Suite((), ("arithmetic",), baseline="base", limit=4),
    )
    return tmp_path / "finished"
