"""`mpdiag fleet` on real clusters of several processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed", reason="needs the extra dask")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes and folders as Linux has them"),
    pytest.mark.timeout(300),
]

MPDIAG = (sys.executable, "-m", "mpdiag", "fleet")
DASK = str(Path(sys.executable).parent / "dask")
#: Beyond what a busy machine takes.
LONG = 120.0


def until(what: Callable[[], object], why: str = "") -> object:
    """The first true answer."""
    late = time.monotonic() + LONG
    while not (found := what()):
        assert time.monotonic() < late, why
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Cluster:
    """A scheduler and workers, each a process with ``folder`` for temporary files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.file = folder / "scheduler.json"
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "TMPDIR": str(self.temporary)}
        log = (self.folder / f"log-{len(self.processes)}").open("wb")
        with log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def scheduler(self) -> None:
        port, file = str(self.port), str(self.file)
        self.start(DASK, "scheduler", "--host", "0.0.0.0", "--port", port, "--no-dashboard", "--scheduler-file", file)
        until(self.file.exists, "the scheduler did not start")

    def worker(self, address: str = "", inside: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(self.temporary))
        return self.start(*inside, DASK, "worker", address or self.address, *options)

    def errands(self) -> list[Path]:
        """The folders of what we run on the workers."""
        return list(self.temporary.glob("mpdiag-*"))

    def gatherers(self) -> list[psutil.Process]:
        """The processes of what we run on the workers."""
        return [
            one
            for one in psutil.process_iter()
            if str(self.temporary) in command_line(one) and "main.py" in command_line(one)
        ]

    def end(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def cluster_in(folder: Path, workers: int) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.scheduler()
        for _ in range(workers):
            cluster.worker()
        yield cluster
    finally:
        cluster.end()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with cluster_in(tmp_path, workers=2) as made:
        yield made


def fleet(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [*MPDIAG, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG, **settings)  # type: ignore[call-overload,no-any-return]


def saved(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_a_cluster_for_a_try_out_is_one_host_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}

    done = fleet("doctor", "--dask", "local:3", "--json", tmp_path / "out.json", env=environment)

    report = saved(tmp_path / "out.json")
    (host,) = report["hosts"]
    assert (done.returncode, done.stderr) == (0, "")
    assert (host["host"], host["status"], host["report"]["kind"]) == ("host-1", "ok", "doctor")
    assert host["report"]["machine"]["logical_cpus"] == os.cpu_count()
    (row,) = report["sections"][0]["rows"]
    assert row["python"] == ".".join(map(str, sys.version_info[:3]))
    assert list((tmp_path / "temporary").iterdir()) == []
    for name in ("markdown", "html", "sarif", "github", "gitlab", "concise", "junit", "terminal"):
        command = [sys.executable, "-m", "mpdiag", "report", str(tmp_path / "out.json"), "--format", name]
        assert subprocess.run(command, capture_output=True, check=True, timeout=LONG).stdout or name == "github"


def test_each_host_is_probed_once_and_named_only_when_asked_for(cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out.json"

    done = fleet(
        "probe", "semantics", "polling", "--quick", "--scheduler-file", cluster.file, "--no-redact", "--json", out
    )

    (host,) = saved(out)["hosts"]
    assert done.returncode == 0, done.stderr
    assert host["host"] == socket.gethostname()
    assert [section["status"] for section in host["report"]["sections"]] == ["ok"] * len(host["report"]["sections"])
    assert {section["id"].partition(".")[0] for section in host["report"]["sections"]} == {"semantics", "polling"}
    assert (cluster.errands(), cluster.gatherers()) == ([], [])


def test_a_worker_that_is_killed_mid_probe_is_a_row_with_a_reason(cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    with subprocess.Popen([*MPDIAG, "probe", "--budget", "100", "--dask", cluster.address, "--json", out]) as asking:
        gatherer = until(cluster.gatherers)[0]
        gatherer.parent().kill()

        assert asking.wait(LONG) == 3

    (host,) = saved(out)["hosts"]
    assert (host["status"], host["reason"]) == ("failed", "its worker died, or left the cluster, while it was asked")
    until(lambda: not cluster.gatherers() and not cluster.errands(), "something was left behind")


def test_ctrl_c_keeps_what_is_there_and_ends_what_runs(cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    with subprocess.Popen([*MPDIAG, "probe", "--budget", "100", "--dask", cluster.address, "--json", out]) as asking:
        begun: set[int] = set()
        # The facts are there when the third measuring process starts: one tells them, the next waits for its turn.
        until(lambda: begun.update(one.pid for one in cluster.gatherers()) or len(begun) > 3)
        time.sleep(1.0)
        asking.send_signal(signal.SIGINT)

        assert asking.wait(LONG) == 130

    report = saved(out)
    (host,) = report["hosts"]
    assert report["quality"][0]["text"].startswith("interrupted")
    assert (host["status"], host["reason"]) == ("skipped", "interrupted")
    assert host["report"]["python"]["version"]
    assert all(worker.poll() is None for worker in cluster.processes)
    until(lambda: not cluster.gatherers() and not cluster.errands(), "something was left behind")


def test_ctrl_c_in_a_terminal_does_not_end_the_workers_of_a_try_out(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    command = [*MPDIAG, "probe", "--budget", "100", "--dask", "local:2", "--json", tmp_path / "out.json"]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    settings = {"env": environment, "start_new_session": True, "stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(command, **settings) as asking:
        until(lambda: list((tmp_path / "temporary").glob("mpdiag-*/main.py")))
        os.killpg(asking.pid, signal.SIGINT)
        _, errors = asking.communicate(timeout=LONG)

    (host,) = saved(tmp_path / "out.json")["hosts"]
    assert (asking.returncode, errors) == (130, b"")
    assert (host["status"], host["reason"]) == ("skipped", "interrupted")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_scheduler_that_dies_is_a_reason(cluster: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [*MPDIAG, "probe", "--budget", "100", "--dask", cluster.address, "--json", out]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as asking:
        until(cluster.errands)
        cluster.processes[0].kill()
        _, errors = asking.communicate(timeout=LONG)

    (host,) = saved(out)["hosts"]
    assert (asking.returncode, errors) == (3, b"")
    assert host["status"] == "failed"
    until(lambda: not cluster.gatherers() and not cluster.errands(), "something was left behind")


def test_a_busy_host_is_a_row_that_says_so(cluster: Cluster, tmp_path: Path) -> None:
    keep_busy = (
        "import sys, time; from distributed import Client\n"
        "with Client(sys.argv[1]) as client:\n"
        "    client.wait_for_workers(2)\n"
        "    tasks = [client.submit(time.sleep, 300, pure=False) for _ in range(6)]\n"
        "    print('busy', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", keep_busy, cluster.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as others:
        assert others.stdout
        assert others.stdout.readline() == b"busy\n"

        done = fleet("doctor", "--dask", cluster.address, "--timeout", "2", "--json", tmp_path / "out.json")
        others.kill()

    (host,) = saved(tmp_path / "out.json")["hosts"]
    assert done.returncode == 3
    assert host["status"] == "timeout"
    assert host["reason"].startswith("busy: its idlest worker has ")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "no cluster was named"),
        (("--dask", "nonsense"), 2, "nonsense"),
        (("--dask", "local:many"), 2, "how many workers?"),
        (("--dask", "local:2", "--scheduler-file", "x"), 2, "Give one."),
        (("--dask", "ftp://127.0.0.1:1"), 2, "ftp"),
        (("--scheduler-file", "missing.json"), 2, "missing.json cannot be read"),
        (("--scheduler-file", "garbage.json"), 2, "is no scheduler file: it is not JSON"),
        (("--scheduler-file", "empty.json"), 2, "it names no address"),
        (("--dask", "tls://127.0.0.1:1", "--tls-ca-file", "garbage.json"), 2, "TLS"),
        (("--dask", "tcp://127.0.0.1:1"), 3, "no scheduler answers at tcp://127.0.0.1:1"),
        (("--dask", "local:2", "--select", "MP9"), 2, "MP9"),
    ],
)
def test_a_cluster_that_cannot_be_meant_or_reached_is_one_line(tmp_path: Path, arguments, code, said) -> None:
    (tmp_path / "garbage.json").write_text("no certificate")
    (tmp_path / "empty.json").write_text("{}")

    done = fleet("doctor", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


# --- a run


PROGRAM = """
import dask, os, time

def add(number):
    return number + 1

def tiny(client):
    return client.map(add, range(2000))

def results(client):
    return client.map(os.urandom, [20_000_000] * 4, pure=False)

def wait(client):
    print("the program's own words")
    return client.map(time.sleep, [0.2] * 6, pure=False)

graph = dask.delayed(sum)([dask.delayed(add)(number) for number in range(5)])

def broken():
    raise ValueError("no luck")

def endless(client):
    client.gather(client.map(time.sleep, [0.01] * 5, pure=False))
    print("begun", flush=True)
    client.submit(time.sleep, 600).result()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(PROGRAM)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "rules", "tasks"), [("tiny", {"MP402"}, 2000), ("results", {"MP202"}, 4), ("wait", set(), 6)]
)
def test_where_the_time_of_a_run_goes(program: Path, name, rules, tasks) -> None:
    done = fleet("run", f"shop:{name}", "--dask", "local:2", "--json", "out.json", "--fail-on", "warning", cwd=program)

    report = saved(program / "out.json")
    found = {one["rule"] for one in report["findings"] if one["level"] == "warning"}
    (row,) = report["sections"][0]["rows"]
    assert rules <= found
    assert done.returncode == (1 if found else 0)
    assert row["tasks"] == tasks
    account = report["account"]
    assert [one["role"] for one in account["processes"]] == ["main", "worker", "worker"]
    for one in account["processes"]:
        assert sum(one["buckets"].values()) == pytest.approx(account["wall_s"])
    assert (name == "wait") == ("own words" in done.stderr)
    assert "own words" not in done.stdout


def test_a_graph_is_computed_too(program: Path) -> None:
    done = fleet("run", "shop.py:graph", "--dask", "local:2", "--json", "out.json", cwd=program)

    assert done.returncode == 0, done.stderr
    assert {row["name"]: row["tasks"] for row in saved(program / "out.json")["sections"][0]["rows"]}["add"] == 5


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nothing", 2, "has no nothing"),
        ("", 2, "names no function"),
        ("broken", 3, "broken raised ValueError: no luck"),
    ],
)
def test_a_function_that_is_not_there_or_fails_is_one_line(program: Path, name, code, said) -> None:
    done = fleet("run", f"shop:{name}", "--dask", "local:1", cwd=program)

    assert done.returncode == code
    assert said in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stdout + done.stderr


def test_ctrl_c_tells_what_ran_until_then(cluster: Cluster, program: Path) -> None:
    command = [*MPDIAG, "run", "shop:endless", "--dask", cluster.address, "--json", "out.json"]
    with subprocess.Popen(command, cwd=program, stderr=subprocess.PIPE) as asking:
        assert asking.stderr
        assert b"begun" in asking.stderr.readline()
        asking.send_signal(signal.SIGINT)

        assert asking.wait(LONG) == 130

    report = saved(program / "out.json")
    assert report["quality"][0]["text"].startswith("interrupted")
    assert report["sections"][0]["rows"][0]["tasks"] == 5


# --- several hosts


def namespaces(*names: str) -> Iterator[tuple[str, str]]:
    """Network namespaces, each with the address at which this machine is seen from there."""
    for number, name in enumerate(names, 1):
        inner = f"v{name}"
        for command in (
            f"ip netns add {name}",
            f"ip link add {inner} type veth peer name eth0 netns {name}",
            f"ip addr add 10.213.{number}.1/24 dev {inner}",
            f"ip link set {inner} up",
            f"ip netns exec {name} ip addr add 10.213.{number}.2/24 dev eth0",
            f"ip netns exec {name} ip link set eth0 up",
            f"ip netns exec {name} ip link set lo up",
        ):
            subprocess.run(command.split(), check=True, capture_output=True)
        yield name, f"10.213.{number}.1"


@pytest.fixture
def two_hosts(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with a worker in each of two network namespaces, which have host names of their own."""
    names = (f"mpd{os.getpid()}a", f"mpd{os.getpid()}b")
    cluster = Cluster(tmp_path)
    try:
        try:
            seen = dict(namespaces(*names))
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"this machine makes no network namespaces: {error}")
        cluster.scheduler()
        for name, address in seen.items():
            own_name = ("unshare", "--uts", "sh", "-c", f'hostname node-{name}; exec "$@"', "sh")
            cluster.worker(f"tcp://{address}:{cluster.port}", ("ip", "netns", "exec", name, *own_name))
        yield cluster
    finally:
        cluster.end()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def test_two_hosts_are_two_rows_and_one_that_dies_does_not_cost_the_other(two_hosts: Cluster, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = [
        *MPDIAG,
        "probe",
        "semantics",
        "--budget",
        "5",
        "--dask",
        two_hosts.address,
        "--no-redact",
        "--json",
        out,
    ]
    until(lambda: count_of_hosts(two_hosts) == 2)
    with subprocess.Popen(command) as asking:
        gatherer = until(two_hosts.gatherers)[0]
        gatherer.parent().kill()

        assert asking.wait(LONG) == 0

    hosts = saved(out)["hosts"]
    assert sorted(host["status"] for host in hosts) == ["failed", "ok"]
    assert all(host["host"].startswith("node-mpd") for host in hosts)
    assert sum(host["report"] is not None for host in hosts if host["status"] == "ok") == 1


def count_of_hosts(cluster: Cluster) -> int:
    out = cluster.folder / "hosts.json"
    fleet("doctor", "--dask", cluster.address, "--json", out)
    return len(saved(out)["hosts"]) if out.exists() else 0
