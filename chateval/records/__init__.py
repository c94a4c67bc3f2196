"""The nouns: every record that passes from one stage to the next. Frozen; no behaviour beyond addresses."""

from chateval.records.answer import Case, Finish, Prompt, Response
from chateval.records.checkpoint import Checkpoint, CheckpointSpec, EngineName, EngineSpec, TemplateFacts
from chateval.records.contrast import Change, ChangeKind, Crossing, Noise, Refusal, Slice
from chateval.records.counts import DialogueCount, HelperSummary, ReasonCount, ThinkingCount
from chateval.records.dialogue import (
    Dialogue,
    DialogueLimits,
    DialogueSpec,
    Ending,
    HistoryPolicy,
    Round,
    SimulatedUser,
)
from chateval.records.gate import Outcome, Rule, Verdict
from chateval.records.judgement import JUDGED, Judgement, Position
from chateval.records.ladder import Ladder, Rung
from chateval.records.message import Message
from chateval.records.picture import Picture, Sound
from chateval.records.report import CheckpointSummary, Fault, Report, TaskSummary
from chateval.records.run import Answered, Asked, Effort, Run
from chateval.records.score import Comparison, Estimate, Figure, Flip, Mark, Score, Scorer
from chateval.records.task import Decoding, Drawing, MeasureSpec, Output, Sample, ScorerSpec, Task

__all__ = [
    "JUDGED",
    "Answered",
    "Asked",
    "Case",
    "Change",
    "ChangeKind",
    "Checkpoint",
    "CheckpointSpec",
    "CheckpointSummary",
    "Comparison",
    "Crossing",
    "Decoding",
    "Dialogue",
    "DialogueCount",
    "DialogueLimits",
    "DialogueSpec",
    "Drawing",
    "Effort",
    "Ending",
    "EngineName",
    "EngineSpec",
    "Estimate",
    "Fault",
    "Figure",
    "Finish",
    "Flip",
    "HelperSummary",
    "HistoryPolicy",
    "Judgement",
    "Ladder",
    "Mark",
    "MeasureSpec",
    "Message",
    "Noise",
    "Outcome",
    "Output",
    "Picture",
    "Position",
    "Prompt",
    "ReasonCount",
    "Refusal",
    "Report",
    "Response",
    "Round",
    "Rule",
    "Run",
    "Rung",
    "Sample",
    "Score",
    "Scorer",
    "ScorerSpec",
    "SimulatedUser",
    "Slice",
    "Sound",
    "Task",
    "TaskSummary",
    "TemplateFacts",
    "ThinkingCount",
    "Verdict",
]
