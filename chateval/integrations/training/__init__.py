"""Evaluation while training: a callback for the trainers of transformers and TRL, and the curve that it leaves."""

from chateval.integrations.training.callback import EvaluateCallback
from chateval.integrations.training.curve import curve

__all__ = ["EvaluateCallback", "curve"]
