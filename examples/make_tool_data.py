"""Write a training set for tool calls: dialogues in JSON Lines, one {"messages": [...], "tools": [...]} a line.

A dialogue is a wish, the calls that serve it, their results, and an answer that tells them: one call, two at once, two
in turn, a call that fails, or none where no function fits. Functions and wishes are those of tool_functions.json; the
functions of its `held_out` stand in no line, and make a task of their own with --held-out. Before anything is written,
names of functions and wishes are compared with the samples of the bundled tasks: none may stand in both.

Example:
    python examples/make_tool_data.py --out tools.jsonl --held-out held_out
    chateval run --checkpoint ./smollm2 --checkpoint ./out/tools --task ./held_out
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
AGAINST = [HERE.parent / "tasks" / name / "samples.jsonl" for name in ("tool_calls", "tool_dialogue")]
KINDS = ["single"] * 9 + ["parallel"] * 4 + ["sequential"] * 2 + ["error"] + ["missing"] * 2 + ["chat"] * 2
"""What a dialogue is about, as often as it is here."""

TASK = """name: held_out_tools
version: 1
description: A wish and two to four functions that no training row had; the answer is one call, or none where none fits.
source: written by examples/make_tool_data.py
licence: CC0-1.0
samples: samples.jsonl
tools: {field: tools}
messages:
  - {role: user, content: "{{ question }}"}
target: "{{ call | tojson }}"
decoding: {max_new_tokens: 96}
scorers: [tool_call]
"""


@dataclass(frozen=True)
class Wish:
    """A wish, the call that serves it, what the function returns, and how the answer tells that."""

    text: str
    tool: Mapping[str, Any]
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]
    told: str

    @property
    def name(self) -> str:
        """The function that is called."""
        return str(self.tool["function"]["name"])


def read_words() -> dict[str, Any]:
    """Return the tables: functions, pools of values, chats."""
    words: dict[str, Any] = json.loads((HERE / "tool_functions.json").read_text(encoding="utf-8"))
    return words


def value(rng: random.Random, pool: Any) -> Any:
    """Draw from a pool: a list of texts, {"from": ..., "to": ...} of whole numbers, or {"code": ...} of digits."""
    if isinstance(pool, list):
        return rng.choice(pool)
    if "code" in pool:
        return "".join(str(rng.randint(1, 9)) if sign == "#" else sign for sign in pool["code"])
    return rng.randrange(pool["from"], pool["to"], pool.get("step", 1))


def tool(function: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the declaration of a function under one of its names."""
    properties = {key: spec["schema"] for key, spec in function["parameters"].items()}
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "type": "function",
        "function": {"name": name, "description": function["description"], "parameters": parameters},
    }


def draw(rng: random.Random, function: Mapping[str, Any], words: Mapping[str, Any], name: str = "") -> Wish:
    """Draw a wish for a function, which is declared as `name`, or as one of its names."""
    arguments = {
        key: value(rng, spec["schema"].get("enum") or words["pools"][spec["pool"]])
        for key, spec in function["parameters"].items()
    }
    result = {key: value(rng, words["pools"][pool]) for key, pool in function["result"].items()}
    return Wish(
        text=rng.choice(function["wishes"]).format(**arguments),
        tool=tool(function, name or rng.choice(function["names"])),
        arguments=arguments,
        result=result or {"status": "done"},
        told=function["answer"].format(**arguments | result),
    )


def call(wishes: Iterable[Wish]) -> dict[str, Any]:
    """Return the assistant's turn that makes the calls."""
    calls = [{"type": "function", "function": {"name": w.name, "arguments": dict(w.arguments)}} for w in wishes]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def result(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the turn that tells the model what came of a call."""
    return {"role": "tool", "name": name, "content": json.dumps(found, ensure_ascii=False)}


def said(role: str, text: str) -> dict[str, Any]:
    """Return a turn of text."""
    return {"role": role, "content": text}


class Writer:
    """Writes dialogues about some functions; the others are not named."""

    def __init__(self, words: Mapping[str, Any], functions: Sequence[Mapping[str, Any]], seed: int) -> None:
        """Take the tables, the functions that may be called and offered, and the seed of all that is drawn."""
        self.rng = random.Random(seed)
        self.words = words
        self.functions = functions

    def offer(self, wishes: Sequence[Wish], without: Sequence[str] = ()) -> list[Mapping[str, Any]]:
        """Return the declarations of what is called among those of other functions, in any order."""
        tools = list({one.name: one.tool for one in wishes}.values())
        taken = {*without, *(name for one in wishes for name in self.names_beside(one.name))}
        others = [one for one in self.functions if taken.isdisjoint(one["names"])]
        n_others = max(0, self.rng.randint(2, 4) - len(tools))
        tools += [tool(one, self.rng.choice(one["names"])) for one in self.rng.sample(others, n_others)]
        self.rng.shuffle(tools)
        return tools

    def names_beside(self, name: str) -> Sequence[str]:
        """Return all names of a function, which is not to be offered twice."""
        return next((one["names"] for one in self.functions if name in one["names"]), (name,))

    def dialogue(self, kind: str) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Return the turns of a dialogue, from the user's wish to the answer, and the functions on offer."""
        rng, words = self.rng, self.words
        wish = draw(rng, rng.choice(self.functions), words)
        if kind == "chat":
            question, answer = rng.choice(words["chats"])
            return [said("user", question), said("assistant", answer)], self.offer(())
        if kind == "missing":
            turns = [said("user", wish.text), said("assistant", rng.choice(words["no_function"]))]
            return turns, self.offer((), without=self.names_beside(wish.name))
        if kind == "parallel":
            return self.parallel(wish)
        if kind == "sequential":
            return self.sequential(rng.choice(words["chains"]))
        found, told = wish.result, wish.told
        if kind == "error":
            fault = rng.choice(words["errors"])
            found, told = {"error": fault}, f"That did not work: {fault}."
        turns = [said("user", wish.text), call([wish]), result(wish.name, found), said("assistant", told)]
        return turns, self.offer([wish])

    def parallel(self, wish: Wish) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Return a dialogue of two calls in one turn: of one function, or of two."""
        is_same = self.rng.random() < 0.5
        functions = [one for one in self.functions if (wish.name in one["names"]) == is_same]
        other = draw(self.rng, self.rng.choice(functions), self.words, wish.name if is_same else "")
        join = self.rng.choice(["{} {}", "{} And: {}", "{} Also, {}"])
        turns = [said("user", join.format(wish.text, other.text)), call([wish, other])]
        turns += [result(one.name, one.result) for one in (wish, other)]
        return [*turns, said("assistant", f"{wish.told} {other.told}")], self.offer([wish, other])

    def sequential(self, chain: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Return a dialogue whose second call needs the result of the first."""
        by_name = {name: one for one in self.functions for name in one["names"]}
        first = draw(self.rng, by_name[chain["first"]], self.words)
        known = {**first.arguments, **first.result, "title": value(self.rng, self.words["pools"]["title"])}
        arguments = {key: text.format(**known) for key, text in chain["arguments"].items()}
        declared = tool(by_name[chain["second"]], self.rng.choice(by_name[chain["second"]]["names"]))
        second = Wish(chain["wish"].format(**known), declared, arguments, {"status": "done"}, chain["answer"])
        turns = [
            said("user", second.text),
            call([first]),
            result(first.name, first.result),
            call([second]),
            result(second.name, second.result),
            said("assistant", second.told.format(**known)),
        ]
        return turns, self.offer([first, second])

    def rows(self, n: int) -> Iterator[dict[str, Any]]:
        """Yield `n` dialogues, no wish twice over but small talk."""
        seen: set[str] = set()
        while n:
            kind = self.rng.choice(KINDS)
            turns, tools = self.dialogue(kind)
            text = turns[0]["content"]
            if kind != "chat" and text in seen:
                continue
            seen.add(text)
            n -= 1
            told = self.rng.choice(self.words["system"])
            yield {"messages": [said("system", told), *turns] if told else turns, "tools": tools}

    def samples(self, n: int) -> Iterator[dict[str, Any]]:
        """Yield `n` samples of one wish each, every fourth without a function that fits."""
        seen: set[str] = set()
        while len(seen) < n:
            wish = draw(self.rng, self.rng.choice(self.functions), self.words)
            if wish.text in seen:
                continue
            is_none = len(seen) % 4 == 3
            seen.add(wish.text)
            without = self.names_beside(wish.name)
            yield {
                "question": wish.text,
                "tools": self.offer((), without=without) if is_none else self.offer([wish]),
                "call": None if is_none else {"name": wish.name, "arguments": wish.arguments},
                "tags": ["irrelevant" if is_none else "single"],
            }


def shared(rows: Iterable[Mapping[str, Any]], samples: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what stands in both, sorted: names of functions, and wishes."""
    trained: set[str] = set()
    for row in rows:
        trained |= {one["function"]["name"] for one in row["tools"]}
        trained |= {turn["content"].casefold() for turn in row["messages"] if turn["role"] == "user"}
    asked: set[str] = set()
    for sample in samples:
        asked |= {one.get("function", one)["name"] for one in sample.get("tools", ())}
        asked |= {text.casefold() for text in sample.values() if isinstance(text, str)}
    return sorted(trained & asked)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON Lines."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def main() -> None:
    """Write the training set, or exit with 2 if it shares a function or a wish with the samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="JSON Lines file to write")
    parser.add_argument("--rows", type=int, default=400, help="dialogues to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--held-out", type=Path, help="folder of a task to write, of functions that no dialogue has")
    parser.add_argument("--samples", type=int, default=80, help="of that task (default: %(default)s)")
    parser.add_argument("--against", type=Path, nargs="*", default=AGAINST, help="samples to share nothing with")
    args = parser.parse_args()
    words = read_words()
    train = [one for one in words["functions"] if one["names"][0] not in words["held_out"]]
    rows = list(Writer(words, train, args.seed).rows(args.rows))
    for path in args.against:
        if found := shared(rows, read_rows(path) if path.exists() else ()):
            parser.error(f"{len(found)} functions or wishes stand in {path} too, the first: {found[0]!r}")
    write_rows(args.out, rows)
    print(f"{args.out}: {len(rows)} dialogues")
    if args.held_out is not None:
        others = [one for one in words["functions"] if one["names"][0] in words["held_out"]]
        args.held_out.mkdir(parents=True, exist_ok=True)
        (args.held_out / "task.yaml").write_text(TASK, encoding="utf-8")
        write_rows(args.held_out / "samples.jsonl", Writer(words, others, args.seed).samples(args.samples))
        print(f"{args.held_out}: a task of {args.samples} samples, of other functions")


if __name__ == "__main__":
    main()
