"""The published probes: named once, in every stratum, ending as their generation prompt asks."""

from collections import Counter

from chateval.template.probes import STRATA, probe, standard_probes


def test_every_stratum_has_probes_under_names_of_their_own():
    found = standard_probes()

    assert set(Counter(one.stratum for one in found)) == set(STRATA)
    assert len({one.name for one in found}) == len(found)


def test_a_probe_asks_for_a_generation_prompt_unless_the_assistant_spoke_last():
    for one in standard_probes():
        assert one.add_generation_prompt == (one.messages[-1]["role"] != "assistant")


def test_the_switches_of_a_probe_go_over_the_users():
    assert probe("thinking_off").chat({"enable_thinking": True, "x": 1}).kwargs == {"enable_thinking": False, "x": 1}
