"""Checkpoints answered by OpenAI-compatible servers. Importing this loads no client library."""
