"""What ``mpdiag explain fleet`` tells: how the hosts of a cluster are asked, and how to read the page."""

from __future__ import annotations

from typing import Final

from mpdiag.text.topic import Topic

FLEET: Final = Topic(
    "fleet",
    "Which host of a cluster is slow or different: mpdiag fleet",
    """\
`mpdiag fleet doctor --dask tcp://HOST:8786` looks at every host of a Dask cluster, `mpdiag fleet probe` measures
there. `--scheduler-file FILE` names the cluster too, `--dask local:4` makes one on this machine for a try-out, and
`--tls-ca-file`, `--tls-cert` and `--tls-key` are Dask's own. It needs `mpdiag[dask]` here and nothing there.

- A host is asked once, by the worker that has least to do; hosts are asked at the same time. Containers of one machine
are hosts of their own but are asked in turn, so that none of ours disturbs another.
- What goes there is source text, as a task: it is unpacked in a private folder, run in a process of its own by the
worker's interpreter (3.9 or newer), and taken away whatever happens. psutil is there, as Dask needs it. What comes
back is JSON text, 32 MiB at most.
- A host that is busy, dies, refuses, cannot run it or takes longer than `--timeout` is a row with the reason; Ctrl-C
keeps what is there. Exit code 3 means that no host told anything.

Read the rows first: hosts without an answer, then those with most that is unusual. Unusual is what lies 3.5 robust
standard deviations (1.48 median absolute deviations each) from the median of the fleet, as a ratio, and at least a
fifth; of a measured value, its whole interval. For words such as a version, whatever most have is usual. It takes
three hosts. "times : usual" is the median over all durations of a host: 1.5 means that all takes half as long again
there.

A finding stands once, with how many hosts have it; its words are those of the host that is worst off. Hosts are called
host-1, host-2 and so on unless you say `--no-redact`. The whole report of each is in the JSON, and `mpdiag report FILE
--host host-2` shows it.""",
    ("https://distributed.dask.org/en/stable/",),
)
