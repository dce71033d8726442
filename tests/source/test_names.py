"""Names are resolved to concepts through imports, aliases, contexts and assignments."""

from __future__ import annotations

import ast

import pytest

from mpdiag.source import Source, Target, things


def read(code: str) -> Source:
    return Source.parse(code.encode(), "app.py", Target())


def last(source: Source) -> ast.expr:
    statement = source.tree.root.body[-1]
    assert isinstance(statement, ast.Expr)
    return statement.value


@pytest.mark.parametrize(
    ("code", "concept"),
    [
        ("import multiprocessing\nmultiprocessing.Pool", "multiprocessing.Pool"),
        ("import multiprocessing as mp\nmp.Pool", "multiprocessing.Pool"),
        ("from multiprocessing import Pool as P\nP", "multiprocessing.Pool"),
        ("import multiprocessing.pool\nmultiprocessing.pool.Pool", "multiprocessing.Pool"),
        ("from multiprocessing import pool\npool.Pool", "multiprocessing.Pool"),
        ("from multiprocessing import *\nPool", "multiprocessing.Pool"),
        ("from multiprocessing.queues import Queue\nQueue", "multiprocessing.Queue"),
        ("from multiprocessing.context import SpawnProcess\nSpawnProcess", "multiprocessing.Process"),
        ("import multiprocessing as mp\nctx = mp.get_context('spawn')\nctx.Process", "multiprocessing.Process"),
        ("import multiprocessing as mp\nmp.get_context().Queue", "multiprocessing.Queue"),
        ("from concurrent.futures import ProcessPoolExecutor as P\nP", "concurrent.futures.ProcessPoolExecutor"),
        ("from concurrent import futures\nfutures.ThreadPoolExecutor", "concurrent.futures.ThreadPoolExecutor"),
        ("import concurrent.futures.process as p\np.ProcessPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
        ("import billiard\nbilliard.Pool", "multiprocessing.Pool"),
        ("import torch.multiprocessing as mp\nmp.Process", "multiprocessing.Process"),
        ("from torch import multiprocessing\nmultiprocessing.Queue", "multiprocessing.Queue"),
        ("import torch\ntorch.multiprocessing.Queue", "multiprocessing.Queue"),
        ("from multiprocess.pool import Pool\nPool", "multiprocessing.Pool"),
        ("import loky\nloky.ProcessPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
        ("from joblib.externals import loky\nloky.get_reusable_executor", "concurrent.futures.ProcessPoolExecutor"),
        ("from joblib import Parallel\nParallel", "joblib.Parallel"),
        ("from joblib.parallel import delayed\ndelayed", "joblib.delayed"),
        ("from sklearn.utils.parallel import Parallel as P\nP", "joblib.Parallel"),
        ("import multiprocessing\nclass A:\n    P = multiprocessing.Process\nA.P", "multiprocessing.Process"),
        (
            "try:\n    import billiard as mp\nexcept ImportError:\n    import multiprocessing as mp\nmp.Lock",
            "",
        ),
        ("from multiprocessing.dummy import Pool\nPool", "multiprocessing.ThreadPool"),
        ("from multiprocessing.dummy import Process\nProcess", "threading.Thread"),
        ("from multiprocessing.pool import ThreadPool\nThreadPool", "multiprocessing.ThreadPool"),
        ("from queue import Queue\nQueue", "queue.Queue"),
        ("from asyncio import Queue\nQueue", "asyncio.Queue"),
        ("import subprocess\nsubprocess.PIPE", "subprocess.PIPE"),
        ("from psutil import Process\nProcess", "psutil.Process"),
        ("from .multiprocessing import Pool\nPool", ""),
        ("from multiprocessing import Pool\nfrom mine import Pool\nPool", "mine.Pool"),
        ("exit", "exit"),
        ("def f(Pool):\n    pass\nf", ""),
    ],
)
def test_concept(code, concept):
    source = read(code)

    assert source.concept(last(source)) == concept


@pytest.mark.parametrize(
    ("code", "kind", "method"),
    [
        ("import multiprocessing as mp\nq = mp.Queue(8)\nq", "multiprocessing.Queue", None),
        ("import multiprocessing as mp\nq: 'x' = None\nq = mp.Queue(8)\nq", "multiprocessing.Queue", None),
        ("from multiprocessing import Pipe\na, b = Pipe()\nb", "multiprocessing.Connection", None),
        ("from multiprocessing import Pipe\npair = Pipe()\na, b = pair\na", "multiprocessing.Connection", None),
        ("import multiprocessing as mp\nwith mp.Pool() as (p):\n    pass\np", "multiprocessing.Pool", None),
        (
            "import multiprocessing as mp\nctx = mp.get_context('fork')\np = ctx.Pool()\np",
            "multiprocessing.Pool",
            "fork",
        ),
        ("import multiprocessing as mp\np = mp.get_context(m).Process()\np", "multiprocessing.Process", "?"),
        ("import multiprocessing as mp\nps = [mp.Process() for _ in 'ab']\nps[0]", "multiprocessing.Process", None),
        (
            "import multiprocessing as mp\nps = []\nps.append(mp.Process())\nfor i, p in enumerate(ps):\n    pass\np",
            "multiprocessing.Process",
            None,
        ),
        (
            "import multiprocessing as mp\nps = {}\nps[1] = mp.Process()\nfor k, p in ps.items():\n    pass\np",
            "multiprocessing.Process",
            None,
        ),
        ("from multiprocessing import Manager\nm = Manager()\nq = m.Queue()\nq", "proxy.Queue", None),
        ("import multiprocessing as mp\np = mp.Pool()\nr = p.apply_async(f)\nr", "multiprocessing.AsyncResult", None),
        (
            "import multiprocessing as mp\ndef make():\n    return mp.Lock()\nx = make()\nx",
            "multiprocessing.Lock",
            None,
        ),
        (
            "import multiprocessing as mp\nclass W(mp.get_context('spawn').Process):\n    pass\nw = W()\nw",
            "multiprocessing.Process",
            "spawn",
        ),
        (
            "import multiprocessing as mp, concurrent.futures as c\nc.ProcessPoolExecutor(2, mp.get_context('spawn'))",
            "concurrent.futures.ProcessPoolExecutor",
            "spawn",
        ),
        (
            "import multiprocessing as mp\nps = []\np = mp.Process()\nps.append(p)\nfor p in ps:\n    pass\np",
            "multiprocessing.Process",
            None,
        ),
        (
            "import multiprocessing as mp\ndef f(q):\n    global x\n    x = q\nmp.Process(None, f, 0, [mp.Queue()])\nx",
            "multiprocessing.Queue",
            None,
        ),
        ("import multiprocessing as mp\nq = mp.Queue()\nq = other()\nq", None, None),
        ("import multiprocessing as mp, queue\nq = mp.Queue() if x else queue.Queue()\nq", None, None),
        ("from multiprocessing import Queue\nq = {}.get('q')\nq", None, None),
        ("import multiprocessing as mp\nq = other()\nq = mp.Queue()\nq", "multiprocessing.Queue", None),
        ("import multiprocessing as mp\nq = mp.Queue()\nif x:\n    q = other()\nq", None, None),
        ("import multiprocessing as mp\nfor x in y:\n    q = mp.Queue()\nq = q or other()\nq", None, None),
        (
            "import multiprocessing as mp\nfrom contextlib import closing\nwith closing(mp.Pool()) as p:\n    pass\np",
            "multiprocessing.Pool",
            None,
        ),
        (
            "import multiprocessing as mp\ndef f():\n    if x:\n        return None\n    return mp.Pool()\np = f()\np",
            "multiprocessing.Pool",
            None,
        ),
        ("q = q\nq", None, None),
        ("a = b\nb = a\nfor a in b:\n    pass\na", None, None),
    ],
)
def test_thing(code, kind, method):
    source = read(code)
    thing = source.things.thing(last(source))

    assert (thing and thing.kind) == kind
    assert (thing and thing.method) == method


def test_a_read_sees_the_binding_that_certainly_holds():
    source = read("""
import multiprocessing as mp

def run(x, q):
    q = mp.Queue()
    q.first
    while x:
        q.again
        with mp.Pool() as q:
            q.inside
    [q.listed for _ in x]
    q = mp.Lock()
    def later():
        q.closed
    return q.last
""")

    reads = ("first", "again", "inside", "listed", "closed", "last")
    found = {name: source.things.thing(source.tree.attributes[name][0].value) for name in reads}
    assert {name: thing and thing.kind.rpartition(".")[2] for name, thing in found.items()} == {
        "first": "Queue",
        "again": None,
        "inside": "Pool",
        "listed": None,
        "closed": None,
        "last": "Lock",
    }


def test_an_endless_chain_of_names_has_no_answer():
    code = "import multiprocessing as mp\ndef f0():\n    return mp.Queue()\n"
    code += "".join(f"def f{n}():\n    return f{n - 1}()\n" for n in range(1, 500))

    near, far = read(f"{code}f3()"), read(f"{code}f499()")
    assert near.things.thing(last(near))
    assert far.things.thing(last(far)) is None


def test_attributes_of_self_belong_to_their_class():
    source = read("""
import multiprocessing as mp, queue

class A:
    def __init__(self, ctx=mp.get_context("spawn")):
        self.queue = mp.get_context("spawn").Queue(maxsize=8)
        self.other = None

    def run(self):
        return self.queue

class B(A):
    def more(self):
        return self.queue

class C:
    def __init__(self):
        self.queue = queue.Queue()

    def run(this):
        return this.queue

    @staticmethod
    def apart(self):
        return self.queue
""")

    found = {
        source.tree.qualified(node): source.things.thing(node)
        for node in source.tree.attributes["queue"]
        if isinstance(node.ctx, ast.Load)
    }
    assert {name: thing and (thing.kind, thing.method) for name, thing in found.items()} == {
        "A.run": ("multiprocessing.Queue", "spawn"),
        "B.more": ("multiprocessing.Queue", "spawn"),
        "C.run": ("queue.Queue", None),
        "C.apart": None,
    }


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("worker(mp.Queue())", "multiprocessing.Queue"),
        ("mp.Process(target=worker, args=(mp.Queue(),))", "multiprocessing.Queue"),
        ("mp.Process(target=worker, kwargs={'q': mp.Lock()})", "multiprocessing.Lock"),
        ("mp.Process(None, worker, None, [mp.Event()])", "multiprocessing.Event"),
        ("mp.Pool(2, worker, (mp.Queue(),))", "multiprocessing.Queue"),
        ("mp.Pool().map(worker, [mp.Lock()] * 3)", "multiprocessing.Lock"),
        ("mp.Pool().starmap(worker, [(mp.Lock(), n) for n in range(3)])", "multiprocessing.Lock"),
        ("mp.Pool().apply_async(worker, (mp.Lock(),))", "multiprocessing.Lock"),
        ("ProcessPoolExecutor().submit(worker, mp.Event())", "multiprocessing.Event"),
        ("mp.Process(target=functools.partial(worker, mp.Value('i')))", "multiprocessing.Value"),
        ("worker(mp.Queue()); worker(other)", "multiprocessing.Queue"),
        ("worker(mp.Queue()); worker(mp.SimpleQueue())", None),
        ("worker(other)", None),
    ],
)
def test_parameters_are_what_calls_and_tasks_pass(call, kind):
    source = read(f"""
import functools
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor

def worker(q, n=0):
    q.put(n)

{call}
""")

    [put] = source.calls("put")
    assert isinstance(put.func, ast.Attribute)
    thing = source.things.thing(put.func.value)
    assert (thing and thing.kind) == kind


@pytest.mark.parametrize(
    ("calls", "same"),
    [
        (["worker(mp.Queue())"], "made"),
        (["worker(mp.Queue())", "worker(mp.Queue())"], "passed"),
        (["worker(mp.Queue())", "worker(other)"], "made"),
        (["worker(mp.Queue())", "worker(mp.Queue())", "worker(other)"], None),
        (["worker(q) for q in [mp.Queue(), mp.Queue()]"], "passed"),
        ([], None),
    ],
)
@pytest.mark.parametrize("annotation", ["", ": mp.Queue"])
def test_a_parameter_tells_a_queue_from_others_where_several_come_in(calls, same, annotation):
    asked = "".join(f"[{call}]\n" for call in calls)
    source = read(f"""
import multiprocessing as mp

def worker(q{annotation}):
    inner(q)
    q.put(1)

def inner(q):
    q.get()

{asked}""")

    put, get = (source.things.thing(next(source.calls(name)).func.value) for name in ("put", "get"))
    known = [name for name in ("made", "passed") if put and getattr(put, name) is not None]
    assert known == ([same] if same else [])
    assert same is None or put.identity is get.identity


@pytest.mark.parametrize(
    ("returned", "kinds"),
    [
        ("return mp.Queue(), mp.Event()", ("multiprocessing.Queue", "multiprocessing.Event")),
        ("pair = [mp.Queue(), mp.Event()]\n    return pair", ("multiprocessing.Queue", "multiprocessing.Event")),
        ("return other()", (None, None)),
        ("if other:\n        return other\n    return mp.Queue(), mp.Event()", (None, None)),
        ("return mp.Queue(), 1", ("multiprocessing.Queue", None)),
    ],
)
def test_a_tuple_that_a_function_returns_is_unpacked(returned, kinds):
    source = read(f"""
import multiprocessing as mp

def make():
    {returned}

first, second = make()
first, second
""")

    named = last(source)
    assert isinstance(named, ast.Tuple)
    things = [source.things.thing(each) for each in named.elts]
    assert tuple(thing and thing.kind for thing in things) == kinds


def test_annotations_say_what_a_parameter_is():
    source = read("""
from typing import Optional
import multiprocessing as mp
from multiprocessing.connection import Connection

def worker(a: mp.Queue, b: Optional[Connection], c: "mp.Queue", d: mp.Lock | None):
    a, b, c, d
""")

    things = [source.things.thing(source.tree.names[name][0]) for name in "abcd"]
    assert [thing and thing.kind for thing in things] == [
        "multiprocessing.Queue",
        "multiprocessing.Connection",
        None,
        "multiprocessing.Lock",
    ]


def test_what_runs_in_other_processes_is_followed_through_calls():
    source = read("""
import multiprocessing as mp

def helper(): deeper()
def deeper(): pass
def parent(): pass
def work(n): helper()
def watch(): pass

class Job:
    def run(self):
        self.step()
    def step(self): pass

mp.Pool().map(work, [1])
mp.Process(target=Job().run)
import threading
threading.Thread(target=watch).start()
parent()
""")

    assert {source.tree.qualified(f.body[0]) for f in source.workers} == {
        "work",
        "helper",
        "deeper",
        "Job.run",
        "Job.step",
    }


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("a, b = Pipe()\na", 0),
        ("a, b = Pipe()\nb", 1),
        ("pair = Pipe(False)\npair[1]", 1),
        ("pair = Pipe(False)\npair[n]", None),
        ("pipes = [Pipe() for _ in 'ab']\nfor a, b in pipes:\n    pass\nb", 1),
        ("def f(c):\n    global x\n    x = c\na, b = Pipe()\nf(a)\nx", 0),
    ],
)
def test_a_connection_knows_its_end(code, end):
    source = read("from multiprocessing import Pipe\n" + code)
    thing = source.things.thing(last(source))

    assert thing is not None
    assert (thing.kind, thing.end) == ("multiprocessing.Connection", end)


def test_the_run_of_a_process_class_is_a_worker():
    source = read("""
from multiprocessing import Process
from threading import Thread

class Base(Process):
    def run(self):
        self.work()

    def work(self):
        pass

class Worker(Base):
    pass

class Other(Thread):
    def run(self):
        pass

Worker().start()
Other().start()
""")

    assert [function.name for function in source.workers] == ["run", "work"]
    assert [task.how for task in source.workers[next(iter(source.workers))]] == ["run"]


@pytest.mark.parametrize(("times", "known"), [(2, True), (things.MANY + 1, False)])
def test_a_name_that_is_bound_very_often_is_not_followed(times, known):
    source = read("import multiprocessing as mp\n" + "q = mp.Queue()\n" * times + "q")

    assert (source.things.thing(last(source)) is not None) is known


@pytest.mark.parametrize(
    "call",
    [
        "pool.starmap(f, [(1, q)])",
        "pool.starmap(f, [(n, q) for n in x])",
        "jobs = [(n, q) for n in x]\npool.starmap(f, jobs)",
        "pool.starmap(f, zip(x, repeat(q)))",
        "ProcessPoolExecutor().map(f, x, repeat(q))",
        "pool.apply(f, (1,), {'r': q})",
        "pool.apply_async(partial(f, 1), (q,))",
        "pool.map(partial(f, r=q), x)",
        "pool.map(lambda pair: f(*pair), x)\nf(1, q)",
        "def g(pair):\n    n, r = pair\n    f(n, r)\npool.map(g, [(1, q)])",
        "def g(pair):\n    n, r = pair\n    f(n, r)\njobs = [(n, q) for n in x]\npool.imap(g, jobs)",
        "def g(pair):\n    n, r = pair\n    f(n, r)\npool.apply(g, [(1, q)])",
        "jobs = []\njobs.append((1, q))\nfor n, r in jobs:\n    f(n, r)",
    ],
)
def test_what_tasks_pass_to_a_parameter(call):
    source = read(f"""
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from multiprocessing import Manager, Pool

def f(n, r):
    global found
    found = r

q, pool = Manager().Queue(), Pool()
{call}
found
""")
    thing = source.things.thing(last(source))

    assert thing is not None
    assert thing.kind == "proxy.Queue"


@pytest.mark.parametrize(("decorator", "first"), [("", "self, "), ("    @staticmethod\n", "")])
def test_a_static_method_has_no_parameter_for_an_instance(decorator, first):
    source = read(f"""
import multiprocessing as mp

class Tracker:
    def start(self):
        mp.Process(target=self.work, args=(mp.Event(), mp.Queue())).start()

{decorator}    def work({first}event, queue):
        event
        queue
""")
    method = source.tree.root.body[1].body[1]
    found = [source.things.thing(statement.value) for statement in method.body]

    assert [thing.kind for thing in found] == ["multiprocessing.Event", "multiprocessing.Queue"]
