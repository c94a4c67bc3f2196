"""No file of the package turns data into code: read from its syntax trees, with each exception and its reason."""

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "pickle",
    "cPickle",
    "_pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "jsonpickle",
    "telnetlib",
}
NAMES = {"eval", "exec", "__import__"}
CALLS = {
    "os.system",
    "os.popen",
    "tempfile.mktemp",
    "torch.load",
    "numpy.load",
    "np.load",
    "pandas.read_pickle",
    "yaml.load",
    "yaml.load_all",
    "yaml.unsafe_load",
    "yaml.full_load",
    "ssl._create_unverified_context",
}
ALLOWED = {
    ("chateval/integrations/lm_eval_yaml/file.py", "yaml.load"): "its loader is a SafeLoader with one tag more",
    (
        "chateval/engine/weights.py",
        "PeftModel.from_pretrained without trust_remote_code=False",
    ): "it knows no such option, has no remote code, and is shown folders whose weights are safetensors",
    (
        "chateval/score/code/worker.py",
        "exec",
    ): "programs that models wrote; with --trust-code, in a process with limits",
}
"""File and what it does, with why it may."""


def ways(source: str) -> Iterator[str]:
    """Yield every way from data to code in a source: modules imported, calls made, options given."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Name) and node.id in NAMES:  # called here, or given another name
            yield node.id
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in CALLS | {f"builtins.{name}" for name in NAMES}:
            yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    last = name.rpartition(".")[2]
    given = {option.arg: ast.unparse(option.value) for option in node.keywords}
    if last == "import_module" and node.args and ast.unparse(node.args[0]).strip("'\"").partition(".")[0] in MODULES:
        yield ast.unparse(node.args[0])
    if given.get("shell", "False") != "False":
        yield f"{name} with shell={given['shell']}"
    if given.get("verify", "True") == "False":
        yield f"{name} with verify=False"
    if given.get("trust_remote_code", "False") != "False":
        yield f"{name} with trust_remote_code={given['trust_remote_code']}"
    if last == "from_pretrained" and "trust_remote_code" not in given:
        yield f"{name} without trust_remote_code=False"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle", ["pickle"]),
        ("def f():\n    from dill import loads", ["dill"]),
        ("import torch\ntorch.load('x')", ["torch.load"]),
        ("eval('1')", ["eval"]),
        ("run = exec", ["exec"]),
        ("run = os.system", ["os.system"]),
        ("model.eval()", []),
        ("import re\nre.compile('x')", []),
        ("import_module('pickle')", ["'pickle'"]),
        ("subprocess.run('ls', shell=True)", ["subprocess.run with shell=True"]),
        ("subprocess.run('ls', shell=some)", ["subprocess.run with shell=some"]),
        ("subprocess.run(['ls'], shell=False)", []),
        ("A.from_pretrained('x', trust_remote_code=False)", []),
        ("A.from_pretrained('x')", ["A.from_pretrained without trust_remote_code=False"]),
        ("A.from_pretrained('x', trust_remote_code=yes)", ["A.from_pretrained with trust_remote_code=yes"]),
        ("Client(verify=False)", ["Client with verify=False"]),
    ],
)
def test_the_ways_are_seen(source, found):
    assert list(ways(textwrap.dedent(source))) == found


def test_no_file_of_the_package_has_one_that_is_not_listed():
    found = {
        (str(path.relative_to(ROOT)), way)
        for folder in ("chateval", "tasks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for way in ways(path.read_text())
    }

    assert found == set(ALLOWED)
