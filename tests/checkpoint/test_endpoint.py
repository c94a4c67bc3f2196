from dataclasses import replace

import pytest
from completions import Completions
from served import serving

from chateval.checkpoint import DigestCache, resolve_all
from chateval.errors import CheckpointError
from chateval.records import CheckpointSpec


@pytest.fixture
def resolve(tmp_path):
    def go(spec, *others):
        return resolve_all([spec, *others], DigestCache(tmp_path / "digests.json"))[0]

    return go


def test_an_endpoint_is_known_by_its_address_its_model_and_what_the_server_says(resolve):
    server = Completions(models=("tiny", "large"))
    server.entries[0] |= {"created": 1, "permission": [{"id": "a"}], "max_model_len": 512}

    with serving(server) as (url, _):
        spec = CheckpointSpec("gpt", f"{url}/v1/#tiny")
        first = resolve(spec)
        server.entries[0] |= {"created": 2, "permission": [{"id": "b"}]}
        later = resolve(spec)
        large = resolve(replace(spec, path=f"{url}/v1#large"))
        server.entries[0] |= {"root": "/models/other"}
        other = resolve(spec)

    assert (first.kind, first.path, first.context_tokens) == ("endpoint", f"{url}/v1#tiny", 512)
    assert first == later
    assert len({first.weights_digest, large.weights_digest, other.weights_digest}) == 3


def test_a_server_that_keeps_no_list_takes_any_model(resolve):
    server = Completions()
    server.entries = []

    with serving(server) as (url, _):
        assert resolve(CheckpointSpec("gpt", f"{url}/v1#any")).path == f"{url}/v1#any"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"template": "chatml"}, "gpt: an endpoint takes no template ('chatml'): its server builds the prompt"),
        ({"completion": True}, "gpt: an endpoint takes no completion"),
        ({"base": "other"}, "gpt: an endpoint takes no base"),
        ({"revision": "abc"}, "gpt: an endpoint takes no revision"),
    ],
)
def test_what_needs_files_is_refused_before_the_server_is_asked(resolve, fields, said):
    with pytest.raises(CheckpointError) as found:
        resolve(CheckpointSpec("gpt", "http://127.0.0.1:9/v1#tiny", **fields))

    assert str(found.value).startswith(said)


def test_an_adapter_takes_no_endpoint_as_its_base(resolve, tiny_loras):
    adapter = CheckpointSpec("lora", str(tiny_loras[0]), base="gpt")

    with pytest.raises(CheckpointError, match="its base 'gpt' is an endpoint, whose weights are not here"):
        resolve(adapter, CheckpointSpec("gpt", "http://127.0.0.1:9/v1#tiny"))


def test_a_server_that_wants_a_key_is_one_line(resolve):
    refusing = serving(lambda asked, body: (401, {"error": {"message": "no"}}))

    with refusing as (url, _), pytest.raises(CheckpointError, match=r"401: it wants a key \(CHATEVAL_API_KEY\)"):
        resolve(CheckpointSpec("gpt", f"{url}/v1#tiny"))
