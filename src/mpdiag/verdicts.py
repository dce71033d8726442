"""The first line of a report: one sentence that answers what the user came for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mpdiag.advice import LEVELS
from mpdiag.model import Cell, Measured
from mpdiag.report import Account, Report, Section
from mpdiag.text import present
from mpdiag.text.buckets import bucket
from mpdiag.text.present import ceiling
from mpdiag.units import number, seconds

#: What a process spends on nothing of its own: others work meanwhile.
WAITS_FOR_OTHERS = frozenset({"join", "wait_task"})
#: What a process does before and after its own code.
AROUND = frozenset({"start", "import", "exit"})
#: Roles of the library's own processes: they wait to be needed.
HELPERS = frozenset({"resource_tracker", "forkserver"})
#: CPUs, or the work on them, are busy from here on (POP calls an efficiency of 0.8 good).
BUSY = 0.8
#: A host whose durations are so many times as long as usual is slow.
SLOW = 1.2
#: The column with a short place.
WHERE = "where"


def of(report: Report) -> str:
    """The verdict of ``report``, made anew; as it stands, where none is made here."""
    makers = {"probe": probe, "run": run, "hang": hang, "lint": lint, "doctor": doctor, "size": size, "fleet": fleet}
    made = makers.get(report.kind)
    return made(report) if made else report.verdict


def probe(report: Report) -> str:
    """What multiprocessing costs here, and whether something needs attention."""
    parts = [part for part in (starting(report), dispatching(report)) if part]
    attention = [finding for finding in report.findings if finding.level != "note"]
    if attention:
        worst = attention[0]
        more = f" and {len(attention) - 1} more" if len(attention) > 1 else ""
        parts.append(f"look at {worst.rule} {worst.name}{more}")
    elif report.findings or report.passed:
        parts.append("nothing on this machine stands in the way")
    return capitalised("; ".join(parts)) + "." if parts else "Nothing was measured."


def run(report: Report) -> str:
    """The cause that costs a program most, where it stands and what its fix can win; or that there is none."""
    attention = [finding for finding in report.findings if finding.level != "note"]
    if not attention:
        ended = failed(report.account)
        content = contentment(report.account, report.machine)
        return f"It {ended}; until then {content}." if ended else f"Nothing to gain here: {content}."
    worst = attention[0]
    where = f" ({worst.place.file}:{worst.place.line})" if worst.place else ""
    gain = worst.gain
    win = f"; a fix can win at most {ceiling(gain)}" if gain else ""
    more = f"; {len(attention) - 1} more below" if len(attention) > 1 else ""
    return f"{worst.title}{where}: {worst.rule} {worst.name}{win}{more}."


def failed(account: Account | None) -> str:
    """How a program ended that did not do its work; nothing for one that did."""
    main = next((one for one in account.processes if one.role == "main"), None) if account else None
    if main is None or main.exit in (0, None):
        return ""
    return f"was ended by {main.exit}" if isinstance(main.exit, str) else f"failed with exit code {main.exit}"


def doctor(report: Report) -> str:
    """Whether anything stands in the way of multiprocessing here."""
    attention = [finding for finding in report.findings if finding.level != "note"]
    if not attention:
        return "Ready for multiprocessing."
    worst = attention[0]
    more = f"; {len(attention) - 1} more below" if len(attention) > 1 else ""
    return f"Not quite ready for multiprocessing: {worst.title} ({worst.rule} {worst.name}){more}."


def hang(report: Report) -> str:
    """Who waits for whom, where, and why that never ends; or that the program is merely slow, or waits for others."""
    attention = [finding for finding in report.findings if finding.level != "note"]
    if attention:
        worst = attention[0]
        more = f" {len(attention) - 1} more below." if len(attention) > 1 else ""
        return f"{worst.title}: {worst.seen} {worst.do} ({worst.rule} {worst.name}){more}"
    look = next(iter(rows(report.sections, "look")), {})
    waits = list(rows(report.sections, "waits"))
    does = doing(waits[0] if waits else {})
    able = [row for row in waits if row.get("hope") is None]  # they wait for nobody of the program
    runs = [row for row in able if row.get("kind") == "runs"]
    end = next(iter(runs or able), None)
    chain = f"{does}; {doing(end)}" if end and end is not waits[0] else does
    return {
        "stuck": f"Stuck, and no rule knows the cause: {does}, and nobody who could end that can go on.",
        "partly": f"A part of it is stuck, and no rule knows the cause; {does}.",
        "moving": f"Not stuck: it moves; {chain}.",
        "idle": f"Not stuck, but idle: {chain}.",
    }.get(str(look.get("state")), unseen(does, look))


def doing(row: Mapping[str, Cell]) -> str:
    """What a thread does, or all that do the same, as a row of who waits for whom tells it."""
    alike = row.get("count")
    more = f" (as {alike - 1} other{'s do' if alike > 2 else ' does'})" if isinstance(alike, int) and alike > 1 else ""
    who = f"{row.get('process', 'main')}{more}" if more else row.get("who", "main")
    return f"{who} {row.get('what', 'waits')}{f' at {row[WHERE]}' if row.get(WHERE) else ''}"


def unseen(does: str, look: Mapping[str, Cell]) -> str:
    """That too little was seen of a program that stands still, why that is, and what would show more."""
    parts = [f"It could not be seen whether it is stuck or only idle: {does}", look.get("hidden"), look.get("remedy")]
    return f"{'. '.join(str(part) for part in parts if part)}."


def fleet(report: Report) -> str:
    """What a run on a cluster loses most to; else how many hosts answered, what is in the way, and who is unusual."""
    if report.account:
        if not rows(report.sections, "groups"):
            return "No task ran on the cluster."
        cpus = [row.get("usable_cpus") for row in rows(report.sections, "workers")]
        usable = sum(float(each) for each in cpus if isinstance(each, (int, float)))
        return run(replace(report, machine={"usable_cpus": usable or None}))
    answered = [one for one in report.hosts if one.report]
    silent = [one for one in report.hosts if one.status != "ok"]
    count = len(report.hosts)
    parts = [f"{len(answered)} of {count} host{'s' * (count != 1)} answered"]
    if silent:
        parts[0] += f" ({silent[0].host}: {silent[0].reason}{f'; {len(silent) - 1} more below' * (len(silent) > 1)})"
    if attention := sorted(
        (one for one in report.findings if one.level != "note"), key=lambda one: -LEVELS.index(one.level)
    ):
        more = f" and {len(attention) - 1} more" if len(attention) > 1 else ""
        parts.append(f"look at {attention[0].rule} {attention[0].name}{more}")
    elif answered:
        parts.append("nothing stands in the way")
    if odd := [row for row in rows(report.sections, "hosts") if row.get("unusual")]:
        more = f"{len(odd)} hosts are unusual, most of all " if len(odd) > 1 else ""
        parts.append(f"{more}{odd[0]['host']}{'' if more else ' is unusual'}: {difference(report, odd[0])}")
    return "; ".join(parts) + "."


def difference(report: Report, host: Mapping[str, Cell]) -> str:
    """What sets a host apart: that all takes longer there, or less long; else the figure that is furthest off."""
    pace = host.get("pace")
    if isinstance(pace, float) and not 1 / SLOW < pace < SLOW:
        return f"what takes time takes {number(pace, 'x')} as long there"
    row = next(row for row in rows(report.sections, "unusual") if row["host"] == host["host"])
    return f"{row['what']} {row['here']} (usual: {row['usual']})"


def size(report: Report) -> str:
    """How to run the function, how much faster that is, and what limits it."""
    facts = {str(row.get("what")): str(row.get("here")) for row in rows(report.sections, "choice")}
    if "efficient choice" not in facts:
        return "Not measured far enough to recommend anything."
    choice, limit = facts["efficient choice"], facts["limited by"]
    name, _, gain = choice.partition(": ")
    if not gain and limit.startswith("not known"):
        return "Not measured far enough to recommend anything."
    if not gain:
        return f"Use a plain loop: no kind of worker is faster. The limit is {limit}."
    return f"Use {name}: {gain} as fast as a plain loop. The limit is {limit}."


def contentment(account: Account | None, machine: Mapping[str, Any]) -> str:
    """Why a program without a finding takes the time it takes."""
    spent: dict[str, float] = defaultdict(float)
    for one in account.processes if account else ():
        for key, time in one.buckets.items():
            if one.role not in HELPERS and key not in WAITS_FOR_OTHERS:
                spent[key] += time
    spent_s = sum(spent.values())
    if account is None or not spent_s or not account.wall_s:
        return "no rule found a mistake, but where the time went was not observed"
    cpu_s = sum(one.buckets.get("cpu", 0.0) if one.cpu_s is None else one.cpu_s for one in account.processes)
    busy = cpu_s / (account.wall_s * (machine.get("usable_cpus") or 1.0))
    own_s, running_s = spent.get("cpu", 0.0), spent_s - spent.get("ready", 0.0)
    if busy >= BUSY and running_s and own_s >= BUSY * running_s:
        quota = machine.get("cpu_quota")
        cpus = f"{number(quota, None)} CPUs that its quota allows" if quota else "CPUs"
        return (
            f"the {cpus} are busy {percent(busy)} of the time, {percent(own_s / running_s)} of it with the "
            "program's own work"
        )
    most = max(spent, key=lambda key: spent[key])
    alone = len(account.processes) == 1
    if alone and most not in AROUND:
        return f"it is one process, which computes {percent(min(1.0, cpu_s / account.wall_s))} of the time"
    if most == "ready":
        return (
            f"its processes computed for {percent(own_s / spent_s)} of their time, and for "
            f"{percent(spent[most] / spent_s)} of it no CPU was free for them"
        )
    whose = "its one process does" if alone else "its processes do"
    return f"{percent(spent[most] / spent_s)} of what {whose} is {bucket(most).words}"


def lint(report: Report) -> str:
    """How many mistakes there are in how many files, and the first of them; or that there are none."""
    counts = {
        str(row.get("key")): number
        for row in rows(report.sections, "files")
        if isinstance(number := row.get("count"), int)
    }
    checked = counts.get("checked", 0)
    if not checked:
        return f"Nothing was checked{beside(counts)}."
    files = f"{checked} file{'s' * (checked != 1)}"
    findings = report.findings
    if not findings:
        using = counts.get("relevant", 0)
        return f"Nothing found in {files} ({using} use{'s' * (using == 1)} multiprocessing){beside(counts)}."
    told = " and ".join(present.levels(findings).rsplit(", ", 1))
    places = {finding.place.path for finding in findings if finding.place}
    more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
    worst = findings[0]
    where = f" ({worst.place.file}:{worst.place.line})" if worst.place else ""
    among = f"{len(places)} of {files}" if checked > 1 else files
    return f"{told} in {among}: {worst.title}{where}{more}{beside(counts)}."


def beside(counts: Mapping[str, int]) -> str:
    """What a lint mended, left out or could not read."""
    kinds = [("fixed", "mended"), ("known", "in the baseline"), ("not_checked", "not checked")]
    if not counts.get("checked"):
        kinds = [("excluded", "excluded"), ("unchanged", "without a change"), ("not_checked", "could not be read")]
    return "".join(f"; {counts[key]} {what}" for key, what in kinds if counts.get(key))


def percent(part: float) -> str:
    """A part of the whole."""
    return number(min(part, 1.0), "fraction")


def capitalised(text: str) -> str:
    """``text`` with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def starting(report: Report) -> str | None:
    """What a worker costs to start by the default method, on how many CPUs."""
    method = report.python.get("default_start_method")
    usable = report.machine.get("usable_cpus")
    cost = median(report, "start_method", "joined", method=method) or median(
        report, "start_method", "joined", method=f"{method}, next"
    )
    if cost is None:
        return None
    where = f" on {number(usable, None)} usable CPUs" if usable else ""
    return f"a worker costs {seconds(cost)} by {method}, the default{where}"


def dispatching(report: Report) -> str | None:
    """The task below which a pool does not pay."""
    cost = median(report, "pool_overhead.break_even", "task")
    return None if cost is None else f"a pool pays for tasks above {seconds(cost)}"


def median(report: Report, section: str, key: str, **where: object) -> float | None:
    """The median in the first row of ``section`` that fits ``where``."""
    for row in rows(report.sections, section):
        cell = row.get(key)
        if all(row.get(name) == wanted for name, wanted in where.items()):
            if isinstance(cell, Measured):
                return cell.median
            if isinstance(cell, (int, float)):
                return float(cell)
    return None


def rows(sections: tuple[Section, ...], name: str) -> tuple[dict[str, Cell], ...]:
    """The rows of the section ``name``."""
    return next((section.rows for section in sections if section.id == name), ())
