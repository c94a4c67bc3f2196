"""The scripts of `make audit`, as modules: they are no part of the package."""

import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def audit_scripts(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(Path(__file__).resolve().parents[2] / ".ci/audit"), *sys.path])
