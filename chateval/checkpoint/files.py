"""Which files of a checkpoint folder decide its answers, and which of them may be opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chateval.checkpoint.tensors import Shapes, read_shapes
from chateval.errors import CheckpointError
from chateval.template import read_json

CONFIG_FILES = (
    "config.json",
    "generation_config.json",
    "quantize_config.json",
    "quant_config.json",
    "hf_quant_config.json",
)
"""What decides the computation beside the weights; the last three are read by vLLM."""
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "tekken.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
)
"""In the order of their digest. What else a tokenizer may be read from is found by `_OTHER_TOKENIZER_FILES`."""
_OTHER_TOKENIZER_FILES = ("tokenizer.*.json", "*.model", "*.tiktoken", "*.spm", "additional_chat_templates/*.jinja")
"""tokenizer.4.0.json takes the place of tokenizer.json where `fast_tokenizer_files` lists it."""
MAX_INDEX_BYTES = 64 * 2**20
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
_OF_TRAINING = ("training_args", "optimizer", "scheduler", "scaler", "rng_state")
"""How pickles begin that a trainer leaves beside weights; nobody opens them."""


def config_files(folder: Path) -> list[Path]:
    """Return the files beside the weights that decide the computation, absent ones among them."""
    return [*(folder / name for name in CONFIG_FILES), *sorted(folder.glob("config.*.json"))]


def tokenizer_files(folder: Path) -> list[Path]:
    """Return the files that a tokenizer and its chat templates are read from, absent ones among them."""
    known = [folder / name for name in TOKENIZER_FILES]
    return [*known, *sorted({path for form in _OTHER_TOKENIZER_FILES for path in folder.glob(form)} - set(known))]


def check_links(folder: Path) -> None:
    """Raise CheckpointError if a file whose text is shown or kept is a link that leaves the folder.

    A link may lead within the folder, or from a snapshot of the hub's cache to the blobs of its repository. Weights may
    be anywhere: they are read as numbers only, and known by their content.
    """
    inside = [folder.resolve()]
    if folder.parent.name == "snapshots":
        inside.append((folder.parent.parent / "blobs").resolve())
    shown = [*folder.glob("*.json"), *folder.glob("*.txt"), *folder.glob("*.model"), *folder.glob("*.jinja")]
    for path in sorted([*shown, *folder.glob("additional_chat_templates/*.jinja")]):
        target = path.resolve()
        if not any(target.is_relative_to(place) for place in inside):
            raise CheckpointError(
                f"{path}: a link out of the folder, to {target}; what a checkpoint shows of itself lies in it: "
                "copy the file there"
            )


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files that transformers would load: a single one before shards.

    Raises:
        CheckpointError: If there is none, if only pickled weights are there, or if the shards are not as listed.
    """
    single = folder / "model.safetensors"
    index = folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        listed = _weight_map(index)
        return [_shard(folder, index, name) for name in sorted(set(listed.values()))]
    _refuse_pickles(folder)
    raise CheckpointError(f"{folder}: no model.safetensors in it; save the checkpoint there with save_pretrained")


def adapter_files(folder: Path) -> list[Path]:
    """Return the one safetensors file that PEFT loads an adapter from.

    Raises:
        CheckpointError: If there is none, or only a pickled one.
    """
    path = folder / "adapter_model.safetensors"
    if path.is_file():
        return [path]
    _refuse_pickles(folder)
    raise CheckpointError(f"{folder}: no {path.name} in it; save the adapter there with save_pretrained")


def read_all_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return the tensors of all weight files of a folder: name -> shape.

    Raises:
        CheckpointError: If a file is broken, or the shards do not hold what their index lists.
    """
    files = weight_files(folder)
    of_file: dict[str, Shapes] = {path.name: read_shapes(path) for path in files}
    shapes = {name: shape for found in of_file.values() for name, shape in found.items()}
    if len(shapes) < sum(map(len, of_file.values())):
        raise CheckpointError(f"{folder}: a tensor stands in two shards; save the checkpoint again")
    index = folder / "model.safetensors.index.json"
    if [path.name for path in files] != ["model.safetensors"] or not (folder / "model.safetensors").is_file():
        for name, shard in _weight_map(index).items():
            if name not in of_file[shard]:
                raise CheckpointError(f"{folder / shard}: lacks {name!r}, which {index.name} lists; fetch it again")
    return shapes


def _weight_map(index: Path) -> Mapping[str, str]:
    """Return tensor -> file of a shard index."""
    listed: Any = read_json(index, most_bytes=MAX_INDEX_BYTES).get("weight_map")
    if not isinstance(listed, dict) or not listed or not all(isinstance(name, str) for name in listed.values()):
        raise CheckpointError(f"{index}: not a shard index: weight_map is no object of tensor: file name")
    return listed


def _shard(folder: Path, index: Path, name: str) -> Path:
    if not is_plain(name) or not name.endswith(".safetensors"):
        raise CheckpointError(
            f"{index}: lists {name[:80]!r}, which is not the name of a safetensors file in the folder"
        )
    if not (folder / name).is_file():
        raise CheckpointError(f"{index}: lists {name!r}, which is not in the folder; fetch the checkpoint again")
    return folder / name


def is_plain(name: str) -> bool:
    """Return whether a text names a file in a folder, and cannot name one elsewhere."""
    is_short = len(name.encode("utf-8", "surrogatepass")) <= 255
    return is_short and name.isprintable() and not set(name) & set("/\\") and name not in ("", ".", "..")


def _refuse_pickles(folder: Path) -> None:
    pickled = sorted({path for form in _PICKLES for path in folder.glob(form)})
    pickled = [path for path in pickled if not path.name.startswith(_OF_TRAINING)]
    if pickled:
        raise CheckpointError(
            f"{pickled[0]}: pickled weights can run code and are refused; save the checkpoint again with "
            "save_pretrained(..., safe_serialization=True), which writes safetensors"
        )
