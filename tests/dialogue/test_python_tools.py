"""Functions of a task, good and bad: what the model is told, and that neither the run nor the state suffers."""

import os
import time

import pytest

from chateval.dialogue import PythonTools, ToolLimits
from chateval.errors import TaskError
from chateval.score.tool import ToolCall

TOOLS = """
import os, sys, time
from json import dumps
_calls = []

def add(state, n):
    _calls.append(n)
    state["sum"] = state.get("sum", 0) + n
    print("noise")
    os.write(1, b"{}\\\\n")
    return {"sum": state["sum"], "calls": len(_calls)}

def raises(state):
    state["sum"] = -1
    raise RuntimeError("no\\nway")

def refuses(state):
    raise ValueError("the room is taken")

def lacks(state):
    return {}["Birch"]

def spins(state):
    state["sum"] = -1
    while True:
        pass

def sleeps(state):
    time.sleep(60)

def exits(state):
    os._exit(3)

def leaves(state):
    sys.exit("bye")

def forks(state):
    os.fork()
    return "one answer"

def nests(state):
    for _ in range(300):
        state["in"] = {"in": state.get("in")}

def huge(state):
    return "x" * 10_000_000

def long(state):
    return "y" * 20_000

def odd(state):
    return object()

def nan(state):
    return float("nan")

def spoils(state):
    state["sum"] = object()

def half(state):
    return "\\ud800"

def reads(state):
    return sys.stdin.read()

def nothing(state):
    pass

def get_room(state):
    return "Birch"

def _hidden(state):
    return "secret"
"""
LIMITS = ToolLimits(seconds=0.4, clock_seconds=1.5)


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    path = tmp_path_factory.mktemp("task") / "tools.py"
    path.write_text(TOOLS.replace("\\\\", "\\"), "utf-8")
    with PythonTools(path, has_state=True, limits=LIMITS) as found:
        yield found


def test_a_call_changes_the_state_and_nothing_else(tools):
    before = {"sum": 1}

    first = tools.call(ToolCall("add", {"n": 2}), before)
    second = tools.call(ToolCall("add", {"n": 2}), before)

    assert (first.text, first.state, first.is_error) == ('{"calls":1,"sum":3}', {"sum": 3}, False)
    assert second == first
    assert before == {"sum": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("raises", "error: RuntimeError: no way"),
        ("refuses", "error: the room is taken"),
        ("lacks", "error: Birch"),
        ("spins", "error: the tool took too long"),
        ("sleeps", "error: the tool took too long"),
        ("exits", "error: the tool ended unexpectedly"),
        ("leaves", "error: the tool ended unexpectedly"),
        ("huge", "error: the tool returned too much"),
        ("odd", "error: the tool returned what is no JSON"),
        ("nests", "error: the tool left a state that cannot be kept: nested more than 60 levels deep"),
        ("nan", "error: the tool returned what is no JSON"),
        ("spoils", "error: the tool left a state that is no JSON object"),
        ("add", "error: missing a required argument: 'n'"),
    ],
)
def test_a_tool_that_fails_is_an_error_that_the_model_is_told_of_and_leaves_the_state_alone(tools, name, text):
    found = tools.call(ToolCall(name, {}), {"sum": 1})

    assert (found.text, found.state, found.is_error) == (text, {"sum": 1}, True)


@pytest.mark.parametrize(
    ("name", "text"),
    [("forks", "one answer"), ("half", "?"), ("reads", ""), ("nothing", "null"), ("get-room", "Birch")],
)
def test_a_tool_that_does_odd_things_has_one_result(tools, name, text):
    found = tools.call(ToolCall(name, {}), {"sum": 1})

    assert (found.text, found.state, found.is_error) == (text, {"sum": 1}, False)


def test_a_long_result_is_cut_and_says_so(tools):
    found = tools.call(ToolCall("long", {}), {})

    assert (len(found.text), found.is_error) == (16_000 + len("\n[cut: 16,000 of 20,000 characters]"), False)
    assert found.text.endswith("y\n[cut: 16,000 of 20,000 characters]")


@pytest.mark.parametrize("name", ["_hidden", "dumps", "__import__", "nowhere"])
def test_only_functions_of_the_file_with_a_public_name_are_tools(tools, name):
    found = tools.call(ToolCall(name, {}), {})

    assert found.text.startswith("error: no such tool; there are: add, exits, ")


@pytest.mark.parametrize("arguments", [{"n": 1, "state": {}}, {"n": 1, "m": 2}, {"#1": 5}])
def test_arguments_that_a_function_does_not_take_are_told_to_the_model(tools, arguments):
    assert tools.call(ToolCall("add", arguments), {}).is_error


def test_the_process_is_started_again_when_it_is_gone(tools):
    os.kill(tools._process._process.pid, 9)
    time.sleep(0.1)

    assert tools.call(ToolCall("get_room", {}), {}).text == "Birch"


def test_faults_of_tools_are_counted_apart_from_what_they_say(tools):
    tools.faults.clear()

    for name in ("exits", "exits", "refuses", "add"):
        tools.call(ToolCall(name, {}), {})

    assert tools.faults == {("exits", "ended unexpectedly"): 2}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(:", "SyntaxError: "),
        ("import chateval_has_no_such_module", "ModuleNotFoundError: "),
        ("import os; os._exit(1)", "ended its process"),
        ("raise SystemExit(2)", "SystemExit: 2"),
    ],
)
def test_a_file_that_cannot_be_imported_is_an_error_of_the_task(tmp_path, source, said):
    path = tmp_path / "tools.py"
    path.write_text(source, "utf-8")

    with pytest.raises(TaskError, match=f"tools.py: cannot be imported: .*{said}"):
        PythonTools(path, has_state=False)


def test_nothing_is_written_beside_the_file(tools):
    assert [path.name for path in tools.path.parent.iterdir()] == ["tools.py"]
