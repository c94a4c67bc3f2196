"""A checkpoint whose model says after each token the one that a table names, so that a test knows what it answers."""

from collections.abc import Mapping
from pathlib import Path

THINKING_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is defined and not enable_thinking %}"
    "<think></think>{% else %}<think>{% endif %}{% endif %}"
)
"""Opens the thinking in the generation prompt, and closes it there where it is switched off."""

THINKS = {"\n": "<think>", "<think>": "a", "a": ".", ".": "</think>", "</think>": "b", "b": "."}
"""Says `<think>a.</think>b.</think>b.` and so on: a full stop inside of the thinking and one behind the answer."""


def rig(folder: Path, tiny: Path, successors: Mapping[str, str] = THINKS, template: str = THINKING_TEMPLATE) -> Path:
    """Write a checkpoint with the tokenizer of another one and `<think>`, `</think>` beside it.

    Args:
        folder: Where it is written.
        tiny: Folder with the tokenizer.
        successors: Text of one token -> text of the token after it; all others are followed by the end of turn.
        template: Its chat template.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from chateval.template import open_tokenizer

    tokenizer = open_tokenizer(tiny)
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.chat_template = template
    n, width = len(tokenizer), 4 * (-(-len(tokenizer) // 4) + 1)
    width += width // 4 % 2 * 4
    config = LlamaConfig(
        vocab_size=n,
        hidden_size=width,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=2,
        tie_word_embeddings=False,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.model.layers[0].self_attn.o_proj.weight.zero_()
        model.model.layers[0].mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(n, width))
        after = torch.full((n,), 2)
        for one, other in successors.items():
            [number], [follower] = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (one, other))
            after[number] = follower
        head = torch.zeros(n, width)
        head[after, torch.arange(n)] = 1
        model.lm_head.weight.copy_(head)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
