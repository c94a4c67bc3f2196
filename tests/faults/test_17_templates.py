"""Fault 17: a chat template that is broken, endless, huge or hostile."""

import json
import time

import pytest
from hostile_models import copy

from chateval.template.sandbox import Chat, Sandbox

HELLO = [{"role": "user", "content": "hello"}]
PLAIN = "{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}{% endfor %}"
SAID = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def loops(depth, n=99_999):
    return "".join(f"{{% for x{i} in range({n}) %}}" for i in range(depth)) + "a" + "{% endfor %}" * depth


@pytest.fixture(scope="module")
def box():
    found = Sandbox()
    yield found
    found.close()


def one(box, template, chat=None, tokens=None):
    [found] = box.render(template, tokens or {}, [chat or Chat(HELLO)])
    return found


# What a template may try


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        (loops(2, 3_000), "limit"),
        (loops(3), "limit"),
        ("{{ 'a' * 10 ** 10 }}", "limit"),
        ("{{ 'a' * 9000000 }}", "limit"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "limit"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "limit"),
        ("{% if", "syntax"),
        ("{% generation %}a", "syntax"),
        ("{% do messages.append(1) %}", "syntax"),
        ("{{ messages[0].content + sep }}", "undefined"),
        ("{{ open('/etc/hostname').read() }}", "undefined"),
        ("{{ raise_exception('no') }}", "refused"),
        ("{% include '/etc/hostname' %}", "fault"),
        ("{% import 'os' as os %}", "fault"),
        ("{% extends '/etc/hostname' %}", "fault"),
        ("{{ 1 / 0 }}", "fault"),
        ("{{ 10 ** 5000 }}", "fault"),
        ("{{ strftime_now(1) }}", "fault"),
        ("{% break %}", "fault"),
        ("{% set _ = messages.append(1) %}", "security"),
        ("{{ messages[0].update({'role': 'system'}) }}", "security"),
    ],
)
def test_hostile_templates_end_in_time_and_say_why(box, template, kind):
    start = time.monotonic()

    found = one(box, template)

    assert found.text is None
    assert found.error is not None
    assert found.error.kind == kind
    assert time.monotonic() - start < 30  # some 2 s on an idle machine
    assert one(box, PLAIN).text == "[user] hello"


@pytest.mark.slow
@pytest.mark.parametrize(
    "template",
    [
        loops(2),
        "{{ 1 + 1 }}" * 500_000,  # 5 MB
        "{{ 'a' * 2 ** 28 }}",
        "{% set x = 'a' * 10 ** 7 %}{% for i in range(10 ** 4) %}{{ x }}{% endfor %}",
        "{{ '%999999999d' % 1 }}",
        "{{ 'a'.ljust(10 ** 10) }}",
        "{{ '{:10000000000}'.format('a') }}",
        "{{ ('a' * 10 ** 6) | wordwrap(1) }}",
        "{{ 'a' | center(10 ** 9) }}",
        "{{ messages | tojson(indent=10 ** 9) }}",
        "{{ [1] | slice(10 ** 9) | list }}",
        "{{ lipsum(n=10 ** 7) }}",
        "{{ strftime_now('%Y' * 10 ** 7) }}",
        "{{ 'a'.translate({97: 'b' * 10 ** 9}) }}",
        "{{ [[1] * 10 ** 6] * 100 | sum(start=[]) }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% for x in [[]] recursive %}{{ loop([[1]]) }}{% endfor %}",
        "{{ 'a'" + "|upper" * 3_000 + " }}",
        "{{ 1" + "+1" * 20_000 + " }}",
        "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
        "{% if 1 %}" * 500 + "x" + "{% endif %}" * 500,
    ],
)
def test_filters_formats_and_nesting_have_no_way_past_the_limits(box, template):
    found = one(box, template)

    assert found.text is None
    assert found.error.kind in ("limit", "fault")
    assert one(box, PLAIN).text == "[user] hello"


ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__']['__mro__'] }}",
    "{{ (''|attr('__class__'))|attr('__mro__') }}",
    "{{ (''|attr('_' * 2 ~ 'class' ~ '_' * 2)).mro() }}",
    "{{ '{0.__class__.__mro__}'.format('') }}",
    "{{ ('{0.__class__.__mro__}'|attr('format'))('') }}",
    "{% set f = '{a.__class__}'.format_map %}{{ f({'a': 1}) }}",
    "{{ ['']|map(attribute='__class__')|map(attribute='__mro__')|list }}",
    "{{ lipsum.__globals__['os'].system('touch MARK') }}",
    "{{ (lipsum|attr('__globals__'))['os'].popen('touch MARK').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('touch MARK').read() }}",
    "{{ joiner.__init__.__globals__.os.system('touch MARK') }}",
    "{{ namespace.__init__.__globals__.os.system('touch MARK') }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').system('touch MARK') }}",
    "{{ self._TemplateReference__context.environment.from_string('{{ 1 }}') }}",
    "{{ raise_exception.__globals__['__builtins__']['open']('MARK', 'w').write('a') }}",
    "{{ strftime_now.__globals__.sys.modules['os'].system('touch MARK') }}",
    "{{ tojson.__globals__ }}{{ (messages|tojson).__class__.__base__.__subclasses__() }}",
    "{{ (messages|map('upper')).gi_frame.f_globals }}",
    "{{ messages|groupby('__class__.__mro__') }}{{ messages|sort(attribute='__class__') }}",
    "{% for x in (1).__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ ''.join.__self__.__class__ }}{{ messages[0].items.__self__ }}",
)


@pytest.mark.parametrize("payload", ESCAPES)
def test_a_way_out_of_the_sandbox_has_no_effect(box, tmp_path, payload):
    mark = tmp_path / "mark"

    found = one(box, payload.replace("MARK", str(mark)))

    assert not mark.exists()
    text = found.text or ""
    assert "class" not in text
    assert "module" not in text
    assert "built-in" not in text


@pytest.mark.parametrize("text", ["\0", "\ud800", "\x1b]0;owned\x07", "\u202e"])
def test_odd_characters_come_through_as_they_are(box, text):
    assert one(box, "{{ " + json.dumps(text) + " }}{{ messages[0].content }}").text == f"{text}hello"


def test_nothing_is_left_of_one_rendering_in_the_next(box):
    counts = "{% set n = namespace(x=0) %}{% set n.x = n.x + 1 %}{{ n.x }}"
    template = counts + "{% set c = cycler('a', 'b') %}{{ c.next() }}"

    found = box.render(template, {}, [Chat(HELLO)] * 3)

    assert [rendered.text for rendered in found] == ["1a"] * 3


def test_the_process_that_renders_is_ready_in_seconds_and_stays():
    box = Sandbox()
    start = time.monotonic()
    one(box, PLAIN)
    pid = box._process.pid
    first = time.monotonic() - start
    box.render(PLAIN, {}, [Chat(HELLO)] * 500)

    assert first < 20  # some 0.6 s on an idle machine
    assert box._process.pid == pid
    box.close()


# What a template writes otherwise at another time


@pytest.mark.parametrize(
    ("draws", "what"),
    [
        ("{{ strftime_now('%H:%M:%S.%f') }}", "today's date"),
        ("{{ range(1000) | random }}", "something else each time"),
        ("{{ lipsum(n=1) }}", "something else each time"),
    ],
)
def test_a_prompt_that_is_another_one_each_time_is_reported(tiny_chat, tmp_path, draws, what):
    from chateval.template import check_specimen, open_specimen

    folder = copy(tiny_chat, tmp_path / "model")
    (folder / "chat_template.jinja").write_text(draws + SAID)

    report = check_specimen(open_specimen(folder))

    assert [finding.message.split(" is written")[0] for finding in report.findings if finding.code == "CT211"] == [what]
