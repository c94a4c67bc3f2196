import pytest

from chateval.errors import TemplateError
from chateval.template.grammar import find_dialect, load_families

OWN = """
name = "own"
title = "Our layout"
truth = "us"

[[dialect]]
name = "own-1"
opener = "<<{word}>>\\n"
closer = "<<end>>\\n"
generation_prompts = ["<<bot>>\\n"]
[dialect.turns.system]
[dialect.turns.user]
[dialect.turns.assistant]
words = ["bot"]

[[dialect]]
name = "own-2"
base = "own-1"
closer = "<<stop>>"
"""


def write_family(tmp_path, text, name="own.toml"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_bundled_families_have_unique_names_and_stop_literals():
    dialects = [dialect for family in load_families().values() for dialect in family.dialects]

    assert len({dialect.name for dialect in dialects}) == len(dialects)
    assert all(dialect.stop for dialect in dialects)


@pytest.mark.parametrize(
    ("name", "found"),
    [("llama3", "llama3"), ("mistral", "mistral-v1"), ("mistral-v3-spm", "mistral-v3"), ("llama3.3", "llama3.1")],
)
def test_a_dialect_is_found_by_its_name_its_familys_or_an_alias(name, found):
    assert find_dialect(name, load_families()).name == found


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(TemplateError, match="unknown family or dialect 'lama'; known: alpaca, .*zephyr"):
        find_dialect("lama", load_families())


def test_a_users_family_joins_the_bundled_ones_and_a_base_is_inherited(tmp_path):
    families = load_families([write_family(tmp_path, OWN)])
    second = find_dialect("own-2", families)

    assert "chatml" in families
    assert second.control == ("<<system>>", "<<stop>>", "<<user>>", "<<bot>>")
    assert second.generation_prompts == ("<<bot>>\n",)


def test_a_family_may_build_on_a_bundled_dialect(tmp_path):
    text = (
        'name = "twin"\ntitle = "t"\ntruth = "us"\n[[dialect]]\nname = "chatml-twin"\nbase = "chatml"\nfinal = "<e>"\n'
    )
    dialect = find_dialect("twin", load_families([write_family(tmp_path, text)]))

    assert dialect.final == "<e>"
    assert dialect.turns == find_dialect("chatml", load_families()).turns


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('truth = "us"', 'truth = "us"\ncolour = "red"', r"own.toml: colour: "),
        ('closer = "<<stop>>"', "closer = 3", r"own.toml: dialect\[1\].closer"),
        ('closer = "<<stop>>"', 'close = "x"', r"own.toml: dialect\[1\].close"),
        ('name = "own-2"', 'name = "own-1"', "there is a dialect 'own-1' already"),
        ('name = "own-2"', 'name = "chatml"', "there is a dialect 'chatml' already"),
        ('name = "own"', 'name = "chatml"', "there is a family 'chatml' already"),
        ('base = "own-1"', 'base = "own-9"', "no dialect 'own-9' comes before"),
        ('base = "own-1"', "base = 4", "no dialect 4 comes before"),
        ("[dialect.turns.user]", "[dialect.turns.human]", "turns.user: missing"),
        ('opener = "<<{word}>>\\n"', "", "turns.system: give opener and closer"),
        ('opener = "<<{word}>>\\n"', 'opener = ""', "turns.system.opener: blank"),
        ('closer = "<<stop>>"', 'bos_rule = "text"', "bos: missing"),
        ('closer = "<<stop>>"', "injects_default = true", "default_system: missing"),
        ('title = "Our layout"', "title = 1979-05-27", "own.toml: title"),
        ('name = "own"', "name = ", "own.toml: "),
        ("[[dialect]]", "[[dialects]]", r"dialect: give one or more \[\[dialect\]\] tables"),
    ],
)
def test_a_wrong_file_is_refused_with_its_path_and_field(tmp_path, old, new, message):
    path = write_family(tmp_path, OWN.replace(old, new))

    if new == "title = 1979-05-27":
        assert load_families([path])["own"].title == "1979-05-27"
        return
    with pytest.raises(TemplateError, match=message):
        load_families([path])


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TemplateError, match="absent.toml"):
        load_families([tmp_path / "absent.toml"])


def test_two_turns_that_begin_bare_are_refused(tmp_path):
    text = OWN.replace("[dialect.turns.system]", '[dialect.turns.system]\nopener = ""\nafter = ["assistant"]').replace(
        'words = ["bot"]', 'opener = ""\nafter = ["user"]'
    )

    with pytest.raises(TemplateError, match="one turn may begin bare"):
        load_families([write_family(tmp_path, text)])
