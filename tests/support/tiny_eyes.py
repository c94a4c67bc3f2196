"""A vision-language model of a few thousand numbers, trained on the spot until it tells colours apart."""

import random
from pathlib import Path
from typing import Any

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 40),
    "blue": (30, 60, 210),
    "yellow": (240, 220, 30),
    "purple": (130, 40, 170),
    "black": (15, 15, 15),
    "white": (245, 245, 245),
    "gray": (128, 128, 128),
}
QUESTION = "What color is it?"
PIXELS = 16

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PARTS_ONLY = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Renders nothing of a content that is a text, as the templates of many processors."""


def tokenizer(template: str = TEMPLATE) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    found = Tokenizer(models.BPE())
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    found.train_from_iterator([*COLOURS, QUESTION, "user\nassistant\nsystem"] * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=found,
        bos_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=["<image>"],
        chat_template=template,
    )


def processor(template: str = TEMPLATE) -> Any:
    from transformers import CLIPImageProcessorPil, LlavaProcessor

    side = {"height": PIXELS, "width": PIXELS}
    images = CLIPImageProcessorPil(size=side, do_center_crop=False, crop_size=side)
    return LlavaProcessor(
        image_processor=images,
        tokenizer=tokenizer(template),
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    )


def model(n_vocabulary: int, image_id: int, *, seed: int = 0) -> Any:
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    torch.manual_seed(seed)
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=PIXELS,
        patch_size=8,
        projection_dim=32,
    )
    text = LlamaConfig(
        vocab_size=n_vocabulary,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.1,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=0,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=image_id,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=4,
    )
    return LlavaForConditionalGeneration(config)


def draw(colour: str, rng: random.Random, size: tuple[int, int] = (24, 24)) -> Any:
    """Return an image all of one colour, more or less."""
    from PIL import Image

    return Image.new("RGB", size, tuple(min(255, max(0, one + rng.randint(-14, 14))) for one in COLOURS[colour]))


def train(folder: Path, *, n_steps: int = 200, template: str = TEMPLATE) -> Path:
    """Train a model until it names the colour of what it sees, and save it with its processor."""
    import torch

    eyes = processor(template)
    network = model(len(eyes.tokenizer), eyes.image_token_id).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    rng = random.Random(0)
    names = [*COLOURS] * 24
    prompt = f"<|im_start|>user\n<image>{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
    batch = eyes(
        text=[f"{prompt}{name}<|im_end|>" for name in names],
        images=[[draw(name, rng)] for name in names],
        add_special_tokens=False,
        padding=True,
        return_tensors="pt",
    )
    n_prompt = len(eyes(text=[prompt], images=[[draw("red", rng)]], add_special_tokens=False)["input_ids"][0])
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    labels[:, :n_prompt] = -100
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(n_steps):
        rows = torch.tensor(rng.sample(range(len(names)), 16))
        loss = network(**{name: value[rows] for name, value in batch.items()}, labels=labels[rows]).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.set_num_threads(n_threads)
    network.eval().save_pretrained(folder)
    eyes.save_pretrained(folder)
    return folder
