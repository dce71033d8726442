"""Ray as an engine, of a library that a test scripts; tests/e2e has a real one."""

import os
import pickle
import signal
import socket
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from mpdiag.cli import run
from mpdiag.fleet.contract import Call, Refused, Worker
from mpdiag.fleet.ray import Ray, connected, do

CALL = Call("def add(a, b):\n    return str(a + b)\n", "add", {"a": 1, "b": 2})


class RayError(Exception):
    pass


class RayTaskError(RayError):
    def __init__(self, cause):
        super().__init__("ray::do()\nTraceback")
        self.cause = cause


class FakeRay(ModuleType):
    """Nodes by id, each with what becomes of a task there: an answer, an error, or nothing ever."""

    def __init__(self):
        super().__init__("ray")
        self.there = {"a": "answer"}
        self.exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)
        self.asked, self.inits, self.cancelled, self.ended = [], [], [], 0
        self.refused = None
        self._private = SimpleNamespace(worker=SimpleNamespace(print_to_stdstream=print))
        scheduling = ModuleType("ray.util.scheduling_strategies")
        scheduling.NodeAffinitySchedulingStrategy = lambda node, soft: (node, soft)
        self.util = ModuleType("ray.util")
        self.util.scheduling_strategies = scheduling

    def remote(self, **options):
        def wrapped(function):
            def options_of(scheduling_strategy):
                node, soft = scheduling_strategy
                self.asked.append((node, soft, options))
                outcome = self.there[node]
                return SimpleNamespace(
                    remote=lambda *given: (node, function(*given) if outcome == "answer" else outcome)
                )

            return SimpleNamespace(options=options_of)

        return wrapped

    def wait(self, refs, timeout):
        return [ref for ref in refs if ref[1] is not None], []

    def get(self, ref, timeout):
        if isinstance(ref[1], Exception):
            raise ref[1]
        return ref[1]

    def cancel(self, ref):
        self.cancelled.append(ref[0])

    def nodes(self):
        if self.refused:
            raise self.refused
        names = {**dict.fromkeys(self.there, True), "gone": False}
        return [{"NodeID": name, "NodeManagerAddress": f"10.0.0.{name}", "Alive": names[name]} for name in names]

    def init(self, **settings):
        self.inits.append(settings)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(2, b"noise of Ray's")
        if self.refused:
            raise self.refused

    def shutdown(self):
        self.ended += 1


@pytest.fixture
def ray(monkeypatch):
    made = FakeRay()
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setitem(sys.modules, "ray", made)
    monkeypatch.setitem(sys.modules, "ray.util", made.util)
    monkeypatch.setitem(sys.modules, "ray.util.scheduling_strategies", made.util.scheduling_strategies)
    return made


def test_a_task_is_pinned_takes_no_cpu_and_is_never_done_twice(ray):
    job = Ray(ray).submit("a", CALL)

    assert (job.done(), job.answer()) == (True, "3")
    assert ray.asked == [("a", False, {"num_cpus": 0, "max_retries": 0})]


def test_what_is_sent_names_no_module_of_ours():
    with pytest.raises(pickle.PicklingError):  # by name it cannot be sent, so Ray sends it whole
        pickle.dumps(do)


def test_nodes_that_left_are_not_there(ray):
    assert Ray(ray).workers() == [Worker("a", "10.0.0.a")]


def test_without_its_head_nobody_is_there(ray):
    ray.refused = RayError("gone")

    assert Ray(ray).workers() == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (RayTaskError(PermissionError("not here\nat all")), "its worker refused: not here"),
        (RayError("The node died\nTraceback"), "its task was lost: The node died"),
        (RayError(), "its task was lost: RayError"),
        (5, "it answered with int, not with text"),
    ],
)
def test_what_is_no_answer_is_a_reason(ray, outcome, said):
    ray.there["a"] = outcome

    with pytest.raises(Refused, match=said):
        Ray(ray).submit("a", CALL).answer()


def test_at_once_keeps_what_came_and_cancels_what_did_not(ray):
    ray.there = {"a": "answer", "dead": RayError("died"), "late": None, "b": "answer"}

    assert Ray(ray).at_once(list(ray.there), CALL, 0.1) == {"a": "3", "b": "3"}
    assert ray.cancelled == ["late"]


def test_a_try_out_ignores_other_clusters_and_takes_its_folder_away(ray):
    before = signal.getsignal(signal.SIGTERM)

    with connected("local:3"):
        (settings,) = ray.inits
        assert (settings["address"], settings["num_cpus"], settings["log_to_driver"]) == ("local", 3, False)
        assert signal.getsignal(signal.SIGTERM) == before
        assert ray._private.worker.print_to_stdstream is not print
        folder = settings["_temp_dir"]
        assert len(folder) < 40 or sys.platform == "win32"

    assert ray.ended == 1
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("doctor", "--ray", "local:many"), 2, "--ray local:many: how many workers?"),
        (("doctor", "--ray", "local:0"), 2, "how many workers?"),
        (("doctor", "--ray", "ray://head:10001"), 2, "no address of a Ray head"),
        (("doctor", "--ray", "head"), 2, "no address of a Ray head"),
        (("doctor", "--ray", "head:99999"), 2, "no address of a Ray head"),
        (("doctor", "--ray", "auto", "--dask", "local:2"), 2, "Give one."),
        (("run", "shop:main", "--ray", "auto"), 2, "--ray is for fleet doctor and fleet probe."),
        (("doctor", "--ray", "auto"), 3, "no Ray cluster answers at auto: none is running"),
    ],
)
def test_a_cluster_that_cannot_be_meant_or_reached_is_one_line(ray, capfd, arguments, code, said):
    ray.refused = ConnectionError("none is\nrunning")

    assert run(["fleet", *arguments]) == code

    shown = capfd.readouterr()
    assert said in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN


def test_where_nobody_listens_ray_is_not_asked(ray, capfd):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        assert run(["fleet", "doctor", "--ray", address]) == 3

    assert f"no Ray cluster answers at {address}" in capfd.readouterr().err
    assert ray.inits == []


def test_without_ray_it_says_how_to_get_it(capfd, monkeypatch, ray):
    monkeypatch.setitem(sys.modules, "ray", None)

    assert run(["fleet", "doctor", "--ray", "auto"]) == 3

    assert capfd.readouterr().err == (
        "mpdiag: Ray cannot be imported (ray). Install it beside mpdiag: python -m pip install 'mpdiag[ray]'.\n"
    )
