"""What answers: checkpoints as named and as found, engines, and what a chat template does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class CheckpointSpec:
    """A checkpoint as the user names it."""

    name: str
    path: str
    """Folder, GGUF file or hub id; for an adapter, the adapter's; for an endpoint, `http(s)://HOST/v1#MODEL`."""
    base: str | None = None
    """Name of another checkpoint of the run, or a path: the weights under an adapter."""
    revision: str | None = None
    template: str | None = None
    """A named template or a Jinja file, instead of the checkpoint's own."""
    completion: bool = False
    """Plain text without roles, whether or not there is a template."""
    spare_template: str | None = None
    """The template of a checkpoint that turns out to have none."""
    spare_completion: bool = False
    """Completion for a checkpoint that turns out to have no template."""
    dtype: str = "float32"
    template_options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Switches of the chat template that its prompts are rendered with, such as `{"enable_thinking": True}`."""

    @property
    def is_endpoint(self) -> bool:
        """Whether `path` is the address of a server: a model without files."""
        return self.path.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model under test: a folder, a GGUF file, an adapter on a base, or a model behind an address."""

    name: str
    kind: Literal["base", "chat", "lora", "endpoint"]
    """`base` has no chat template, `chat` has one, `lora` is an adapter (PEFT), `endpoint` has no files."""
    path: str
    """Folder or GGUF file; for an adapter, the adapter's folder; for an endpoint, `http(s)://HOST/v1#MODEL`."""
    base_path: str | None = None
    """Folder or GGUF file that holds the weights under an adapter; None for the other kinds."""
    repo: str | None = None
    """Hub id that `path` was fetched from."""
    revision: str | None = None
    """Commit of `repo`, 40 hex digits."""
    template: str | None = None
    """Chat template the user named instead of the checkpoint's own: a name or a file."""
    completion: bool = False
    """Plain text without roles, for base models."""
    dtype: str = "float32"
    weights_digest: str = ""
    """sha256 over the digests of the weight and config files (of the base, for an adapter); for an endpoint, of its
    address, model and what the server says of that."""
    adapter_digest: str | None = None
    tokenizer_digest: str = ""
    template_path: str | None = None
    """Folder whose chat template counts, the adapter's before the base's; None for GGUF and without a template."""
    context_tokens: int | None = None
    """Most tokens of prompt and answer together; None where the checkpoint does not say."""
    n_parameters: int | None = None
    """Numbers in the weight files, the adapter's and its base's together; None for an endpoint."""
    step: int | None = None
    """Optimizer step of the training that it was saved at; None where nothing says."""
    inert: str = ""
    """Why an adapter adds nothing to its base, such as `every lora_B is 0`; empty if it adds something."""
    sees_images: bool = False
    """Whether it is a vision-language model with its processor; of an endpoint nobody knows."""
    template_options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Switches of the chat template that its prompts are rendered with; an endpoint gets them with each request."""


EngineName = Literal["transformers", "vllm", "openai", "ray", "fake"]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What answers the prompts, as the user names it."""

    name: EngineName = "transformers"
    base_url: str | None = None
    """Where an OpenAI-compatible server is, `/v1` included; `openai` only."""
    workers: int | None = None
    """Engines that work side by side, at least 1; `ray` only. None is one for each GPU, or two without one."""
    worker_engine: Literal["transformers", "vllm"] = "transformers"
    """What each worker of `ray` holds."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Passed through: to `vllm.LLM`, to `ray.init`, or to each request of `openai`."""


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What the chat template and tokenizer of a checkpoint do, as far as scoring needs it."""

    source: str
    """The file the template was read from, a name given by the user, or `completion`."""
    text: str
    """The Jinja itself; empty for completion."""
    digest: str
    """sha256 of the text, and of the switches that it is rendered with where the user set some."""
    bos_id: int | None
    """Id that must stand first, exactly once; None where neither tokenizer nor template writes one."""
    generation_prompt: str
    """Text that opens the assistant's turn; empty where the template writes none."""
    end_of_turn_id: int | None
    """First special token that the template writes after an assistant's answer."""
    stop_ids: tuple[int, ...]
    """Union of generation_config's and the tokenizer's EOS ids and `end_of_turn_id`, ascending."""
    special_tokens: Mapping[str, int]
    """Tokens that the tokenizer flags as special, with their ids."""
    dialect: str | None = None
    """Dialect that the rendered prompts parse as; None if undetermined, and for completion."""
