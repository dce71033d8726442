"""What ``mpdiag explain TOPIC`` tells: the few things worth knowing before any rule, in a screenful each."""

from __future__ import annotations

from typing import Final

from mpdiag.text.fleet_topics import FLEET_TOPICS
from mpdiag.text.lint_topics import LINT_TOPICS
from mpdiag.text.run_topics import RUN_TOPICS
from mpdiag.text.size_topic import SIZING
from mpdiag.text.topic import Topic

_LIBRARY = "https://docs.python.org/3/library"


_START_METHODS = Topic(
    "start-methods",
    "fork, forkserver, spawn: how a worker comes to life",
    """\
- fork copies the parent's page tables, not its memory: quick while the parent is small, dearer with every gigabyte it
holds, at start and again at exit. Pages are copied once they change, and reading Python objects changes their reference
counts. `gc.freeze()` before the fork keeps garbage collection from touching the rest.
- spawn starts a new interpreter, which imports the main module and what the task needs: whatever the module level does
is done again in each worker. From 3.10 on it costs the same however large the parent is.
- forkserver forks from a small helper process. It re-imports like spawn, unless `set_forkserver_preload()` names the
modules. Naming `__main__` has no effect before 3.13.8.

The default is fork on Linux up to Python 3.13 and forkserver from 3.14; spawn on Windows, and on macOS since 3.8.
Never conclude from the system: ask `multiprocessing.get_start_method()`.

fork is unsafe once another thread runs: a lock held by it at that moment stays locked in the child for ever. Python
3.12 and later warn, but the default filter hides the warning. Choose with `multiprocessing.get_context("spawn")` and
pass the context on; `set_start_method(..., force=True)` hides a conflict instead of solving it.

Put what starts workers under `if __name__ == "__main__":`, and costly preparation inside it too (or in an
initializer): outside, it runs in every spawned worker. `mpdiag probe start_method` measures all of them here.""",
    (f"{_LIBRARY}/multiprocessing.html#contexts-and-start-methods",),
)

_PICKLING = Topic(
    "pickling",
    "What it costs to send an object",
    """\
Everything sent to another process is pickled, at any size: there is no threshold. What differs is the price. Bytes,
bytearrays, arrays and NumPy arrays go at about the speed of a copy; object graphs cost by the element, from hundredths
of a microsecond (an int) to a few microseconds (an instance with `__slots__`, a path). Ten thousand small dicts take
longer to pickle than ten megabytes of bytes.

- Send less: an index, a file name or a slice instead of the data; a sum instead of the list.
- Send it once: `initializer` and `initargs` per worker instead of an argument per task. A bound method drags its
whole instance along, a `partial` its arguments.
- Send it flat: arrays and columns instead of lists of objects, tuples instead of instances.
- Large bytes: `Connection.send_bytes()`, then one shared-memory segment that is reused. A new segment per message
seldom pays: it costs page faults.

Lambdas, nested functions and open handles cannot be pickled. A forked Process hides that, as it inherits its target and
arguments; pools, spawn and forkserver do not. `Queue.put()` pickles later, in a thread: an object changed after `put()`
arrives changed, and errors appear on stderr only.

`mpdiag probe pickle_cost --object pkg.mod:factory` measures what your own function returns.""",
    (f"{_LIBRARY}/pickle.html#what-can-be-pickled-and-unpickled",),
)

_CHANNELS = Topic(
    "queues-and-pipes",
    "Pipe, SimpleQueue, Queue, Manager().Queue",
    """\
- Pipe: two ends and no lock. Two writers on one end corrupt messages above 4 KiB; guard it with a Lock. A full pipe
blocks `send()`, and there is no timeout.
- SimpleQueue: a pipe with two locks and no thread. Any number of writers and readers.
- Queue: a pipe, locks and a feeder thread in each process that puts; reading needs no thread. `put()` returns before
anything is pickled. Its price shows in the latency of small messages; in throughput it is close to Pipe, and from
64 KiB on equal. "3 to 5 times slower" comes near the truth for round trips of small messages, not for throughput.
- Manager().Queue: every operation is a request to one server process. Several times slower; use it only where a
proxy has to travel through a pool.

Queue() is unbounded on Linux: a slow consumer means growing memory, and a process does not exit before its items are
read. Give it a `maxsize`, and `put()` a timeout.

`recv()` raises EOFError only when every copy of the other end is closed: close the parent's copy after `start()`.
Wait with `poll(timeout)` or `multiprocessing.connection.wait()`, never in a loop around `poll()`.
End consumers with one sentinel each; `empty()` says nothing about the end of the data.""",
    (f"{_LIBRARY}/multiprocessing.html#pipes-and-queues",),
)

_POOLS = Topic(
    "pools",
    "How many workers, how large a task, which pool",
    """\
A pool pays when a task takes longer than handing it over. With two CPUs a speed-up of 1.5 needs tasks of three times
the cost of dispatch; `mpdiag probe pool_overhead` gives the break-even here. Below it: `chunksize`, batches, or none.

- `ProcessPoolExecutor.map` sends one item at a time unless told: pass `chunksize`. `Pool.map` chooses one itself.
- `submit(...).result()` in a loop runs one task at a time. Submit all, then `as_completed()`.
- CPU-bound work: as many workers as usable CPUs (`mpdiag explain limits`). More cost only their start and memory.
- Work that waits: as many in flight as the other side bears, and threads: they start faster and hold far less memory.
- Build the pool once and keep it; put preparation in `initializer`. An initializer that raises breaks an executor,
and makes a Pool replace its workers for ever.
- Exceptions of a future that nobody reads are silent: call `result()`.
- `shutdown(cancel_futures=True)` (3.9) drops what has not started; `wait()` and `as_completed()` on those futures
hang. A task that runs, or has been handed out as the next one, cannot be cancelled; 3.14 adds `terminate_workers()`.
- A killed worker breaks an executor (BrokenProcessPool); a Pool waits for ever for its result.""",
    (f"{_LIBRARY}/concurrent.futures.html", f"{_LIBRARY}/multiprocessing.html#module-multiprocessing.pool"),
)

_SHARING = Topic(
    "sharing",
    "State that several processes see",
    """\
Each process has its own memory: a global changed on one side stays as it was on the other. A change made before the
start is seen under fork and not under spawn or forkserver, so the same program differs between systems and versions.

- Cheapest: share nothing. Pass arguments in, collect results.
- Value, Array: fast, but `v.value += 1` is a read and a write. Use `with v.get_lock():` or updates are lost.
- Typecodes: a float into 'i' is a TypeError, an int too large wraps silently; there is no code for bool.
- Manager: dicts and lists by proxy, each access a round trip to one server that all share. A change inside a nested
value is not written back: assign the whole value again.
- shared_memory: for large buffers; reuse the segment, `close()` in each process, `unlink()` once. Before 3.13 an
unrelated process that attaches destroys it at exit; from 3.13 pass `track=False` there.
- Large read-only data: memory-map a file, or load arrays and bytes before a fork. Lists and dicts are copied bit by bit
as they are read, because of their reference counts.
- Forked workers inherit the state of the random generator: seed it in the initializer.""",
    (
        f"{_LIBRARY}/multiprocessing.html#sharing-state-between-processes",
        f"{_LIBRARY}/multiprocessing.shared_memory.html",
    ),
)

_HANGS = Topic(
    "hangs",
    "Why a program with workers stands still",
    """\
- `join()` before the queue is read: the child cannot exit while its items are unread. Read, then join.
- A bounded queue whose consumer is gone: `put()` waits. Give it a timeout and look whether the consumer lives.
- fork while another thread held a lock: the child waits for a lock that nobody will release. Start workers before
threads, or use forkserver or spawn. `logging`'s own locks are safe since 3.9; a file's buffer, the import lock and an
inherited thread pool are not.
- `recv()` waiting for an end of file: some process still holds the other end open. Close the copies you do not use;
under fork, siblings inherit them too.
- A worker killed inside `get()` keeps the queue's lock: nobody else gets anything. Where workers may die, use a pipe
for each, or an executor.
- A killed worker of a Pool: its result never comes. An executor raises BrokenProcessPool.
- No guard around the main module under spawn or forkserver: each worker would start workers.
- A task that waits for a task of its own pool; `wait()` on futures dropped by `cancel_futures`; fewer sentinels than
consumers; two locks taken in opposite order.

`mpdiag hang PID` names the cause while it stands still, `mpdiag run --hang-after 60` as soon as it does: see `mpdiag
explain hanging`.
`mpdiag probe semantics` demonstrates the first ones on your interpreter.""",
    (f"{_LIBRARY}/multiprocessing.html#programming-guidelines",),
)

_LIMITS = Topic(
    "limits",
    "What the machine grants, and who tells",
    """\
- `os.cpu_count()` counts the machine. `os.process_cpu_count()` (3.13) knows affinity. Neither sees the CPU quota of a
container: a pod with half a CPU on 64 still counts 64. Pools default to these counts; mpdiag shows the usable CPUs.
- `PYTHON_CPU_COUNT` or `-X cpu_count` (3.13) override the count; or pass `max_workers`.
- No count sees other programs: on a busy machine two workers may gain nothing. The report says when it was contended.
- /dev/shm is 64 MiB in many containers: shared memory beyond it ends in a bus error or OSError. Docker: `--shm-size`.
- Memory: each worker has its own interpreter and modules, and with time its own copy of what it touches.
- Open files: pipes and queues take two or more each in parent and child; see `ulimit -n`. Processes: `ulimit -u`, and
the control group's limit.
- Windows: at most 61 workers in an executor, 60 in a Pool. macOS: queues hold 32,767 items.
- NumPy and friends start a thread per CPU in each worker: set OMP_NUM_THREADS=1 (or threadpoolctl) in workers.""",
    (f"{_LIBRARY}/os.html#os.process_cpu_count",),
)

_MEASURING = Topic(
    "measuring",
    "How mpdiag measures, and how far to trust it",
    """\
Each probe runs in a fresh, lean process of the interpreter in question, because imports, memory already allocated and
threads change the answers. What is compared is measured in turn (A B C, A B C ...), so that drift hits all alike. The
first rounds are dropped. Values are medians with the 95 % interval of order statistics, which assumes no distribution;
ratios are taken round by round. Measuring goes on until the interval is within 5 % or the time is spent.

- Below six rounds there is no interval, and none is shown.
- "noisy" marks a wide interval, "contended" other programs that took CPU time meanwhile. Trust ratios more than
absolute times then, and measure again.
- CPU time, context switches and memory come from psutil, from outside; the profile from a pass of its own. Neither
disturbs what is timed.
- `--quick` measures less of everything within 6 seconds, `--thorough` more, `--budget` sets the seconds.
- Nothing is installed in the interpreter given with `--python`; it has to be 3.9 or newer.
- Figures hold for this machine in this hour. Compare within one report before you compare two.""",
)

_READING = Topic(
    "reading-a-report",
    "From verdict to raw numbers",
    """\
The verdict comes first, then what limits trust, then findings, then tables.

- A finding has an id, a level (error, warning, note), what was seen, and after the arrow what to do. The level says
how much it matters, not how sure it is: that is the confidence (measured, inferred, static), shown with `-v`.
- Findings stand in the order of the time a fix can win back, then level, then concern: the value over its reference.
- 2.70x [2.50-2.90] is a median and its 95 % interval: where the true median lies in 19 of 20 measurements.
- A dash is "not measured" or "not known", never zero. `-v` gives the reason, and the rules that could not be judged.
- Among the facts of machine and Python (`-v`), "none" is known: there is none, or no limit. JSON has null for both,
with an entry under `unknown` for what is not known.
- Bars are drawn from zero to the largest value of their column.
- 110 columns or more show intervals in tables, and further columns.

`--format markdown` is for tickets, `--json FILE` keeps everything; `mpdiag report FILE` shows a saved report in any
format. Names of user, host, home and temporary folders and what looks like a secret are replaced, and the hour is left
out, unless you say `--no-redact`.""",
)

_EXIT_CODES = Topic(
    "exit-codes",
    "What a script can learn from the exit code",
    """\
- 0: fine.
- 1: a finding at or above `--fail-on`; or a broken budget or a regression, whatever `--fail-on` says. Its default is
warning for lint, never for all others; for compare, and against a baseline, only what is new counts.
- 2: a wrong option, an unknown name or a file that is no report; for lint, no file that could be checked.
- 3: mpdiag could not do its work.
- 4: `mpdiag run --hang-after` found the program stuck: it was ended, or came to its end all the same.
- 130: interrupted; what was measured by then has been printed.

`mpdiag run` ends with the program's own exit code (128 + n after signal n); 1, 3 and 4 only if the program ended with
0, and 4 if --on-hang kill has ended it.

In a CI job: `mpdiag probe --quick --fail-on error --json report.json`. The report goes to stdout, everything else to
stderr.""",
)

_CONFIGURATION = Topic(
    "configuration",
    "pyproject.toml, environment, options",
    """\
Later ones win: `[tool.mpdiag]` in the nearest pyproject.toml, then environment variables, then options.

- Keys are the long options: `fail-on = "warning"`, `ignore = ["MP402"]`. A table `[tool.mpdiag.probe]` is for one
command only.
- Variables are MPDIAG_ and the option in capitals: `MPDIAG_FAIL_ON=warning`, `MPDIAG_BUDGET=10`.
- `--select` and `--ignore` take ids, beginnings of ids (MP3) or names, parted by commas.
- NO_COLOR, FORCE_COLOR, COLUMNS and TERM=dumb are honoured.

Which interpreter is measured: `--python PATH`, else the active virtual environment's, else (when mpdiag has an
environment of its own, as with pipx) the first `python3` on PATH, else the one that mpdiag runs in. The report says
which and why.""",
)

TOPICS: Final[dict[str, Topic]] = {
    topic.name: topic
    for topic in (
        _START_METHODS,
        _PICKLING,
        _CHANNELS,
        _POOLS,
        _SHARING,
        _HANGS,
        _LIMITS,
        _MEASURING,
        *RUN_TOPICS,
        *LINT_TOPICS,
        SIZING,
        *FLEET_TOPICS,
        _READING,
        _EXIT_CODES,
        _CONFIGURATION,
    )
}
