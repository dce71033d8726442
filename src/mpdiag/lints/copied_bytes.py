"""Bytes that ``send()`` of a connection pickles, though ``send_bytes()`` would send them as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, names

#: Bytes from which the copies show.
LARGE = 2**16
PICKLED = frozenset({"pickle.dumps", "cloudpickle.dumps", "dill.dumps", "marshal.dumps"})
MAKES_BYTES = frozenset({"bytes", "bytearray", "memoryview", "os.urandom", "secrets.token_bytes"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find send() of what is bytes already."""
    for call, _ in source.methods({names.CONNECTION}, "send"):
        value = source.values.origin(call.args[0]) if len(call.args) == 1 else None
        if value is None:
            continue
        if isinstance(value, ast.Call) and source.concept(value.func) in PICKLED:
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen="The object is pickled, and send() pickles the result once more.",
                do="Give send() the object itself, or the pickle to send_bytes().",
            )
        elif is_bytes(source, value) and (source.values.size(value) or 0) >= LARGE:
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen=f"send() pickles {source.values.size(value):,} bytes into a copy before they are written.",
                do="Use send_bytes() and recv_bytes() (or recv_bytes_into() with a buffer that is kept).",
            )


def is_bytes(source: Source, value: ast.expr) -> bool:
    """Whether a value is bytes or the like."""
    if isinstance(value, ast.BinOp):
        return is_bytes(source, source.values.origin(value.left))
    if isinstance(value, ast.Call):
        return source.concept(value.func) in MAKES_BYTES
    return isinstance(value, ast.Constant) and isinstance(value.value, bytes)


LINT: Final = Lint(
    module=__name__,
    id="MP205",
    inspect=inspect,
    doc=Doc(
        title="Large bytes are copied more than they need be",
        why="send() pickles a buffer, writes it to a pipe, and recv() reads it and unpickles it: copies, and memory "
        "that is fetched from the system and given back for every message. send_bytes() leaves the pickle out.",
        how="send() of a Connection with bytes whose text shows that they are 64 KiB or more, or with what "
        "pickle.dumps gave: that is pickled twice.",
        bad="""
            import pickle
            from multiprocessing import Pipe

            if __name__ == "__main__":
                here, there = Pipe()
                here.send(pickle.dumps({"answer": 42}))
                print(pickle.loads(there.recv()))
        """,
        good="""
            from multiprocessing import Pipe

            if __name__ == "__main__":
                here, there = Pipe()
                here.send({"answer": 42})
                print(there.recv())
        """,
        applies="connections; queues have no send_bytes()",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.send_bytes",
        ),
    ),
)
