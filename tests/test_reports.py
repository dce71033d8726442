import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mpdiag import advice, registry, reports
from mpdiag import report as shape
from mpdiag.errors import USAGE, BadInput
from mpdiag.model import Column, Measured
from mpdiag.report import SCHEMA, Report, Section, Style, Tool

GOLDEN = (Path(__file__).parent / "golden" / "probe.json").read_bytes()
FORMATS = [registry.renderer(name) for name in registry.names("renderers")]

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
measured = st.builds(
    Measured,
    floats,
    st.none() | floats,
    st.none() | floats,
    st.integers(0, 99),
    st.lists(floats, max_size=3).map(tuple),
)
cells = st.none() | st.booleans() | integers | floats | texts | measured
plain = st.recursive(
    st.none() | st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
facts = st.dictionaries(texts | st.sampled_from(["usable_cpus", "cpu_model", "unknown", "version"]), plain, max_size=4)
keys = st.sampled_from(["a", "b", "c"])
columns = st.builds(Column, keys, texts, st.sampled_from(["s", "B", "1/s", "B/s", "x", "fraction", "1", None]))
st.register_type_strategy(
    Section,
    st.builds(
        Section,
        id=texts,
        title=texts,
        reason=st.none() | texts,
        duration_s=floats,
        columns=st.lists(columns, max_size=3).map(tuple),
        rows=st.lists(st.dictionaries(keys | texts, cells, max_size=3), max_size=3).map(tuple),
        process=facts,
        profile=st.lists(st.builds(shape.Profiled, texts, integers, floats), max_size=2).map(tuple),
    ),
)
evidence = st.builds(advice.Evidence, texts, floats | integers | texts | st.none(), low=floats, high=st.none() | floats)
places = st.builds(advice.Place, texts, st.none() | integers, st.none() | integers, st.none() | texts)
gains = st.builds(advice.Gain, floats, floats, texts)
findings = st.builds(
    advice.Finding,
    rule=texts,
    name=texts,
    title=texts,
    seen=texts,
    do=texts,
    evidence=st.lists(evidence, max_size=2).map(tuple),
    place=st.none() | places,
    gain=st.none() | gains,
    concern=floats,
    links=st.lists(texts, max_size=1).map(tuple),
)
accounts = st.builds(
    shape.Account,
    floats,
    st.lists(
        st.builds(
            shape.ProcessAccount,
            integers,
            integers,
            texts,
            texts,
            texts,
            floats,
            floats,
            st.none() | texts | integers,
            st.dictionaries(texts, floats, max_size=2),
            st.builds(shape.Memory, integers, st.none() | integers),
        ),
        max_size=2,
    ).map(tuple),
    st.dictionaries(texts, floats, max_size=2),
    floats,
    st.none() | st.builds(shape.Efficiency, floats, floats, floats),
)
any_report = st.builds(
    Report,
    schema=st.just(SCHEMA),
    tool=st.builds(Tool, texts, texts),
    started_at=texts,
    duration_s=floats,
    command=st.lists(texts, max_size=3).map(tuple),
    machine=facts,
    python=facts,
    verdict=texts,
    sections=st.lists(st.from_type(Section), max_size=2).map(tuple),
    account=st.none() | accounts,
    findings=st.lists(findings, max_size=3).map(tuple),
    quality=st.lists(st.builds(shape.Quality, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2).map(tuple),
    passed=st.lists(texts, max_size=2).map(tuple),
    not_judged=st.lists(st.builds(shape.Unjudged, texts, texts), max_size=2).map(tuple),
)


def complaint(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        reports.decode(data, "saved.json")
    return str(caught.value)


def changed(**values: object) -> bytes:
    return json.dumps({**json.loads(GOLDEN), **values}).encode()


@relaxed
@given(st.binary() | st.text().map(str.encode) | plain.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_bad_input_of_one_line(data):
    message = complaint(data)

    assert message.startswith("saved.json")
    assert "\n" not in message


@relaxed
@given(st.integers(0, len(GOLDEN) - 1), st.binary(max_size=4))
def test_a_damaged_report_gives_bad_input_or_a_report(at, patch):
    said = ""
    try:
        report = reports.decode(GOLDEN[:at] + patch + GOLDEN[at + len(patch) :], "saved.json")
    except BadInput as error:
        said = str(error)
    else:
        assert isinstance(report, Report)
    assert "\n" not in said


@relaxed
@given(st.integers(0, len(GOLDEN) - 3))
def test_a_truncated_report_is_bad_input(length):
    assert complaint(GOLDEN[:length])


@relaxed
@example(replace(reports.decode(GOLDEN, "golden"), python={"median": None}, machine={"": {"median": None}}))
@given(any_report)
def test_any_report_round_trips(report):
    assert reports.decode(reports.encode(report).encode(), "saved.json") == report


@relaxed
@given(any_report, st.sampled_from([20, 80, 120]), st.booleans(), st.booleans(), st.booleans())
def test_any_report_renders_in_every_format(report, width, color, unicode, verbose):
    for renderer in FORMATS:
        text = renderer.render(report, Style(width, color, unicode, verbose))

        assert text.endswith("\n")
        assert "\x1b" not in text or color
        assert not set(text) & {"\r", "\x07", "\x00", "\u202e"}


def test_unknown_keys_are_ignored_everywhere():
    document = json.loads(GOLDEN)
    for place in (document, document["tool"], document["findings"][0], document["sections"][0]["columns"][0]):
        place["of_a_later_version"] = {"deep": [1, 2]}

    assert reports.decode(json.dumps(document).encode(), "x") == reports.decode(GOLDEN, "x")


def test_missing_optional_keys_have_defaults():
    document = json.loads(GOLDEN)
    for key in ("sections", "account", "findings", "quality", "passed", "not_judged"):
        del document[key]

    report = reports.decode(json.dumps(document).encode(), "x")

    assert report.findings == ()
    assert report.account is None


def test_a_byte_order_mark_is_no_obstacle():
    assert reports.decode(b"\xef\xbb\xbf" + GOLDEN, "x").kind == "probe"


def test_measured_cells_are_objects_with_interval_and_samples():
    cell = json.loads(GOLDEN)["sections"][0]["rows"][0]["first_line"]

    assert list(cell) == ["median", "low", "high", "n", "samples"]
    assert len(cell["samples"]) == cell["n"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"\xff\xfe{\x00", "not JSON"),
        (b"hello", "not JSON"),
        (b"[]", "not a report"),
        (b"{}", "is not an mpdiag report"),
        (b'{"schema": "other/1"}', "is not an mpdiag report"),
        (b'{"schema": "mpdiag.report/1"}', "missing required field kind"),
        (b'{"schema": "mpdiag.report/2"}', "newer mpdiag (mpdiag.report/2; this one reads mpdiag.report/1)"),
        (GOLDEN.replace(b'"Linux"', b'"\xff"'), "not UTF-8"),
        (changed(duration_s="long"), "expected float, got str at duration_s"),
        (changed(sections=[{"id": "a", "title": "b", "status": 3}]), "at sections[0].status"),
        (changed(machine={"deep": json.loads("[" * 100 + "]" * 100)}), "machine holds lists too deep"),
        (changed(machine={"huge": 10**40}), "a number too large"),
        (GOLDEN.replace(b'"duration_s": 21.4', b'"duration_s": NaN'), "not JSON"),
        (GOLDEN.replace(b'"duration_s": 21.4', b'"duration_s": 1e999'), "out of range at duration_s"),
        (b'{"schema":"mpdiag.report/1","x":' + b"[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_report_is_told_in_one_line(data, said):
    message = complaint(data)

    assert said.replace("`", "") in message.replace("`", "")
    assert "\n" not in message


def test_a_complaint_quotes_neither_escapes_nor_novels():
    message = complaint(changed(kind="\x1b]0;owned\x07\n" * 999))

    assert message.isprintable()
    assert len(message) < 300


def test_bad_input_names_a_remedy_and_ends_with_code_2():
    with pytest.raises(BadInput) as caught:
        reports.decode(b'{"schema": "mpdiag.report/3"}', "saved.json")

    assert "--upgrade mpdiag" in caught.value.hint
    assert caught.value.exit_code == USAGE


def test_a_name_that_is_no_unicode_is_written_with_escapes():
    report = reports.decode(GOLDEN, "x")
    odd = advice.Place("caf\udce9.py")
    finding = report.findings[0]
    report = replace(report, findings=(replace(finding, place=odd),))

    again = reports.decode(reports.encode(report).encode(), "x")

    assert again.findings[0].place.file == "caf\\udce9.py"


def test_a_value_that_is_no_number_becomes_null():
    report = reports.decode(GOLDEN, "x")
    section = replace(report.sections[0], rows=({"first_line": Measured(float("nan"), None, None, 1)},))

    again = reports.decode(reports.encode(replace(report, sections=(section,))).encode(), "x")

    assert again.sections[0].rows == ({"first_line": None},)


def test_rows_stand_on_one_line_each():
    lines = reports.encode(reports.decode(GOLDEN, "x")).splitlines()

    assert max(map(len, lines)) < 400
    assert any(line.strip().startswith('"passed": ["MP101","MP302","MP502"]') for line in lines)


def test_the_schema_describes_the_golden_report():
    schema = json.loads(reports.json_schema())

    described = schema["$defs"]["Report"]["properties"]

    assert set(described) == set(json.loads(GOLDEN))
    assert set(schema["$defs"]["Section"]["properties"]) == set(json.loads(GOLDEN)["sections"][0])
    assert schema["$defs"]["Measured"]["description"].startswith("A measured value")
