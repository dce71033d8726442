#!/usr/bin/env python3
"""Run every corpus case and record how its variants behave.

Each pathology is run as bad / fixed (and decoy, where the case has one) alternately,
each healthy control alone.  For every run the wall time, the CPU time of the whole
process tree and the peak memory of the tree are taken and the result line is checked
against what the case expects.  The summary goes to stdout and to the file given by --output.

    python run_corpus.py                      all cases, three rounds
    python run_corpus.py --only 04,19 -n 5    two cases, five rounds
    python run_corpus.py --python python3.13 --output measured.json
"""
import argparse
import ctypes
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent
TICK = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Orphans of a finished program become our children, so their CPU time is counted."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def session_members(sid):
    pids = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/stat") as stream:
                fields = stream.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX" and int(fields[3]) == sid:
            pids.append(int(entry.name))
    return pids


def memory_kib(pid):
    """Proportional set size, so that pages shared after fork count once."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as stream:
            for line in stream:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def busy_seconds():
    with open("/proc/stat") as stream:
        fields = [int(value) for value in stream.readline().split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / TICK


def reap():
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def end_session(sid):
    for _ in range(50):
        members = session_members(sid)
        if not members:
            break
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()
    reap()


def run_once(command, cwd, timeout):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = busy_seconds()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        start = time.perf_counter()
        proc = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                start_new_session=True)
        peak, processes, status, next_look = 0, 1, None, 0.05
        while status is None:
            elapsed = time.perf_counter() - start
            if elapsed > timeout:
                break
            if elapsed >= next_look:
                members = session_members(proc.pid)
                peak = max(peak, sum(memory_kib(pid) for pid in members))
                processes = max(processes, len(members))
                next_look = time.perf_counter() - start + 0.15
            time.sleep(0.005)
            status = proc.poll()
        wall = time.perf_counter() - start
        hung = status is None
        left = [] if hung else session_members(proc.pid)
        end_session(proc.pid)
        if hung:
            proc.wait()
        reap()
        busy = busy_seconds() - busy
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        out.seek(0)
        err.seek(0)
        results = [line.strip() for line in out if line.startswith("result:")]
        errors = [line.strip() for line in err if line.strip()]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 3), "cpu_s": round(cpu, 3), "peak_mib": round(peak / 1024, 1),
            "processes": processes, "outcome": "hang" if hung else "ok" if status == 0 else "crash",
            "result": results[-1] if results else None, "last_error": errors[-1][:160] if errors else "",
            "left_over": len(left), "foreign_cpu": round(max(0.0, busy - cpu) / wall / os.cpu_count(), 3)}


def wait_for_calm(limit, patience):
    """Start when other programs leave the machine alone, or when patience runs out."""
    deadline = time.perf_counter() + patience
    while time.perf_counter() < deadline:
        window = random.uniform(0.25, 0.5)
        busy = busy_seconds()
        time.sleep(window)
        if (busy_seconds() - busy) / window / os.cpu_count() <= limit:
            return


def quiet(runs, limit):
    """The runs that other programs disturbed least."""
    calm = [run for run in runs if run["foreign_cpu"] <= limit]
    return calm or sorted(runs, key=lambda run: run["foreign_cpu"])[:1]


def centre(runs, key, limit):
    return statistics.median(run[key] for run in quiet(runs, limit))


def load_cases(only):
    cases = []
    for path in sorted(ROOT.glob("*/case.toml")):
        name = path.parent.name
        if only and not any(name.startswith(prefix) for prefix in only):
            continue
        case = tomllib.loads(path.read_text())
        case["id"] = name
        case["variants"] = [v for v in ("healthy", "bad", "fixed", "decoy") if (path.parent / f"{v}.py").exists()]
        cases.append(case)
    return cases


def missing_packages(python, requires):
    absent = []
    for package in requires:
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
        if subprocess.run([python, "-c", code], stdin=subprocess.DEVNULL).returncode:
            absent.append(package)
    return absent


def check(case, runs):
    """Return the list of things that are not as the case says."""
    problems = []
    for variant in ("healthy", "fixed", "decoy"):
        for run in runs.get(variant, []):
            if variant == "decoy" and case["expect"] not in ("slow", "memory"):
                continue
            if run["outcome"] != "ok" or run["result"] is None:
                problems.append(f"{variant} did not finish: {run['outcome']} {run['last_error']}")
    good = {run["result"] for variant in ("healthy", "fixed", "decoy") for run in runs.get(variant, [])}
    if len(good) > 1:
        problems.append(f"result lines differ: {sorted(map(str, good))}")
    for run in runs.get("bad", []):
        expect = case["expect"]
        if expect == "hang" and (run["outcome"] != "hang" or run["result"]):
            problems.append(f"bad should hang, was {run['outcome']} {run['result']}")
        elif expect == "crash" and (run["outcome"] != "crash" or run["result"]):
            problems.append(f"bad should crash, was {run['outcome']} {run['result']}")
        elif expect == "wrong-result" and (run["outcome"] != "ok" or run["result"] in good or not run["result"]):
            problems.append(f"bad should finish with another result, was {run['outcome']} {run['result']}")
        elif expect in ("slow", "memory") and (run["outcome"] != "ok" or run["result"] not in good):
            problems.append(f"bad should finish with the same result, was {run['outcome']} {run['result']}")
    return problems


def measure(case, options):
    folder = ROOT / case["id"]
    limit = options.quiet
    runs = {variant: [] for variant in case["variants"]}
    launcher = case.get("launcher", [])
    if launcher and shutil.which(launcher[0]) is None:
        return {"skipped": f"{launcher[0]} not found"}
    absent = missing_packages(options.python, case.get("requires", []))
    if absent:
        return {"skipped": "needs " + ", ".join(absent)}
    slow = case["expect"] not in ("hang", "crash", "wrong-result")
    for attempt in range(options.rounds + (options.extra if slow else 0)):
        if attempt >= options.rounds and all(
                sum(run["foreign_cpu"] <= limit for run in runs[v]) >= options.rounds for v in runs):
            break
        for variant in case["variants"]:
            hangs = case["expect"] == "hang" and variant == "bad"
            if hangs and runs[variant] and attempt >= options.rounds:
                continue
            timeout = case["timeout_s"] if hangs else max(60, 4 * case["timeout_s"])
            command = [*launcher, options.python, f"{variant}.py", *case.get("args", []), "--scale", str(options.scale)]
            wait_for_calm(limit, options.patience)
            runs[variant].append(run_once(command, folder, timeout))
    summary = {"cause": case["cause"], "expect": case["expect"], "problems": check(case, runs)}
    for variant, taken in runs.items():
        summary[variant] = {
            "wall_s": round(centre(taken, "wall_s", limit), 3), "cpu_s": round(centre(taken, "cpu_s", limit), 3),
            "peak_mib": round(centre(taken, "peak_mib", limit), 1), "processes": max(r["processes"] for r in taken),
            "outcome": taken[-1]["outcome"], "result": taken[-1]["result"], "last_error": taken[-1]["last_error"],
            "quiet_runs": sum(run["foreign_cpu"] <= limit for run in taken), "runs": taken}
    if "bad" in runs and "fixed" in runs and case["expect"] in ("slow", "memory"):
        bad, fixed = summary["bad"], summary["fixed"]
        summary["speedup"] = round(bad["wall_s"] / fixed["wall_s"], 2)
        summary["cpu_ratio"] = round(bad["cpu_s"] / fixed["cpu_s"], 2) if fixed["cpu_s"] else None
        summary["memory_ratio"] = round(bad["peak_mib"] / fixed["peak_mib"], 2) if fixed["peak_mib"] else None
        if "decoy" in summary:
            summary["decoy_speedup"] = round(bad["wall_s"] / summary["decoy"]["wall_s"], 2)
        low, high = (case.get("expected_speedup_range") or [0, 1e9])[:2]
        if case["expect"] == "slow" and not low <= summary["speedup"] <= high:
            summary["problems"].append(f"speed-up {summary['speedup']} outside {low}..{high}")
        if case["expect"] == "memory" and summary["memory_ratio"] < case.get("min_memory_ratio", 1.5):
            summary["problems"].append(f"memory ratio only {summary['memory_ratio']}")
    return summary


def row(name, summary):
    if "skipped" in summary:
        return f"{name:<30} skipped: {summary['skipped']}"
    first = summary.get("bad") or summary["healthy"]
    second = summary.get("fixed")
    text = f"{name:<30} {summary['cause']:<22} {summary['expect']:<13}"
    text += f"{'hang' if first['outcome'] == 'hang' else format(first['wall_s'], '.2f'):>7}"
    text += f"{second['wall_s']:>8.2f}" if second else " " * 8
    text += f"{summary['speedup']:>8.2f}" if "speedup" in summary else " " * 8
    text += f"{summary['decoy_speedup']:>7.2f}" if "decoy_speedup" in summary else " " * 7
    text += f"{first['cpu_s']:>8.2f}" + (f"{second['cpu_s']:>7.2f}" if second else " " * 7)
    text += f"{first['peak_mib']:>8.0f}" + (f"{second['peak_mib']:>6.0f}" if second else " " * 6)
    calm = min(summary[v]["quiet_runs"] for v in ("healthy", "bad", "fixed", "decoy") if v in summary)
    return text + f"{calm:>4}  " + ("; ".join(summary["problems"])[:150] or "ok")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="comma-separated prefixes of case names")
    parser.add_argument("-n", "--rounds", type=int, default=3)
    parser.add_argument("--extra", type=int, default=4, help="extra rounds while runs were disturbed by other programs")
    parser.add_argument("--quiet", type=float, default=0.08, help="share of the machine other programs may use in a calm run")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait for a calm machine before each run")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--output", default=os.devnull, help="all that was measured, as JSON")
    options = parser.parse_args()
    become_subreaper()
    version = subprocess.run([options.python, "-c", "import platform; print(platform.python_version())"],
                             capture_output=True, text=True).stdout.strip()
    output = pathlib.Path(options.output)
    report = json.loads(output.read_text()) if output.is_file() and options.only else {}
    report.update(python=version, cpus=os.cpu_count(), system=platform.system(), machine=platform.machine(),
                  scale=options.scale)
    results = report.setdefault("cases", {})
    print(f"Python {version}, {os.cpu_count()} CPUs, {options.rounds} rounds, scale {options.scale}")
    print(f"{'case':<30} {'cause':<22} {'expect':<13}{'bad s':>7}{'fixed s':>8}{'speedup':>8}{'decoy':>7}"
          f"{'bad cpu':>8}{'fixed':>7}{'bad MiB':>8}{'fixed':>6}{'calm':>6}")
    failed = 0
    for case in load_cases([part for part in options.only.split(",") if part]):
        summary = results[case["id"]] = measure(case, options)
        failed += bool(summary.get("problems"))
        print(row(case["id"], summary), flush=True)
        output.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{len(results)} cases recorded, {failed} not as expected")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
