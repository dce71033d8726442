"""What ``mpdiag explain sizing`` tells: how to read the page of ``mpdiag size``."""

from __future__ import annotations

from typing import Final

from mpdiag.text.topic import Topic

SIZING: Final = Topic(
    "sizing",
    "How many workers a function wants: mpdiag size",
    """\
`mpdiag size pkg.mod:function --items pkg.mod:make_items` calls the function on real items and measures. `--args-json
FILE` holds calls instead, one a line: a list of arguments, an object of named ones, or a single argument. `--setup`
names what prepares a process. A path such as app.py:function works too. Give some dozens of items as they really come.

The function is executed many times, on some items again, also in other processes and threads; `--max-calls N` limits
that. What it prints is not shown, and it finds nothing on standard input.

- One call: how long it takes and waits, what sending it costs, whether two threads run at a time or hold each other up.
- Speed-up by workers: warm ones, against a plain loop of the same rounds.
- Efficient choice: 95 % of the best speed with the lightest and fewest workers: no pool, then threads, interpreters,
processes. Start methods do not differ once workers are up: the default wins unless another is clearly faster.
- The knee: from there on a further worker adds less than half of what the first gave.
- Native threads: where libraries (BLAS, OpenMP) compute on threads of their own, settings with one thread for each
worker are tried as well, set by threadpoolctl if the interpreter has it, else by the environment of spawned processes.
- Limited by: the CPUs; the one process that pickles and hands out; memory bandwidth or cores that CPUs share (the same
work takes more CPU time on several workers); a serial part, say a lock; what the calls wait for; the items; other
programs in the run queue.
- Memory: PSS is a worker's own and its part of what is shared, at its peak. On a busy Linux the time that workers
queued for a CPU because of other programs is left out.

`--cpus 32 --mem 64G` extrapolates by the universal scalability law, fitted to workers that had a CPU each: contention
is what only one can do at a time, coherency what each spends on keeping up with the others, and from that follows a
number of workers beyond which it gets slower. With fewer than three numbers of workers
above one, the ends of the forecast take all of the loss for the one or the other. Beyond one machine, a
cluster's scheduler adds to every task: Dask says about 1 ms, `mpdiag[dask]` measures it.""",
    (
        "https://docs.python.org/3/library/concurrent.futures.html",
        "http://www.perfdynamics.com/Manifesto/USLscalability.html",
    ),
)
