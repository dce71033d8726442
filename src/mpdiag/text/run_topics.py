"""The topics about observed programs: how they are watched, and what the page of `mpdiag run` means."""

from __future__ import annotations

from typing import Final

from mpdiag.text.buckets import BUCKETS, UNACCOUNTED
from mpdiag.text.topic import Topic

_RUNNING = Topic(
    "running",
    "What `mpdiag run` shows, from top to bottom",
    """\
`mpdiag run app.py --its --options`, `mpdiag run -m package` or `mpdiag run -- any command` runs the program as it is:
same arguments, same start method, same exit code, its output where it was. The page follows on standard error when it
has ended; `--json FILE` keeps it.

- The verdict: the cause that costs most, where it stands, and the most its fix can win. Or that there is nothing to
gain.
- Findings, by gain. Each has its place as file:line, the numbers that were seen and what to change.
- Where the time went: a bar for each process, from its birth to its end on the clock of the whole run. The letters
within it are shares, in a fixed order, not a course of events: `mpdiag explain buckets`. Capitals are work, small
letters and dots are waiting. Above a dozen processes, those of one kind share a bar.
- The table below the bars is their legend, and the sum over all processes.
- Pools, call sites, channels, locks, memory: only where there is something to see, the weightiest rows first. What a
pool or queue made for itself, and waits below 1 % of the run, come with -v.

Under `run`, places are lines of the program, not of the library that it called. What can be had besides the page, as
calls, profiles and a timeline: `mpdiag explain profiling`.""",
)

_PROFILING = Topic(
    "profiling",
    "What `mpdiag run` shows besides its page: calls, a profile, a timeline, a live page",
    """\
- `--stacks` adds a tree of the calls in which all processes burnt CPU time; those of a role count as one. Busy
processes are asked for their stacks some hundred times a second, from outside; the program needs no package for it and
pays about 2 % of a CPU for each busy process. Time spent waiting is not in it: that is what the page is about.
- `--cprofile FILE` runs every process under cProfile, from its birth, and writes one profile of all of them: `python -m
pstats FILE`, snakeviz and other viewers open it. Calls become slower, small functions most, so times are inflated and
gains overstated; the page says so. Up to Python 3.11 the main thread of each process is profiled; from 3.12 on cProfile
takes all threads for one. A process that ends, is terminated or killed by its parent, or leaves by `os._exit()` loses
nothing; one killed from elsewhere, as for want of memory, loses about its last second. A program that profiles itself
has priority. Paths stay as they are, for viewers look for the source.
- `--perfetto FILE` writes a timeline, which ui.perfetto.dev and chrome://tracing open: processes, the last 256 tasks of
each, waits and locks, memory, and which start() made which process.
- `--live` shows the page below the program's output while it runs. The program may print lines as it likes; one that
draws on the whole screen itself should not be run so. The page takes mpdiag 2 to 3 % of a CPU, the program nothing.
- `--keep DIR` keeps the ledgers as the processes wrote them, to look into; no command reads them again.

For a single process, and for waiting beside computing, a profiler of its own shows more: py-spy, pyinstrument.""",
)

_LEDGER = Topic(
    "ledger",
    "How a program is observed without being disturbed",
    """\
Each Python process of the program keeps a ledger from its birth: a small file in memory (mmap) of fixed size, in a
private folder, in which it counts what it does at which line, and notes what it is doing now. Counting takes no lock,
no thread and no system call. Because the file is the memory, it is whole after `terminate()`, `os._exit()` or SIGKILL.

- What counts is woven into the library's own source when a process imports `multiprocessing` or `concurrent.futures`:
same files, same lines, same pickles, no function around another one. Tracebacks do not change.
- Nothing is installed: the tap comes by PYTHONPATH, for every Python from 3.9 on, in any environment. With -I, -S or -E
there is no tap, and the page says so; the process is still seen from outside.
- Events that come often are all counted, but only one in k is timed, and stands for k: counts are exact, times are
estimates then.
- From outside, mpdiag looks at CPU time, memory and the run queue several times a second. A process that only waits is
never disturbed.
- The size does not grow with events: one ledger a process, one entry for each kind of doing and line.
- On Linux the first 512 ledgers are in /dev/shm, if a GiB is free there and TMPDIR (or TEMP, TMP) names no other place:
on a disk, a process takes longer to make one. They go when the run is over.

What cannot be watched never stops the program: then less is known, and the page says what.""",
)

_ACCOUNT = Topic(
    "account",
    "How the time of a process adds up",
    f"""\
An account is the lifetime of a process, parted into buckets that exclude each other: what is nested is taken out of
what encloses it, so that a lock within a `put()` counts once. It follows the main thread of each process.

The buckets of a process sum to its lifetime. What they leave is "{UNACCOUNTED.words}" and is always printed. While it
is small (3 % or less), the account can be trusted; else other threads, C code or a tap that was missing took the time.

Lifetimes of processes overlap, so their sum is longer than the wall time: four workers that wait for a task during ten
seconds add forty seconds to the total. A large bucket is therefore no promise of gain: `mpdiag explain gain`.

Linux alone tells how long a process was able to run but had no CPU. Elsewhere that time is within what is off the CPU,
and the fact is null, never zero.""",
)

_BUCKETS = Topic(
    "buckets",
    "What the letters of the bars mean",
    "\n".join(
        f"- {bucket.letter} {bucket.words} (`{bucket.key}`): {bucket.about}."
        for bucket in (*BUCKETS.values(), UNACCOUNTED)
    )
    + """

Capitals are work, small letters and the dot are waiting. In a bar the buckets stand in this order, whenever they took
place.""",
)

_GAIN = Topic(
    "gain",
    "What a gain promises, and what not",
    """\
A gain is a ceiling: the most wall time that the fix can win, never an estimate of what it will win. It is computed from
what is on the critical path: time that other processes cover is not to be won. A pool whose workers are busy all the
time gains nothing from faster pickling in its parent.

- "at most 3.2 s (41 %) of 7.80 s" has two digits because a third would be noise.
- The basis says in one sentence what the ceiling rests on, so that you can judge whether it holds for you.
- Ceilings of several findings never sum to more than the run took: a later one gets what the earlier ones leave.
- A finding is a warning when its ceiling is 5 % of the run and a tenth of a second, or when it concerns wrong results
or memory; below that it is a note.

After the fix, `mpdiag compare before.json after.json` sets the ceiling against what was won.""",
)

_EFFICIENCY = Topic(
    "efficiency",
    "Parallel efficiency, and its two factors",
    """\
Parallel efficiency is the share of the time of the working processes in which they computed. After the POP model it is
a product, and the lower factor says where to look:

- Load balance: the average computing time over the longest. Low, when some workers had much more to do than others:
smaller tasks, `chunksize`, the longest task first.
- Communication: the longest computing time over the time they had. Low, when even the busiest one waited for tasks,
data, locks or others, started late or handed over: fewer and larger messages, fewer starts, more to do at once.

Above 80 % it counts as good, below it the page names the factor. It is not known for a single process. It says nothing
of whether the computing itself is needed: a program may be perfectly parallel and still compute everything twice.""",
    ("https://pop-coe.eu/node/69",),
)

_COMPARING = Topic(
    "comparing",
    "What changed between two reports",
    """\
`mpdiag compare BEFORE AFTER` takes two reports of one command that were saved with --json: two runs of a program, two
looks at a machine, two checks of source code. What differs in machine, interpreter and version is told first.

- Of two runs: the wall time, each bucket, memory, and the findings: gone, still there, new. The ceilings of those that
are gone stand against what was won. A finding is the same when its rule and function are, whatever its line.
- Of two probes: each figure that both have. It is slower or faster only when the 95 % intervals do not touch and the
medians are 5 % apart; of all others there is no change you can trust.
- Of two lints: the findings, by the fingerprints that all formats know them by.
- More than two stand side by side, a column for each: hosts of a fleet, versions of Python, branches.

Only what is new in AFTER counts as a finding, so `--fail-on warning` fails when something new came.
`--fail-on-regression 10%` fails when the wall time or the memory of a run grew by more, or a figure of a probe got
worse by more, beyond its interval. One run is one sample: repeat it before you believe in a few per cent.

`mpdiag run --baseline FILE` and `mpdiag probe --baseline FILE` compare with a saved report at once.""",
)

_HANGING = Topic(
    "hanging",
    "What `mpdiag hang` shows, and how it knows",
    """\
`mpdiag hang PID` takes any process of a program, or a part of its command line, and says within three seconds who waits
for whom and why that never ends. It looks twice, 0.7 seconds apart; the program goes on as it is. `mpdiag run
--hang-after 60 app.py` watches from the start and tells the same as soon as nothing has moved for so long: no CPU time,
nothing read or written, no task, no message. With `--on-hang kill` it then ends the program, first as Ctrl-C would, and
exits 4: in a CI job, a hang has a cause instead of a time-out.

- The verdict names the mistake where a rule knows it. "Stuck, and no rule knows the cause" means that nobody who could
end the main thread's wait can go on. Slow is not stuck: a thread that computes, sleeps, has a time limit or waits for
input, a peer or a file can go on, and so can everyone who waits for it. Then the verdict is "it moves" or "idle", and
"it could not be seen" where too little is shown to tell.
- Who waits for whom: the main thread first, each followed by those who could end its wait.
- Where the threads are: equal stacks as one, the rarest first.

It asks what it may, and the report says what was not permitted:

- A program under `mpdiag run` tells all of it itself: stacks, locks and who holds them, queues, pools. Its processes
are asked by a signal, which disturbs no wait, needs no privilege, and works while they wait for a lock, a pipe or a
child. One that waits in native code, or for signals, does not answer; nor does that of another user, even to root.
- Stacks of any other program, and of processes that do not answer, are read from outside: from Python 3.14 on by its
own means for debuggers, before that by py-spy if it is installed (`pip install 'mpdiag[stacks]'`). That takes the right
to trace: the same user where the system lets one trace one's own processes, root, or SYS_PTRACE in a container.
- `sys.remote_exec` (Python 3.14) is not used: it takes the same right, and its code runs only when the main thread next
runs Python code. One that waits for a lock, a pipe or a child never does.
- /proc on Linux tells in which system call each thread waits, for which pipe or file, and who holds its ends. Without
the right to trace it tells only the function of the kernel, who holds which pipe, and whether that is full: enough
where pipes, sockets or children are waited for, not for locks and limits. Elsewhere psutil tells
what runs, and stacks alone who waits for whom.""",
    ("https://peps.python.org/pep-0475/",),
)

_BUDGETS = Topic(
    "budgets",
    "What a program may cost: limits that pass or fail",
    """\
`mpdiag run` holds the program against budgets, and exits 1 when one is broken. They stand in pyproject.toml, or behind
`--budgets`, as often as you like:

- `[tool.mpdiag.budgets]`
- `"parallel efficiency" = ">= 0.7"`
- `"pickled bytes per task" = "<= 1 MB"`
- `"peak PSS" = "<= 2 GiB"`
- `MP6xx = "none"`

What can be limited: wall time, CPU time, processes, parallel efficiency, load balance, communication, possible gain,
pickled bytes per task, peak RSS and peak USS (of the largest process), peak PSS (of all processes at once, shared pages
counted once), segments left, not accounted for; what processes do, by the words of `mpdiag explain buckets`, as a share
of all processes' time (`waiting for a lock <= 5 %`) or in seconds; findings, errors, warnings, and rules by id
(`no MP201`, `no MP6xx`). MB are 10^6 bytes, MiB are 2^20.

The report tells which passed. What it does not know, as the memory on a system that does not tell, is "not known" and
fails nothing.""",
)

RUN_TOPICS: Final = (
    _RUNNING,
    _HANGING,
    _PROFILING,
    _ACCOUNT,
    _BUCKETS,
    _EFFICIENCY,
    _GAIN,
    _LEDGER,
    _COMPARING,
    _BUDGETS,
)
