"""What is found out about a chat template: findings with evidence, fidelity, the verdict. Frozen; no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "info"]
"""An error makes the prompt another one than the model was made for; a warning may; info is for the reader."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect, with the place and what would mend it."""

    code: str
    """CT001 to CT999 for templates, GR001 to GR099 for rendered text."""
    severity: Severity
    message: str
    """What is wrong, one line, no code in it."""
    origin: str = ""
    """File and key it was read from, such as `tokenizer_config.json: chat_template`; empty for pasted text."""
    probe: str = ""
    """Name of the probe whose rendering shows it; empty where no rendering was needed."""
    text: str = ""
    """The text in which the place is: a rendering, the Jinja, or a line of a file."""
    offset: int | None = None
    """Where in `text`, in characters; None if the finding has no single place."""
    length: int = 0
    """Characters of `text` from `offset` that are at fault; 0 where something is missing."""
    expected: str = ""
    found: str = ""
    expected_ids: tuple[int, ...] = ()
    """Token ids around the first difference, as they should be."""
    found_ids: tuple[int, ...] = ()
    fix: str = ""
    """One line: what to change."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A check that could not be evaluated; it is never a pass."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Proportion:
    """Matches out of probes with a Wilson 95 % interval."""

    n_right: int
    n: int
    low: float | None = None
    high: float | None = None
    """In [0, 1]; None where `n` is 0."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How many probes come out exactly as a named reference writes them."""

    reference: str
    """`evidence`, `mistral-common 1.13.1`, `the template of BASE (...)` or `grammar chatml`; strongest first."""
    probes: str
    """Name and version of the probe set, such as `standard-1`."""
    total: Proportion
    strata: Mapping[str, Proportion] = field(default_factory=dict)
    """By stratum: plain, multi_turn, system, tools, thinking, whitespace, special."""
    not_evaluated: tuple[str, ...] = ()
    """Strata that the reference or the template does not claim to support."""


TemplateVerdict = Literal["BROKEN", "UNVERIFIED", "CONFORMS", "PROVEN"]


@dataclass(frozen=True, slots=True)
class TemplateReport:
    """The outcome of all checks of one checkpoint's template."""

    subject: str
    """Path or name of what was checked."""
    verdict: TemplateVerdict
    reason: str
    """Why this verdict and no other, one line."""
    family: str | None
    """Dialect that the rendered text parses as, such as `chatml` or `mistral-v3-tekken`; None if undetermined."""
    template_origin: str
    template_digest: str
    """sha256 of the Jinja text."""
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    """Properties worth knowing that are no defect, such as a missing `{% generation %}` tag."""
    passed: tuple[str, ...]
    """Codes that were evaluated and found nothing."""
    skipped: tuple[Skipped, ...]
    fidelity: Fidelity | None = None
    suppressed: Mapping[str, str] = field(default_factory=dict)
    """Codes the user silenced, with the reason given."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of the libraries that rendered and tokenised."""
