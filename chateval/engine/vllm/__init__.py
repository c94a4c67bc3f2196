"""Checkpoints answered by vLLM in this process. Importing this loads neither vLLM nor torch."""

from chateval.engine.vllm.engine import VllmEngine
from chateval.engine.vllm.environment import settle_environment
from chateval.engine.vllm.models import Models

__all__ = ["Models", "VllmEngine", "settle_environment"]
