import re

import pytest

from mpdiag import registry
from mpdiag.advice import Lint, Rule
from mpdiag.cli import run
from mpdiag.commands.explain import draw, everything, find
from mpdiag.errors import BadInput
from mpdiag.model import Doc, Probe
from mpdiag.report import Style
from mpdiag.text import pages
from mpdiag.text.topics import TOPICS

RULE = registry.rules()["MP104"]
NAMES = [*TOPICS, *registry.probes(), *registry.mistakes(), *registry.names("renderers")]


@pytest.mark.parametrize(
    "name", ["MP104", "mp104", "repeated-init", "repeated_init", "Repeated-Init", "heavy-init-per-task"]
)
def test_a_rule_by_any_of_its_names(name):
    assert find(name) == pages.of_mistake([RULE])


@pytest.mark.parametrize("name", ["start_method", "start-method"])
def test_a_probe(name):
    assert find(name) == pages.of_probe(registry.probes()["start_method"])


def test_a_topic_is_not_mistaken_for_the_probe_of_nearly_the_same_name():
    assert find("start-methods") == pages.of_topic(TOPICS["start-methods"])


def test_no_two_things_share_a_name():
    names = [
        *TOPICS,
        *(name.replace("_", "-") for name in registry.probes()),
        *registry.names("renderers"),
        *map(str.lower, registry.rule_names()),
    ]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "meant"),
    [("repeated-int", "repeated-init"), ("hang", "hangs"), ("MP1044", "MP104"), ("start_metod", "start_method")],
)
def test_an_unknown_name_suggests_the_closest(name, meant):
    with pytest.raises(BadInput) as caught:
        find(name)

    assert meant in caught.value.hint


def test_an_unknown_name_that_resembles_nothing_points_to_the_list(capfd):
    assert run(["explain", "zzzzzz"]) == 2
    assert "`mpdiag explain` lists everything" in capfd.readouterr().err


def test_the_page_of_a_rule_says_everything_it_knows(capfd):
    assert run(["explain", "MP104", "--format", "markdown"]) == 0
    out = capfd.readouterr().out

    doc = RULE.doc
    for said in (RULE.id, RULE.name, *RULE.aliases, doc.title, doc.bad.strip("\n"), doc.good.strip("\n"), *doc.links):
        assert said in out


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", [Style(width=80), Style(width=120, color=True), Style(width=80, unicode=False)])
def test_every_page_fits_the_terminal(name, style):
    text = draw(find(name), style)

    lines = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines() if not line.startswith("https:")]
    assert max(map(len, lines)) <= style.width
    assert style.color == ("\x1b" in text)
    assert style.unicode or text.isascii()


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_a_topic_fits_on_a_screen(topic):
    assert draw(pages.of_topic(topic), Style(width=100)).count("\n") <= 36


def test_the_overview_lists_everything():
    text = draw(everything(), Style(width=100))

    assert all(name in text for name in NAMES)


def test_backticks_in_code_and_prose():
    rule = Rule(
        "mpdiag.rules.some_name",
        "MP999",
        Doc("Title", "Use `x_y` and *not* _z_.", "a\n\n- one\nmore\n- two", bad="f(*a)", good="f(a)"),
        lambda: (),
        aliases=("other",),
    )

    assert pages.to_markdown(pages.of_mistake([rule])) == (
        "# MP999 some-name: Title\n\nRule, also known as other.\n\n"
        "## Why it matters\n\nUse `x_y` and \\*not\\* \\_z\\_.\n\n"
        "## How it is judged\n\na\n\n- one more\n- two\n\n"
        "## Instead of\n\n```python\nf(*a)\n```\n\n## Write\n\n```python\nf(a)\n```\n\n"
        "## Applies to\n\nevery Python version and system\n"
    )


def test_a_mistake_that_a_rule_and_a_lint_show_has_one_page():
    rule = Rule("mpdiag.rules.same", "MP999", Doc("Title", "Why", "judged", bad="f()", good="g()", links=("a",)))
    lint = Lint(
        "mpdiag.lints.same", "MP999", Doc("Title", "", "seen", bad="import f", good="import g", links=("b",)), list
    )
    page = pages.of_mistake([rule, lint])

    assert [(part.heading, part.body) for part in page.parts] == [
        ("Why it matters", "Why"),
        ("How it is judged", "judged"),
        ("What `mpdiag lint` looks for", "seen"),
        ("Instead of", "import f"),
        ("Write", "import g"),
        ("Applies to", "every Python version and system"),
        ("Links", "a\nb"),
    ]


def test_parts_without_text_are_left_out():
    page = pages.of_probe(Probe("mpdiag.probes.x", lambda bench: iter(()), Doc("T", "why", "how"), ()))

    assert [part.heading for part in page.parts] == ["Why it matters", "How it is measured", "Applies to"]
