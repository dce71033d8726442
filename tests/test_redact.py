import re
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import registry, reports
from mpdiag.advice import Evidence, Finding, Fix, Place
from mpdiag.model import Column, Measured
from mpdiag.redact import Identity, redact
from mpdiag.report import Account, Memory, ProcessAccount, Quality, Section, Span, Style, Unjudged, Visited

REPORT = reports.decode((Path(__file__).parent / "golden" / "probe.json").read_bytes(), "probe.json")
WHO = Identity(home="/home/ann", user="ann", host="merlin.example.org")


def cleaned(text: str, who: Identity = WHO) -> str:
    return redact(replace(REPORT, verdict=text), who).verdict


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/ann/app.py", "~/app.py"),
        ("read '/home/ann'.", "read '~'."),
        ("PYTHONPATH=/home/ann:/usr/lib", "PYTHONPATH=~:/usr/lib"),
        ("/home/anna/app.py", "/home/anna/app.py"),
        ("/home/ann-backup/x", "/home/ann-backup/x"),
        ("/mnt/home/ann/x", "/mnt/home/<user>/x"),
        ("/data/ann/x and /data/ann", "/data/<user>/x and /data/<user>"),
        ("ann is a word, annual and ann-x others", "<user> is a word, annual and ann-x others"),
        ("owned by ann, ann@merlin", "owned by <user>, <user>@<host>"),
        ("on merlin.example.org", "on <host>"),
        ("merlin:8786 and MERLIN, tcp://merlin.", "<host>:8786 and <host>, tcp://<host>."),
        ("merlins merlin-2", "merlins merlin-2"),
    ],
)
def test_names_are_replaced(text, left):
    assert cleaned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("app.py --password=hunter2 -v", "app.py --password=<secret> -v"),
        ("app.py --api-token hunter2 x", "app.py --api-token <secret> x"),
        ("app.py --db-password 'two words' x", "app.py --db-password <secret> x"),
        ("app.py --token --verbose", "app.py --token --verbose"),
        ("postgres://ann:hunter2@db/x", "postgres://<secret>@db/x"),
        ("https://x.y/z?a=1&access_token=hunter2&b=2#c", "https://x.y/z?a=1&access_token=<secret>&b=2#c"),
        ("GITHUB_TOKEN=hunter2 make", "GITHUB_TOKEN=<secret> make"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer <secret>"),
        (f"ghp_{'a' * 36}", "<secret>"),
        ("AKIAABCDEFGHIJKLMNOP", "<secret>"),
        (f"key sk-{'a' * 24}.", "key <secret>."),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", "<secret>"),
        ("a token, 3 tokens=4, secrets.token_hex(), --tokens", "a token, 3 tokens=4, secrets.token_hex(), --tokens"),
        ("mailto:ann@example.org, a@b, https://x.y/@z", "mailto:<user>@example.org, a@b, https://x.y/@z"),
        ("--author me --passes 3 --authority x", "--author me --passes 3 --authority x"),
    ],
)
def test_secrets_are_replaced(text, left):
    assert cleaned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("['app.py', '--password', 'hunter2', '-v']", "['app.py', '--password', <secret>, '-v']"),
        ("['app.py', '--token', '--verbose']", "['app.py', '--token', '--verbose']"),
        ("-H 'Authorization: token hunter2' x", "-H 'Authorization: token <secret>' x"),
        ("Authorization: hunter2", "Authorization: <secret>"),
        ('{"X-Api-Key": "hunter2"}', '{"X-Api-Key": "<secret>"}'),
        ("Cookie: id=hunter2; b=hunter2 then", "Cookie: <secret> then"),
        ('connect(password="hunter2")', "connect(password=<secret>)"),
        ("{'api_key': 'hunter2'}", "{'api_key': <secret>}"),
        ("host=db password=hunter2 port=1", "host=db password=<secret> port=1"),
        ("password=getpass.getpass(), token=token", "password=getpass.getpass(), token=token"),
    ],
)
def test_secrets_in_headers_source_and_lists_are_replaced(text, left):
    assert cleaned(text) == left


def test_what_a_variable_called_like_a_secret_holds_is_replaced_wherever_it_stands(monkeypatch):
    monkeypatch.setenv("SHOP_API_TOKEN", "tiger-lily")
    monkeypatch.setenv("PWD", "/srv/shop")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "parallelism")

    assert cleaned("no tiger-lily in /srv/shop, parallelism", Identity.here()) == (
        "no <secret> in /srv/shop, parallelism"
    )


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/tmp", "<temp>"),
        ("at /tmp/tmpk3j2_a8x/app.py:3", "at <temp>/tmp*/app.py:3"),
        ("/tmp/tmpabcdefgh", "<temp>/tmp*"),
        ("'/tmp/mpdiag-x7a9b2c1/site'", "'<temp>/mpdiag-*/site'"),
        ("/tmp/tmp.aBcDeFgHiJ/x", "<temp>/tmp.*/x"),
        ("/tmp/mpdiag-abcdefgh/tmpk3j2_a8x.py", "<temp>/mpdiag-*/tmp*.py"),
        ("/tmp/shop/prices.py", "<temp>/shop/prices.py"),
        ("/tmp/ipykernel_29558/477697229.py", "<temp>/*/477697229.py"),
        ("/tmp/pytest-of-ann/pytest-3/x", "<temp>/pytest-of-<user>/pytest-3/x"),
        ("/tmp/annual /tmp/jupyter_ann", "<temp>/annual <temp>/jupyter_<user>"),
        ("/tmpfs /mnt/tmp/tmpk3j2_a8x", "/tmpfs /mnt/tmp/tmpk3j2_a8x"),
        ("/home/ann/tmp/tmpk3j2_a8x", "<temp>/tmp*"),
        ("/home/ann/tmpk3j2_a8x", "~/tmpk3j2_a8x"),
    ],
)
def test_the_folder_of_temporary_files_and_random_names_in_it_are_replaced(text, left):
    assert cleaned(text, replace(WHO, temp=("/tmp", "/home/ann/tmp", "/"))) == left


@pytest.mark.parametrize(
    ("folder", "left"),
    [
        ("/tmp/tmpk3j2_a8x", "<temp>/tmp*/step_02_load.py <temp>/tmp* <temp>/*"),
        ("/tmp", "<temp>/tmp*/*.py <temp>/tmp* <temp>/*"),
        ("", "<temp>/tmp*/*.py <temp>/tmp* <temp>/*"),
    ],
)
def test_what_lies_below_the_working_directory_is_called_by_its_name(folder, left):
    text = "/tmp/tmpk3j2_a8x/step_02_load.py /tmp/tmpk3j2_a8x /tmp/step_02_load"

    assert cleaned(text, replace(WHO, temp=("/tmp",), folder=folder)) == left


def test_temporary_files_of_windows_even_within_the_home_folder():
    who = Identity(home=r"C:\Users\ann", user="ann", temp=(r"C:\Users\ann\Temp",))

    assert cleaned(r"C:\Users\ann\Temp\tmpk3j2_a8x\app.py", who) == r"<temp>\tmp*\app.py"
    assert cleaned(r"'C:\\Users\\ann\\Temp\\tmpk3j2_a8x'", who) == r"'<temp>\\tmp*'"


def test_a_home_folder_among_temporary_files_is_the_home_folder():
    assert cleaned("/tmp/home/x /tmp/y", Identity(home="/tmp/home", temp=("/tmp",))) == "~/x <temp>/y"


def test_a_secret_that_is_a_word_of_its_own_is_replaced():
    command = ("mpdiag", "run", "app.py", "--password", "hunter2", "-t", "x", "--token", "--json", "x.json")

    assert redact(replace(REPORT, command=command), Identity()).command == (
        *("mpdiag", "run", "app.py", "--password", "<secret>", "-t", "x", "--token", "--json", "x.json"),
    )


def test_source_keeps_its_columns_where_a_secret_stood():
    shown = redacted_place(Place("x.py", excerpt='open("https://u:hunter2@x")  # f'))

    assert shown.excerpt == 'open("*****************@x")  # f'


def test_windows_paths_even_when_written_with_doubled_backslashes():
    who = Identity(home=r"C:\Users\ann", user="ann")

    assert cleaned(r"C:\Users\ann\app.py", who) == r"~\app.py"
    assert cleaned(r"'C:\\Users\\ann\\app.py'", who) == r"'~\\app.py'"
    assert cleaned(r"D:\ann\x", who) == r"D:\<user>\x"


@pytest.mark.parametrize("host", ["localhost", "pc", "ubuntu", ""])
def test_common_short_and_empty_host_names_stay(host):
    assert cleaned("localhost pc ubuntu", Identity(host=host)) == "localhost pc ubuntu"


@pytest.mark.parametrize("user", ["al", "root", "Runner"])
def test_short_and_very_common_user_names_stay(user):
    assert cleaned(f"{user} in /data/{user}/x", Identity(user=user)) == f"{user} in /data/{user}/x"


@pytest.mark.parametrize("user", ["pool", "will", "spawn"])
def test_user_names_that_are_words_of_the_report_go_from_paths_alone(user):
    assert cleaned(f"a {user} in /data/{user}/x", Identity(user=user)) == f"a {user} in /data/<user>/x"


def test_the_keys_of_facts_survive_a_user_called_like_them():
    section = Section("kernel", "The kernel", "ok", columns=(Column("kernel", "Kernel"),), rows=({"kernel": "kernel"},))
    report = replace(REPORT, machine={"kernel": "6.1"}, sections=(section,))

    shown = redact(report, Identity(user="kernel"))

    assert shown.machine == {"kernel": "6.1"}
    assert shown.sections == (replace(section, title="The <user>", rows=({"kernel": "<user>"},)),)


def test_nothing_known_changes_nothing_but_the_hour():
    assert redact(REPORT, Identity()) == REPORT
    assert redact(REPORT, Identity(home="/")) == REPORT


def test_the_hour_goes_and_the_date_stays():
    late = replace(REPORT, started_at="2026-11-22T19:47:03Z")

    assert redact(late, Identity()).started_at == "2026-11-22T00:00:00Z"


def test_every_string_and_every_key_is_reached():
    path = "/home/ann/x"
    section = Section(
        "s",
        path,
        "failed",
        path,
        rows=({path: path, "value": Measured(1.0, None, None, 1)},),
        process={path: [path, {"deep": path}]},
    )
    finding = replace(REPORT.findings[0], seen=path, do=path, place=Place(path, process=path))
    report = replace(
        REPORT,
        command=("mpdiag", path),
        machine={"nested": {path: (path, [path])}},
        python={"executable": path},
        sections=(section,),
        findings=(finding,),
    )

    text = reports.encode(redact(report, WHO))

    assert "ann" not in text.replace("channels", "")
    assert text.count("~/x") == reports.encode(report).count(path) == 16


@pytest.mark.parametrize("host", ["probe", "mpdiag", "MP701", "measured", "ok-ok", "warning"])
def test_the_reports_own_words_survive_a_host_called_like_them(host):
    text = reports.encode(redact(REPORT, Identity(host=host)))

    again = reports.decode(text.encode(), "x")
    assert (again.schema, again.kind, again.tool) == (REPORT.schema, REPORT.kind, REPORT.tool)
    assert [finding.rule for finding in again.findings] == [finding.rule for finding in REPORT.findings]


def test_here_knows_this_account(tmp_path):
    here = Identity.here()

    assert here.home == str(Path.home())
    assert cleaned(f"{here.home}/app.py", here) == "~/app.py"
    assert cleaned(tempfile.mkdtemp(dir=tmp_path), replace(here, temp=(str(tmp_path),))) == "<temp>/tmp*"
    assert cleaned(tempfile.gettempdir(), here) == "<temp>"


def test_source_keeps_its_columns():
    shown = redacted_place(Place("/home/ann/x.py", excerpt='open("/home/ann/x")  # ann\nf()'))

    assert shown == Place("~/x.py", excerpt='open("*********/x")  # ***\nf()')


@pytest.mark.parametrize("file", ["ann/x.py", "src/ann/..x.py", "ann", "C/ann.py"])
def test_a_file_of_the_project_keeps_its_path(file):
    assert redacted_place(Place(file)) == Place(file)


@pytest.mark.parametrize("file", ["/src/ann/x", "../ann/x", "a/../../ann/x", "C:/ann/x", r"D:\ann\x", r"..\ann\x"])
def test_a_file_elsewhere_does_not(file):
    assert redacted_place(Place(file)) == Place(file.replace("ann", "<user>"))


@pytest.mark.parametrize(("replacement", "left"), [("x = 1", True), ('open("/home/ann/x")', False)])
def test_an_edit_that_would_lose_text_is_left_out(replacement, left):
    finding = replace(REPORT.findings[0], fix=Fix(1, 1, 1, 2, replacement))

    assert (redact(replace(REPORT, findings=(finding,)), WHO).findings[0].fix == finding.fix) is left


def redacted_place(place):
    report = replace(REPORT, findings=(replace(REPORT.findings[0], place=place),))
    return redact(report, WHO).findings[0].place


@pytest.mark.parametrize("kind", ["lint", "run"])
@pytest.mark.parametrize("name", registry.names("renderers"))
def test_no_format_tells_who_ran_it(name, kind):
    planted = "--password=hunter2 --api-key hunter2 https://u:hunter2@x.y/?token=hunter2 DB_PASSWORD=hunter2"
    planted += " Authorization: hunter2 ['--token', 'hunter2'] hunter2hunter2 /scratch/tmpk3j2_a8x/f"
    secret = f"/home/zoe/x by zoe on merlin.example.org {planted}"
    place = Place(secret, 3, 1, secret, secret, 3, 9, f"open({secret})")
    finding = Finding("MP999", "x", "error", "static", secret, secret, secret, (Evidence(secret, secret),), place)
    span = Span(1, "task", secret, 1.0, 2.0, place=secret)
    process = ProcessAccount(1, 0, secret, secret, secret, 0.0, 9.0, secret, {secret: 1.0}, Memory(1))
    report = replace(
        REPORT,
        kind=kind,
        command=("mpdiag", secret, "--password", "hunter2"),
        verdict=secret,
        sections=(Section("s", secret, "ok", secret, columns=(Column("x", secret),), rows=({"x": secret},)),),
        account=Account(9.0, (process,), {secret: 1.0}, 0.0, timeline=(span,)),
        findings=(finding, replace(finding, seen=f"{secret} again")),
        quality=(Quality(secret, (secret,)),),
        not_judged=(Unjudged("MP998", secret),),
    )

    text = registry.renderer(name).render(
        redact(report, Identity("/home/zoe", "zoe", "merlin.example.org", ("/scratch",), ("hunter2hunter2",))),
        Style(verbose=True),
    )

    assert "MP999" in text
    assert not re.search("zoe|merlin|/home|hunter2|/scratch|k3j2_a8x", text)


# --- fleets


def fleet():
    inside = replace(REPORT, quality=(Quality("node-a, not node-b, is noisy"),))
    hosts = (
        Visited("node-a", "10.0.0.1", "ok", None, 1.0, inside),
        Visited("node-a.cluster.example", "10.0.0.12", "failed", "tcp://10.0.0.12:4000 is gone"),
    )
    rows = ({"host": "node-a", "address": "10.0.0.1"}, {"host": "node-a.cluster.example", "address": "10.0.0.12"})
    return replace(
        REPORT,
        kind="fleet",
        command=("mpdiag", "fleet", "doctor", "--dask", "tcp://10.9.9.9:8786"),
        verdict="node-a and node-a.cluster.example; node-abc is nobody of ours",
        sections=(Section("hosts", "Hosts", "ok", rows=rows),),
        hosts=hosts,
    )


def test_the_hosts_of_a_fleet_are_numbered_wherever_they_are_named():
    shown = redact(fleet(), WHO)

    assert shown.verdict == "host-1 and host-2; node-abc is nobody of ours"
    assert shown.command[-1] == "tcp://<host>:8786"
    assert shown.sections[0].rows == (
        {"host": "host-1", "address": "host-1"},
        {"host": "host-2", "address": "host-2"},
    )
    first, second = shown.hosts
    assert (first.host, first.address, second.host, second.address) == ("host-1", "host-1", "host-2", "host-2")
    assert second.reason == "tcp://host-2:4000 is gone"


def test_the_reports_inside_are_redacted_too():
    (first, _) = redact(fleet(), WHO).hosts

    assert first.report.started_at.endswith("T00:00:00Z")
    assert first.report.quality[0].text.startswith("host-1, not ")


def test_a_fleet_that_was_redacted_stays_as_it_is():
    once = redact(fleet(), WHO)

    assert redact(once, WHO) == once
