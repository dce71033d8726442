"""What the taps note of programs, as the tables tell it."""

from __future__ import annotations

import multiprocessing
import sys

import pytest

from mpdiag.watch import channels, failures, globs, leftovers, locks, pool_tasks, pools, sites, values
from mpdiag.watch.facts import start_rows

METHODS = ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


def users(rows):
    return [row for row in rows if row["user"]]


ASKING = """
def serve(requests, replies):
    for number in iter(requests.get, None):
        replies.put(number + 1)

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    requests, replies = context.Queue(), context.Queue()
    child = context.Process(target=serve, args=(requests, replies))
    child.start()
    for number in range(200):
        requests.put(number)
        assert replies.get() == number + 1
    requests.put(None)
    child.join()
"""


PAUSING = """
import time

def take(messages, taken):
    for number in iter(messages.get, None):
        taken.put(number)

if __name__ == "__main__":
    messages, taken = mp.Queue(), mp.Queue()
    crew = [mp.Process(target=take, args=(messages, taken)) for _ in range(int(sys.argv[1]))]
    for each in crew:
        each.start()
    for number in range(100):
        messages.put(number)
    for number in range(100):
        taken.get()
    time.sleep(0.6)
    for each in crew:
        messages.put(None)
    for each in crew:
        each.join()
"""


@pytest.mark.parametrize("count", [1, 2])
def test_a_long_wait_for_a_message_after_quick_ones_is_seen(observed, count):
    children = observed(PAUSING, str(count))[1:]

    waited = [sum(slot.s for slot in life.book.of("get")) for life in children]
    assert len(waited) == count
    assert all(0.5 < seconds < life.life_s for seconds, life in zip(waited, children, strict=True))


BURSTS = """
import time

def take(messages):
    for number in iter(messages.get, None):
        pass

if __name__ == "__main__":
    messages = mp.Queue()
    crew = [mp.Process(target=take, args=(messages,)) for _ in range(3)]
    for each in crew:
        each.start()
    for number in range(4000):
        if number % 50 == 0:
            time.sleep(0.01)
        messages.put(number)
    for each in crew:
        messages.put(None)
    for each in crew:
        each.join()
"""


def test_long_waits_do_not_stand_for_the_short_ones_between_them(observed):
    children = observed(BURSTS)[1:]

    gets = [slot for life in children for slot in life.book.of("get")]
    assert sum(slot.count for slot in gets) == 4003
    assert all(slot.timed < slot.count for slot in gets)
    assert all(0.4 < slot.s < life.life_s for life in children for slot in life.book.of("get"))


LONG_AMONG_SHORT = """
import time
from concurrent.futures import ProcessPoolExecutor

context = mp.get_context("fork")

def pause(number):
    if number % 50 == 49:
        time.sleep(0.05)

def feed(give):
    for number in range(500):
        pause(number)
        give(number)

def take(get):
    for number in range(500):
        pause(number)
        get()

def recv(reader, writer, messages):
    return feed, writer.send, reader.recv

def poll(reader, writer, messages):
    return feed, writer.send, lambda: reader.poll(5) and reader.recv()

def send(reader, writer, messages):
    return take, reader.recv, lambda: writer.send(bytes(5000))

def get(reader, writer, messages):
    return feed, messages.put, messages.get

def put(reader, writer, messages):
    return take, messages.get, lambda: messages.put(None)

def result(reader, writer, messages):
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        futures = [executor.submit(pause, number) for number in range(500)]
        for future in futures:
            future.result()

if __name__ == "__main__":
    parts = globals()[sys.argv[1]](*context.Pipe(False), context.Queue(5))
    if parts:
        target, child_end, doing = parts
        child = context.Process(target=target, args=(child_end,))
        child.start()
        for _ in range(500):
            doing()
        child.join()
"""


@pytest.mark.parametrize("kind", ["recv", "poll", "send", "get", "put", "result"])
def test_long_waits_among_short_ones_are_seen(observed, kind):
    main = observed(LONG_AMONG_SHORT, kind)[0]

    waited = [slot for slot in main.book.of(kind) if slot.main and not slot.nested]
    assert 0.3 < sum(slot.s for slot in waited) < main.life_s


def test_requests_and_replies(observed, method):
    requests, replies = users(channels.rows(observed(ASKING, method)))
    assert (requests["puts"], requests["gets"]) == (201, 201)
    assert (replies["puts"], replies["gets"]) == (200, 200)
    assert requests["round_trips"] >= 195
    assert (requests["reply"], replies["reply"]) == (replies["id"], requests["id"])
    assert (requests["line"], requests["type"], requests["maxsize"]) == (9, "Queue", None)
    assert (requests["writers"], requests["readers"], requests["left"], requests["eof"]) == (1, 1, 0, 0)


def test_a_stream_is_no_conversation(observed):
    text = ASKING.replace("        assert replies.get() == number + 1\n", "").replace(
        "    requests.put(None)\n", "    requests.put(None)\n    [replies.get() for _ in range(200)]\n"
    )
    assert [row["round_trips"] for row in users(channels.rows(observed(text, "spawn")))] == [0, 0]


LEAVING = """
def take(queue):
    while not queue.empty():
        queue.get()

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    queue = context.Queue()
    children = [context.Process(target=take, args=(queue,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    for number in range(7):
        queue.put(number)
"""


def test_what_nobody_reads(observed, method):
    [queue] = users(channels.rows(observed(LEAVING, method)))
    assert (queue["puts"], queue["gets"], queue["left"], queue["gave_up"]) == (7, 0, 7, 2)
    assert queue["empty_polls"] == 2


HASTY = """
def work(todo, done, ready):
    ready.set()
    for number in iter(todo.get, None):
        done.put(number)

def collect(context):
    todo, done = context.Queue(), context.Queue()
    ready = context.Event()
    child = context.Process(target=work, args=(todo, done, ready))
    child.start()
    ready.wait()
    found = []
    while not done.empty():
        found.append(done.get())
    return child, todo

if __name__ == "__main__":
    child, todo = collect(mp.get_context(sys.argv[1]))
    for number in [*range(7), None]:
        todo.put(number)
    child.join()
"""


def test_what_comes_after_its_reader_left_and_the_queue_is_gone(observed, method):
    _, queue = users(channels.rows(observed(HASTY, method)))
    assert (queue["puts"], queue["gets"], queue["left"], queue["gave_up"]) == (7, 0, 7, 1)


AWAITING = """
import asyncio
from concurrent.futures import ProcessPoolExecutor

async def work(pool):
    loop = asyncio.get_running_loop()
    for number in range(6):
        await loop.run_in_executor(pool, abs, number)

async def gather(pool):
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(pool, abs, number) for number in range(6)))

if __name__ == "__main__":
    for job in work, gather:
        with ProcessPoolExecutor(2, mp_context=mp.get_context(sys.argv[1])) as pool:
            asyncio.run(job(pool))
"""


def test_what_an_event_loop_awaits(observed, method):
    found = observed(AWAITING, method)
    awaited = [pool.tally.timed for pool in pools.seen(found) if pool.tally]
    assert awaited == [5, 0]


PILING = """
def work(todo):
    for number in iter(todo.get, None):
        time.sleep(0.02)

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    todo = context.SimpleQueue()
    child = context.Process(target=work, args=(todo,))
    child.start()
    for number in [*range(20), None]:
        todo.put(number)
    child.join()
"""


def test_what_waits_in_a_simple_queue(observed, method):
    [queue] = users(channels.rows(observed("import time" + PILING, method)))
    assert (queue["gets"], queue["reader_line"]) == (21, 11)
    assert queue["backlog_max"] > 10


ENDING = """
def read(ours, theirs):
    theirs.close()
    while True:
        ours.recv()

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=read, args=(ours, theirs))
    child.start()
    ours.close()
    theirs.send(b"one")
    theirs.close()
    child.join()
"""


def test_an_end_that_nobody_expected(observed, method):
    seen = observed(ENDING, method)
    [pipe] = users(channels.rows(seen))
    assert (pipe["type"], pipe["eof"], pipe["plain_bytes"], pipe["unpickled"]) == ("Pipe", 1, True, False)
    [failure] = failures.rows(seen)
    assert (failure["kind"], failure["count"], failure["unread"], failure["example"]) == ("exit", 1, 1, "EOFError")


SHARED_END = """
def write(end, lock):
    for _ in range(100):
        with lock:
            end.send(1)

class Free:
    def __enter__(self): pass
    def __exit__(self, *error): pass

if __name__ == "__main__":
    context = mp.get_context("spawn")
    for lock in (Free(), context.Lock()):
        ours, theirs = context.Pipe(duplex=False)
        children = [context.Process(target=write, args=(theirs, lock)) for _ in range(2)]
        for child in children:
            child.start()
        for _ in range(200):
            ours.recv()
        for child in children:
            child.join()
"""


def test_two_writers_of_one_end(observed):
    free, locked = users(channels.rows(observed(SHARED_END)))
    assert (free["end_writers"], locked["end_writers"]) == (2, 2)
    assert free["unlocked_sends"] >= 100
    assert locked["unlocked_sends"] == 0


COUNTING = """
def count(value, array, lock, number):
    for _ in range(300):
        if lock == "none":
            value.value += 1
        elif lock == "own":
            with value.get_lock():
                value.value += 1
        else:
            with lock:
                value.value += 1
        array[number] += 1

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    lock = context.Lock() if sys.argv[2] == "other" else sys.argv[2]
    value, array = context.Value("i", 0), context.Array("q", 2)
    children = [context.Process(target=count, args=(value, array, lock, number)) for number in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
"""


@pytest.mark.parametrize(("lock", "loose"), [("none", True), ("own", False), ("other", False)])
def test_updates_without_a_lock(observed, method, lock, loose):
    value, array = values.rows(observed(COUNTING, method, lock))
    assert (value["typecode"], value["length"], value["locked"], value["writers"]) == ("i", 1, True, 2)
    assert 500 <= value["reads"] <= 700
    assert (value["unlocked_updates"] > 400) is loose
    assert (value["clashing"] > 400) is loose
    assert array["unlocked_updates"] > 400  # each process has an element of its own
    assert (array["clashing"], array["length"], array["writers"]) == (0, 2, 2)


def test_numbers_that_do_not_fit(observed):
    text = "value = mp.Value('b', 100)\nfor _ in range(3):\n    value.value += 50\nprint(value.value)\n"
    [value] = values.rows(observed(text))
    assert (value["wrapped"], value["wrapped_from"], value["wrapped_to"]) == (1, 150, -106)


GLOBALS = """
done, cache, found = 0, {}, []

def task(number):
    global done
    done += 1
    cache[number] = number
    found.append(number)
    return cache[number]

if __name__ == "__main__":
    with mp.get_context(sys.argv[1]).Pool(2) as pool:
        pool.map(task, range(20))
    print(done, found)
"""


def test_globals_that_children_change(observed, method):
    rows = {row["name"]: row for row in globs.rows(observed(GLOBALS, method))}
    assert {name: (row["kind"], row["parent_reads"]) for name, row in rows.items()} == {
        "done": ("rebound", True),
        "found": ("grown", True),
        "cache": ("grown", False),
    }
    assert (rows["done"]["line"], rows["done"]["function"], rows["done"]["target"]) == (7, "task", "__main__.task")


ATTRIBUTES = """
class Counter(mp.get_context(sys.argv[1]).Process):
    def __init__(self, words):
        super().__init__()
        self.words, self.total, self._found, self.inbox = words, 0, [], mp.get_context(sys.argv[1]).Queue()

    def run(self):
        for word in self.words:
            self.total += 1
            self._found.append(word)
        self.ended = True

class Job:
    def __init__(self):
        self.done = self.begun = 0

    def work(self):
        self.done += 1

    def all(self):
        self.begun += 1
        child = mp.get_context(sys.argv[1]).Process(target=self.work)
        child.start()
        child.join()
        return self.done, self.begun

if __name__ == "__main__":
    counter = Counter(["a", "b"])
    counter.start()
    counter.join()
    print(counter.total, counter.words, Job().all())
"""


def test_attributes_that_children_change(observed, method):
    rows = {row["name"]: row for row in globs.rows(observed(ATTRIBUTES, method))}
    assert {name: (row["module"], row["kind"], row["parent_reads"]) for name, row in rows.items()} == {
        "Counter.total": ("__main__", "rebound", True),
        "Counter._found": ("__main__", "grown", False),
        "Counter.ended": ("__main__", "rebound", False),
        "Job.done": ("__main__", "rebound", True),
    }
    assert (rows["Counter.total"]["function"], rows["Counter.total"]["target"]) == ("run", "__main__.Counter.run")
    assert (rows["Job.done"]["function"], rows["Job.done"]["readers"]) == ("work", "all")


TASKS_OF_AN_OBJECT = """
from concurrent.futures import ProcessPoolExecutor

class Cellar:
    def __init__(self):
        self.good = []

    def taste(self, barrel):
        self.good.append(barrel)
        return RETURNED

    def run(self):
        context = mp.get_context(sys.argv[1])
        with context.Pool(1) as pool:
            tasted = pool.map(self.taste, range(4))
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            tasted += executor.map(self.taste, range(4))
        return len(self.good), [len(each.good) for each in tasted if each]

if __name__ == "__main__":
    print(Cellar().run())
"""


@pytest.mark.parametrize(("returned", "lost"), [("None", True), ("self", False)])
def test_attributes_of_the_object_whose_method_tasks_run(observed, method, returned, lost):
    [row] = globs.rows(observed(TASKS_OF_AN_OBJECT.replace("RETURNED", returned), method))

    assert (row["name"], row["kind"], row["processes"], row["function"]) == ("Cellar.good", "grown", 2, "taste")
    assert row["parent_reads"] is lost


THREADS_OF_AN_OBJECT = """
from multiprocessing.pool import ThreadPool

class Cellar:
    def __init__(self):
        self.good = 0

    def taste(self, barrel):
        self.good += 1

def work():
    cellar = Cellar()
    with ThreadPool(2) as pool:
        pool.map(cellar.taste, range(40))
    print(cellar.good)

if __name__ == "__main__":
    work()
    child = mp.get_context(sys.argv[1]).Process(target=work)
    child.start()
    child.join()
"""


def test_what_threads_of_a_pool_change_is_changed_where_it_belongs(observed, method):
    assert globs.rows(observed(THREADS_OF_AN_OBJECT, method)) == []


SLOTTED = """
total = 0

class Counter:
    __slots__ = ("count",)

    def work(self):
        global total
        self.count = total = 1

if __name__ == "__main__":
    child = mp.get_context(sys.argv[1]).Process(target=Counter().work)
    child.start()
    child.join()
    print(total)
"""


def test_objects_without_a_dict_do_not_keep_globals_from_being_followed(observed, method):
    assert [row["name"] for row in globs.rows(observed(SLOTTED, method))] == ["total"]


LOGGING = """
import logging

log = logging.getLogger("app.part")

def task(number):
    log.info("told")
    log.debug("not told anywhere")

def quiet():
    logging.basicConfig(filename=sys.argv[2], level=logging.INFO)

if __name__ == "__main__":
    quiet()
    prepared = quiet if sys.argv[3] == "prepared" else None
    with mp.get_context(sys.argv[1]).Pool(2, prepared) as pool:
        pool.map(task, range(4), chunksize=1)
        pool.close()
        pool.join()
"""


@pytest.mark.parametrize("prepared", ["prepared", "bare"])
def test_log_records_that_children_drop(observed, method, prepared, tmp_path):
    rows = failures.rows(observed(LOGGING, method, str(tmp_path / "log"), prepared))
    if method == "fork" or prepared == "prepared":
        assert rows == []
        return
    [row] = rows
    assert (row["kind"], row["example"], row["line"]) == ("log", "INFO of app.part", 17)


FAILING = """
import os, signal, time

def fail():
    raise OSError("disk")

def leave(code):
    sys.exit(code)

if __name__ == "__main__":
    context = mp.get_context("spawn")
    children = [context.Process(target=fail), context.Process(target=leave, args=(0,))]
    children += [context.Process(target=leave, args=(4,)), context.Process(target=time.sleep, args=(60,))]
    for child in children:
        child.start()
    children[3].terminate()
    for child in children:
        child.join()
    print(children[2].exitcode)
"""


def test_exits_that_nobody_looked_at(observed):
    [row] = failures.rows(observed(FAILING))
    assert (row["kind"], row["count"], row["unread"], row["example"]) == ("exit", 2, 1, "OSError: disk")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells")
def test_what_a_process_had_used_when_it_was_ended(observed, method):
    text = (
        "import time\n"
        "def burn(done):\n"
        "    while time.process_time() < 0.3:\n        pass\n"
        "    done.set()\n    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    context = mp.get_context(sys.argv[1])\n"
        "    done = context.Event()\n"
        "    child = context.Process(target=burn, args=(done,))\n"
        "    child.start()\n    done.wait()\n    child.terminate()\n    child.join()\n"
    )
    [child] = [life for life in observed(text, method) if life.target == "__main__.burn"]
    assert child.book.cpu_s is None
    assert 0.3 <= child.main_cpu_s <= child.cpu_s < 3.0


def test_an_initializer_that_raises(observed):
    text = (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "def prepare():\n    raise KeyError('model')\n"
        "if __name__ == '__main__':\n"
        "    with ProcessPoolExecutor(1, mp.get_context('spawn'), prepare) as executor:\n"
        "        assert executor.submit(len, ()).exception()\n"
    )
    rows = {row["kind"]: row for row in failures.rows(observed(text))}
    assert rows["initializer"]["example"] == "KeyError: 'model'"
    assert rows["initializer"]["line"] == 6


def test_objects_of_classes_with_a_run_of_their_own_are_noted(observed):
    text = (
        "class Ringer(mp.Process):\n    def run(self):\n        pass\n"
        "for n in range(70):\n    Ringer().run()\n"
        "mp.Process(target=len)\n"
    )
    made = [event.facts for life in observed(text) for event in life.book.noted("made")]
    assert {(name, line) for name, _, line in made} == {("__main__.Ringer.run", 3)}
    assert len(made) == 64


def test_what_is_run_in_place_and_start_methods(observed):
    text = (
        "mp.set_start_method('spawn')\n"
        "try:\n    mp.set_start_method('spawn')\nexcept RuntimeError:\n    pass\n"
        "mp.Process(target=len, args=((),)).run()\n"
    )
    seen = observed(text)
    assert [(row["target"], row["count"], row["line"]) for row in sites.inline(seen)] == [("builtins.len", 1, 7)]
    assert [(row["line"], row["raised"]) for row in sites.methods(seen)] == [(2, 0), (4, 1)]


def test_segments_that_are_left(observed):
    text = (
        "from multiprocessing import shared_memory as sm\n"
        "kept, gone = (sm.SharedMemory(create=True, size=10) for _ in range(2))\n"
        "gone.close()\ngone.unlink()\n"
        "other = sm.SharedMemory(kept.name)\n"
    )
    seen = observed(text)
    assert leftovers.memory(seen, []) == {"shm_left": 1, "queue_backlog_b": 0}


@pytest.mark.skipif(sys.platform == "darwin", reason="no system asks for the value of a semaphore there")
def test_semaphores_tell_how_many_may_have_them(observed):
    text = "made = mp.Lock(), mp.Semaphore(3), mp.BoundedSemaphore(1), mp.Semaphore(0)\n"

    rows = [(row["type"], row["value"]) for row in locks.rows(observed(text))]

    assert rows == [("Lock", 1), ("Semaphore", 3), ("BoundedSemaphore", 1), ("Semaphore", 0)]


def test_managers_and_locks(observed, method):
    text = (
        "def use(lock, shared):\n    for _ in range(50):\n        with lock:\n            shared['a'] = 1\n"
        "if __name__ == '__main__':\n"
        "    context = mp.get_context(sys.argv[1])\n"
        "    manager, lock = context.Manager(), context.Lock()\n"
        "    shared = manager.dict()\n"
        "    children = [context.Process(target=use, args=(lock, shared)) for _ in range(2)]\n"
        "    [child.start() for child in children]\n    [child.join() for child in children]\n"
        "    manager.shutdown()\n"
    )
    seen = observed(text, method)
    [calls] = [row for row in sites.managers(seen) if row["method"] == "__setitem__"]
    assert (calls["type"], calls["processes"], calls["line"]) == ("dict", 2, 5)
    assert 99 <= calls["ops"] <= 101
    [lock] = users(locks.rows(seen))
    assert (lock["type"], lock["line"], lock["function"]) == ("Lock", 8, "<module>")
    assert {row["kind"] for row in sites.rows(seen)} >= {"manager", "start", "join"}


FED_BY_A_THREAD = """
def fill(context):
    queue = context.Queue()
    for number in range(20_000):
        queue.put(number)
    while queue.empty():
        pass
    queue.cancel_join_thread()

if __name__ == "__main__":
    fill(mp.get_context(sys.argv[1]))
"""


def test_what_a_queue_held_that_only_its_thread_still_knew(observed, method):
    [queue] = users(channels.rows(observed(FED_BY_A_THREAD, method)))
    assert (queue["puts"], queue["left"]) == (20_000, 20_000)


JOINABLE = ASKING.replace("requests, replies = context.Queue(), context.Queue()", "requests, replies = QUEUES").replace(
    "QUEUES", "context.JoinableQueue(), context.JoinableQueue()"
)


def test_joinable_queues_are_queues(observed, method):
    requests, replies = users(channels.rows(observed(JOINABLE, method)))
    assert (requests["puts"], requests["gets"]) == (201, 201)
    assert (requests["round_trips"], requests["reply"]) == (200, replies["id"])


SUBCLASS = """
context = mp.get_context(sys.argv[1])

class Zone(context.Process):
    def run(self):
        sum(range(200_000))

if __name__ == "__main__":
    for _ in range(5):
        zone = Zone()
        zone.start()
        zone.join()
"""


def test_processes_of_a_class_are_named_after_it_and_end_before_they_are_joined(observed, method):
    [row] = start_rows(observed(SUBCLASS, method))
    assert row["target"].endswith(".Zone.run")
    assert (row["count"], row["alive_max"], row["joined_at_once"]) == (5, 1, 4)


THREADS = """
from concurrent.futures import ThreadPoolExecutor

def card(week):
    with ThreadPoolExecutor(2) as executor:
        return sum(future.result() for future in [executor.submit(abs, week) for _ in range(4)])

if __name__ == "__main__":
    for week in range(50):
        card(week)
"""


def test_pools_of_threads_that_follow_each_other_are_counted_once(observed):
    found = pools.seen(observed(THREADS))
    assert sum(len(pool.all) for pool in found) == 50
    tallies = [pool.tally.count for pool in found if pool.tally]
    assert sum(tallies) == 200
    assert all(each.closed_s for pool in found for each in pool.all)
    assert sum(pool.phase_s for pool in found) <= sum(pool.open_s(0.0) for pool in found)


MANAGED_LOCK = """
import time

def work(lock, found):
    for turn in range(12):
        with lock:
            time.sleep(0.03)
            found[turn] = turn

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    with context.Manager() as manager:
        lock, found = manager.Lock(), manager.dict()
        both = [context.Process(target=work, args=(lock, found)) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
"""


def test_the_one_call_in_three_that_waits_is_met_as_often_as_the_others(observed, method):
    rows = {row["method"]: row for row in sites.managers(observed(MANAGED_LOCK, method))}
    assert {name: row["ops"] for name, row in rows.items()} == {"acquire": 24, "__setitem__": 24, "release": 24}
    assert rows["acquire"]["s"] >= 10 * 0.03


SHORT_THEN_LONG = """
import time
from concurrent.futures import ProcessPoolExecutor

def work(seconds):
    if seconds:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=mp.get_context(sys.argv[1])) as executor:
        list(executor.map(work, [0] * 300 + [0.2, 0.2]))
"""


def test_a_long_task_after_many_short_ones_is_timed(observed, method):
    [pool] = pools.seen(observed(SHORT_THEN_LONG, method))
    tasks = list(pool.working("task"))
    assert sum(slot.count for slot in tasks) == pytest.approx(302, abs=5)
    assert max(slot.max_s for slot in tasks) >= 0.2
    assert sum(slot.wall_s for slot in tasks) >= 0.4
    assert 0.4 <= sum(slot.cpu_s for slot in tasks) < 0.6
    assert sum(task.ended_s - task.began_s >= 0.2 for worker in pool.workers for task in worker.tasks) == 2


DRAGGED = """
import time
from collections import Counter, defaultdict
from functools import partial

class Settings:
    def __init__(self):
        self.limits, self.words = (0.5, [1, 2]), {"a", "b"}

class Catalog:
    def __init__(self, last=0):
        self.names = {str(number): number for number in range(5000)}
        self.places, self.counts = defaultdict(list, a=[(1, 2)]), Counter("aab")
        self.settings, self.found, self.last = Settings(), [], last

    def find(self, plate):
        time.sleep(0.006)  # tasks that come faster are not all looked at
        return plate

    def again(self, plate):
        time.sleep(0.006)
        return plate

def fits(words, pattern):
    time.sleep(0.006)
    return pattern

if __name__ == "__main__":
    with mp.get_context(sys.argv[1]).Pool(2) as pool:
        for plate in range(12):
            pool.apply_async(Catalog().find, (plate,))
            pool.apply_async(Catalog([[plate]]).again, (0,))
        pool.map(partial(fits, ["word"] * 5000), range(12), 1)
        pool.close()
        pool.join()
"""


def test_what_goes_along_with_a_function_is_its_first_parameter(observed, method):
    seen = pools.seen(observed(DRAGGED, method))
    rows = {row["function"].rpartition(".")[2]: row for row in pool_tasks.rows(seen, pools.numbered(seen))}
    assert {name: (row["same_args"], row["varying"]) for name, row in rows.items()} == {
        "find": ("self", "1"),
        "again": ("self.names,1", "self,self.last"),
        "fits": ("0", "1"),
    }


CARRIED = """
from array import array
from dataclasses import dataclass

@dataclass
class Job:
    table: object
    number: int

def look(job):
    return job.number

def find(rows, numbers, number):
    return number

def sums(rows):
    return len(rows)

if __name__ == "__main__":
    rows, numbers = {str(number): {"a": [number, 0.5]} for number in range(99)}, array("d", range(99))
    jobs = {
        look: [(Job(numbers, number),) for number in range(6)],
        find: [(rows, numbers, number) for number in range(6)],
        sums: [([[number, 0.5], [number + 1, 1.5]],) for number in range(6)],
    }
    for function, given in jobs.items():  # workers of their own: of many fast tasks, few are looked at
        with mp.get_context(sys.argv[1]).Pool(1) as pool:
            pool.starmap(function, given, 1)
            pool.close()
            pool.join()
"""


def test_what_is_inside_of_arguments_is_compared(observed, method):
    seen = pools.seen(observed(CARRIED, method))
    rows = {row["function"].rpartition(".")[2]: row for row in pool_tasks.rows(seen, pools.numbered(seen))}
    assert {name: (row["same_args"], row["varying"]) for name, row in rows.items()} == {
        "look": ("0.table", "0.number"),
        "find": ("0,1", "2"),
        "sums": ("", "0"),
    }


SENT = """
import decimal, fractions, os

def work(number):
    return number

def prepare(whole):
    pass

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    with context.Pool(1, prepare, ([fractions.Fraction(1, 3)],)) as pool:
        pool.map(work, [{"a": decimal.Decimal(1)}])
        pool.close()
        pool.join()
"""


def test_the_packages_of_what_children_are_given_and_the_cpus_they_may_use(observed, method):
    found = observed(SENT, method)
    (child,) = [life for life in found if life.role == "worker"]
    packages = {name for event in child.book.noted("given") for name in event.facts[0]}
    if method != "fork":  # a forked one imports nothing again
        assert packages >= {"decimal", "fractions"}
    if sys.platform == "linux":
        (main,) = [life for life in found if life.role == "main"]
        assert [event.facts for event in main.book.noted("usable")][-1] == (1,)


BEHIND_A_SLOW_READER = """
import time

def read(messages):
    for _ in iter(messages.get, None):
        time.sleep(0.002)

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    messages = context.Queue(maxsize=2)
    child = context.Process(target=read, args=(messages,))
    child.start()
    for number in range(400):
        messages.put(number)
    messages.put(None)
    child.join()
"""


def test_waiting_for_a_place_in_a_queue_belongs_to_put(observed):
    lived = observed(BEHIND_A_SLOW_READER, METHODS[0])

    (messages,) = users(channels.rows(lived))
    assert messages["put_wait_s"] > 0.4, "of 0.8 s, the lock that counts its places not taken off"


POLLING = """
if __name__ == "__main__":
    ours, theirs = mp.Pipe()
    for _ in range(300):
        assert not ours.poll(0.001)
"""


def test_waits_within_a_poll_are_counted_once(observed):
    (main,) = observed(POLLING)
    told = sum(slot.s for slot in main.book.slots if slot.kind in ("poll", "wait") and not slot.nested)

    assert 0.2 < told < main.life_s


REFUSED = """
def work(queue):
    open(sys.argv[2]) if queue is None else queue.put(1)

def start(queue):
    process = mp.get_context("spawn").Process(target=work, args=(queue,))
    process.start()
    return process

if __name__ == "__main__":
    how = sys.argv[1]
    if how == "dropped":
        start(mp.get_context("spawn").Queue()).join()
    elif how == "no file":
        start(None).join()
    elif how == "mixed":
        start(mp.get_context("fork").Queue())
    else:
        with mp.Pool(1) as pool:
            pool.apply(work, (mp.Queue(),))
"""


@pytest.mark.parametrize(
    ("how", "kind", "opening", "says"),
    [
        ("dropped", "exit", True, "FileNotFoundError: "),
        ("no file", "exit", False, "FileNotFoundError: "),
        pytest.param(
            "mixed",
            "main",
            None,
            "RuntimeError: A SemLock created in a fork context is being shared with a process in a",
            marks=pytest.mark.skipif(
                not hasattr(multiprocessing.Lock(), "_is_fork_ctx"),
                reason="this Python does not check the context of a lock",
            ),
        ),
        (
            "task",
            "main",
            None,
            "RuntimeError: Queue objects should only be shared between processes through inheritance",
        ),
    ],
)
def test_errors_of_what_processes_cannot_be_given(observed, how, kind, opening, says):
    lived = observed(REFUSED, how, "nowhere", code=int(kind == "main"))
    (row,) = [row for row in failures.rows(lived) if row["kind"] == kind]

    assert row["example"].startswith(says)
    assert row.get("opening") is opening
    assert row["count"] == 1


DRAWING = """
import numpy.random

def task(number):
    if sys.argv[1] == "seeded":
        numpy.random.seed(mp.current_process().pid)
    elif sys.argv[1] == "own":
        return numpy.random.default_rng().normal()
    return numpy.random.normal()

if __name__ == "__main__":
    crew = [mp.get_context("fork").Process(target=task, args=(number,)) for number in range(2)]
    for each in crew:
        each.start()
    for each in crew:
        each.join()
"""


@pytest.mark.parametrize(("how", "count"), [("inherited", 1), ("seeded", 0), ("own", 0)])
def test_processes_that_draw_the_same_random_numbers(observed, how, count):
    pytest.importorskip("numpy")
    rows = globs.draws(observed(DRAWING, how))

    assert [(row["processes"], row["target"], row["function"]) for row in rows] == [
        (2, "__main__.task", "<module>")
    ] * count


GENERATORS = """
import random

rolling = random.Random(3)
unused = random.Random(4)

class Dice:
    shared = random.Random(5)

    def __init__(self, seed):
        self.own = random.Random(seed)

    def roll(self):
        return self.own.random()

def task(number):
    if sys.argv[2] == "global":
        rolling.random()
    elif sys.argv[2] == "class":
        Dice.shared.random()
    elif sys.argv[2] == "seeded":
        rolling.seed(number)
        rolling.random()
    elif sys.argv[2] == "own":
        random.Random(number).random()
    else:
        random.random()

if __name__ == "__main__":
    method, how = sys.argv[1:]
    context = mp.get_context(method)
    if how in ("object", "objects"):
        crew = [context.Process(target=Dice(7 if how == "object" else number).roll) for number in range(2)]
    else:
        crew = [context.Process(target=task, args=(number,)) for number in range(2)]
    for each in crew:
        each.start()
    for each in crew:
        each.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("how", "names"),
    [
        ("global", ["rolling"]),
        ("class", ["Dice.shared"]),
        ("object", ["Dice.own"]),
        ("objects", []),
        ("seeded", []),
        ("own", []),
        ("module", []),
    ],
)
def test_generators_of_the_program_that_children_have_alike(observed, method, how, names):
    rows = globs.draws(observed(GENERATORS, method, how))

    assert [(row["name"], row["processes"]) for row in rows] == [(name, 2) for name in names]


GENERATOR_OF_NUMPY = DRAWING.replace("numpy.random\n", "numpy.random\nmade = numpy.random.default_rng(3)\n", 1).replace(
    "return numpy.random.normal()", "return made.normal(size=1 + number)"
)


def test_generators_of_numpy_that_drew_differently_much(observed):
    pytest.importorskip("numpy")
    (row,) = globs.draws(observed(GENERATOR_OF_NUMPY, "inherited"))

    assert (row["name"], row["processes"]) == ("made", 2)
