"""What ``mpdiag explain`` tells of clusters: how the hosts are asked, what a run there tells, how to read the pages."""

from __future__ import annotations

from typing import Final

from mpdiag.text.topic import Topic

_HOSTS = Topic(
    "fleet",
    "Which host of a cluster is slow or different: mpdiag fleet",
    """\
`mpdiag fleet doctor --dask tcp://HOST:8786` looks at every host of a Dask cluster, `mpdiag fleet probe` measures
there. `--scheduler-file FILE` names the cluster too, `--dask local:4` makes one on this machine for a try-out, and
`--tls-ca-file`, `--tls-cert` and `--tls-key` are Dask's own. It needs `mpdiag[dask]` here and nothing there. On a node
of a Ray cluster, `--ray auto` or `--ray HOST:6379` asks its nodes alike (`mpdiag[ray]`), by tasks that take no CPU.

- A host is asked once, by the worker that has least to do; hosts are asked at the same time. Containers of one machine
are hosts of their own but are asked in turn, so that none of ours disturbs another.
- What goes there is source text, as a task: it is unpacked in a private folder, run in a process of its own by the
worker's interpreter (3.9 or newer), and taken away whatever happens. psutil is there, as Dask needs it and Ray has its
own. What comes back is JSON text, 32 MiB at most.
- A host that is busy, dies, refuses, cannot run it or takes longer than `--timeout` is a row with the reason; Ctrl-C
keeps what is there. Exit code 3 means that no host told anything.

Read the rows first: hosts without an answer, then those with most that is unusual. Unusual is what lies 3.5 robust
standard deviations (1.48 median absolute deviations each) from the median of the fleet, as a ratio, and at least a
fifth; of a measured value, its whole interval. For words such as a version, whatever most have is usual. It takes
three hosts. "durations" is the median over all of a host, against what is usual: 1.5 means that all takes half as
long again there.

A finding stands once, with how many hosts have it; its words are those of the host that is worst off. Hosts are called
host-1, host-2 and so on unless you say `--no-redact`. The whole report of each is in the JSON, and `mpdiag report FILE
--host host-2` shows it.""",
    ("https://distributed.dask.org/en/stable/", "https://docs.ray.io/en/latest/ray-core/walkthrough.html"),
)

_RUNS = Topic(
    "fleet-run",
    "Where a run on a cluster loses its time: mpdiag fleet run",
    """\
`mpdiag fleet run pkg.mod:function` looks at the hosts, then calls the function here (with the client, if it wants an
argument) and computes what it returns; a graph can be named too. The account is made of the cluster's own timings: a
bar for each thread of a worker. Computing and off the CPU are the time inside tasks, parted by the CPU time that Dask
took of the tasks of that name (off the CPU is also queueing for one); waiting for data is for inputs that were on
their way, waiting for a task is all else: nothing to do, or the scheduler. Tasks that others run meanwhile count in.
Tiny tasks, data in the graph, large results, imbalance and too many threads are judged as in `mpdiag run`. Ray keeps no
such timings: `--ray` is refused.""",
    ("https://distributed.dask.org/en/stable/diagnosing-performance.html",),
)

FLEET_TOPICS: Final = (_HOSTS, _RUNS)
