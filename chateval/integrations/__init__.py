"""Bridges to other tools and models."""
