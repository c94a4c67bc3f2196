from pathlib import Path

import pytest
from completions import Completions
from served import serving

from chateval.engine.openai.roster import Roster
from chateval.errors import CheckpointError
from chateval.records import Checkpoint


def checkpoint(name="lora", path="/models/out-lora", **fields):
    return Checkpoint(name, "chat", path, weights_digest=path, **fields)


@pytest.fixture
def roster():
    def make(*models, owner="vllm", entries=None):
        server = Completions(models=models, owner=owner)
        server.entries = server.entries if entries is None else entries
        with serving(server) as (url, _):
            return Roster(f"{url}/v1")

    return make


@pytest.mark.parametrize(
    "models",
    [
        ("base", "lora"),
        ("base", "/models/out-lora"),
        ("base", "/models/../models/out-lora"),
        ("base", "out-lora"),
        ("base", "org/lora"),
        ("something",),
    ],
)
def test_a_checkpoint_is_found_by_name_path_folder_or_alone(roster, models):
    assert roster(*models).name_of(checkpoint(repo="org/lora")) == models[-1]


def test_a_name_counts_before_a_path_and_the_root_of_an_alias_is_its_path(roster):
    entries = [{"id": "a", "root": "/models/out-lora"}, {"id": "b", "root": "/models/base"}]

    assert roster(entries=entries).name_of(checkpoint()) == "a"
    assert roster("out-lora", "lora").name_of(checkpoint()) == "lora"


def test_what_is_not_served_is_one_line_with_what_is(roster):
    with pytest.raises(CheckpointError) as found:
        roster("base", "sft").name_of(checkpoint())

    assert str(found.value).endswith(
        "serves no model called 'lora', '/models/out-lora' or 'out-lora'; it serves base, sft"
    )


def test_one_model_never_answers_for_two_checkpoints(roster):
    served = roster("base")

    assert served.name_of(checkpoint("base", "/models/base")) == "base"
    with pytest.raises(CheckpointError, match="which answers for base already; it serves base"):
        served.name_of(checkpoint())


def test_the_same_weights_under_two_names_may_share_a_model(roster):
    served = roster("base")

    assert served.name_of(checkpoint("base", "/models/base")) == "base"
    assert served.name_of(checkpoint("again", "/models/base")) == "base"


def test_a_server_without_a_list_is_asked_for_the_path(roster):
    assert roster(entries=[]).name_of(checkpoint(path=str(Path("/models/x")))) == "/models/x"


@pytest.mark.parametrize(("owner", "server"), [("vllm", "vllm 0.99.0"), ("sglang", "sglang"), ("", "unknown")])
def test_the_server_says_what_it_is(owner, server):
    with serving(Completions(owner=owner)) as (url, _):
        assert Roster(url + "/v1").server_of("tiny") == server


def test_a_list_that_is_none_counts_as_none(roster):
    assert roster(entries=[{"id": 3}, "x", {"name": "lora"}]).name_of(checkpoint()) == "/models/out-lora"


def test_an_address_without_a_server_is_one_line():
    with serving(Completions()) as (url, _):
        pass

    with pytest.raises(CheckpointError, match=r"GET /v1/models: .*refused; is it the address of an OpenAI-compat"):
        Roster(f"{url}/v1")


def test_the_list_is_asked_with_the_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "second")
    monkeypatch.setenv("CHATEVAL_API_KEY", "first")

    with serving(Completions()) as (url, seen):
        Roster(f"{url}/v1")

    assert seen[0][1]["Authorization"] == "Bearer first"
