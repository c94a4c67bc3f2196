"""Evaluate fine-tuned chat models against their base. Importing this loads no torch."""
