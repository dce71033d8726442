"""Where the taps of pickles, connections, queues and locks go; `points` has them among all others."""

from __future__ import annotations

from .weave import Free, Insert, Kept, Needed, Point, Replace, Short, Timed, Where

#: A pickle that finds nothing to do: bytes are what they are.
PLAIN = "type(obj) in (bytes, bytearray)"
#: What `__init__`, written in Python, does to a pickler is a sixth of what it takes to pickle a small message. Whether
#: somebody has given that class something more is to be seen by its size. In a module that is woven late this does not
#: run, and its pickler is none of these.
PICKLER = "_mpd_pickler, _mpd_init, _mpd_size = ForkingPickler, ForkingPickler.__init__, len(vars(ForkingPickler))"
PICKLED = """\
if cls is _mpd_pickler and cls.__init__ is _mpd_init and len(cls.__dict__) == _mpd_size:
    _mpd_p = cls.__base__(buf, protocol)
    _mpd_p.dispatch_table = _mpd_d = cls._copyreg_dispatch_table.copy()
    _mpd_d.update(cls._extra_reducers)
    _mpd_p.dump(obj)
else:
    cls(buf, protocol).dump(obj)
"""
#: What the picklers of `multiprocessing` give and other short messages, all of it, through an open connection.
PLAIN_VIEW = (
    "(type(buf) is memoryview and buf.ndim == buf.itemsize == 1 or type(buf) is bytes and len(buf) < 16384)"
    " and size is None and not offset and self._writable and self._handle is not None"
)
#: A send that finds no lock.
LOOSE = "not _mpd.holds.held()"
#: Bytes from which reading them takes time that is not waiting for them.
LONG = 1 << 16
#: What a connection checks at each call.
CHECKS = [
    Needed(f"_ConnectionBase.{name}", f"self._check_{state}()", condition)
    for names, able in ((("send", "send_bytes"), "writable"), (("recv", "recv_bytes", "poll"), "readable"))
    for name in names
    for state, condition in (("closed", "self._handle is None"), (able, f"not self._{able}"))
]

#: The library builds a selector for each wait, also where there is something already or it is only to look: pools do
#: so once or twice for each task.
READY = """\
if type(object_list) is list and (timeout is None or type(timeout) in (int, float)):
    try:
        _mpd_of, _mpd_look = {}, selectors.select.poll()
        for _mpd_each in object_list:
            _mpd_fd = _mpd_each if type(_mpd_each) is int else _mpd_each.fileno()
            _mpd_look.register(_mpd_fd, 1)
            _mpd_of[_mpd_fd] = _mpd_each
        _mpd_ready = _mpd_look.poll(0)
    except Exception:  # the library says what is wrong; Windows has no poll()
        pass
    else:
        if len(_mpd_of) == len(object_list) and (_mpd_ready or timeout == 0):
            return list(map(_mpd_of.get, dict(_mpd_ready)))
"""

POINTS: dict[str, list[Point]] = {
    "multiprocessing.reduction": [
        Insert("", PICKLER, after="register = ForkingPickler.register"),
        Replace("ForkingPickler.dumps", PICKLED, "cls(buf, protocol).dump(obj)"),
        Timed("ForkingPickler.dumps", "pickle", size="_mpd.pickled(_mpd_r)", empty=PLAIN),
        Timed("dump", "pickle", size="_mpd.told(file)"),
    ],
    "multiprocessing.connection": [
        *CHECKS,
        Insert("wait", READY),
        Short("_ConnectionBase.send_bytes", PLAIN_VIEW, "self._send_bytes(buf)"),
        Timed("Connection._send_bytes", "send", thing="self", size="len(buf)", empty=LOOSE),
        Timed("PipeConnection._send_bytes", "send", thing="self", size="len(buf)", empty=LOOSE),
        Where(f"size > {LONG}", Timed("Connection._recv_bytes", "read", "return self._recv(size)", thing="self")),
        Insert("Connection._close", "try:\n    _mpd.ending.closing(self)\nexcept Exception:\n    pass"),
        Timed("Connection._recv_bytes", "recv", thing="self", size="_mpd.received(_mpd_r)"),
        Timed("PipeConnection._recv_bytes", "recv", thing="self", size="_mpd.received(_mpd_r)"),
        Timed("Connection._poll", "poll", thing="self", empty="_mpd_r is False"),
        Timed("PipeConnection._poll", "poll", thing="self", empty="_mpd_r is False"),
        Timed("_ConnectionBase.recv", "unpickle", "_ForkingPickler.loads", thing="self", size="_mpd.unpickled(buf)"),
        Timed("wait", "wait", empty="not _mpd_r"),
        Insert("Pipe", "_mpd.note.pipe(c1, c2)", before="return (c1, c2)"),
    ],
    "multiprocessing.queues": [
        Free("Queue.put", "self._notempty", "_lock"),
        Needed("Queue.put", "self._notempty.notify()", "self._notempty._waiters"),
        Timed("Queue.put", "put", thing="self", empty="_mpd_r is _mpd", end="_mpd.traffic.put"),
        Timed("JoinableQueue.put", "put", thing="self", empty="_mpd_r is _mpd", end="_mpd.traffic.put"),
        Insert("Queue.get", "self._reader._mpd_gave_up = _mpd.pid", before="raise Empty"),
        Insert("Queue.get", "self._reader._mpd_gave_up = None", before="return _ForkingPickler.loads"),
        Kept("Queue.empty", "return not self._poll()", "self._reader._mpd_gave_up = _mpd.pid if _mpd_r else None"),
        Insert(
            "Queue._feed",
            "_mpd_try = getattr(writelock, '_semlock', writelock).acquire",
            after="wrelease = writelock.release",
        ),
        Replace("Queue._feed", "_mpd_try(False) or wacquire()", "^wacquire()"),
        Insert("Queue._feed", "_mpd.note.dropped(send_bytes, e)", before="onerror(e, obj)"),
        Insert("Queue._reset", "_mpd.ending.known(self)"),
        Timed("Queue.get", "unpickle", "return _ForkingPickler.loads", thing="self", size="_mpd.unpickled(res)"),
        Free("Queue.get", "self._rlock", "_semlock"),
        Timed("Queue.get", "get", thing="self", empty="_mpd_r is _mpd"),
        Insert("SimpleQueue.get", "self._reader._mpd_gave_up = None", before="return _ForkingPickler.loads"),
        Timed("SimpleQueue.get", "unpickle", "return _ForkingPickler.loads", thing="self", size="_mpd.unpickled(res)"),
        Free("SimpleQueue.get", "self._rlock", "_semlock"),
        Free("SimpleQueue.put", "self._wlock", "_semlock"),
        Timed("SimpleQueue.get", "get", thing="self"),
        Timed("JoinableQueue.join", "join", thing="self"),
        Kept(
            "SimpleQueue.empty",
            "return not self._poll()",
            "self._reader._mpd_gave_up = _mpd.pid if _mpd_r else None",
        ),
        Insert("SimpleQueue.__init__", "_mpd.ending.known(self)", before="self._rlock = ctx.Lock()"),
        Insert("SimpleQueue.__setstate__", "_mpd.ending.known(self)"),
        Insert("Queue.__init__", "_mpd.note.queue(self)", before="self._reset()"),
        Insert("SimpleQueue.__init__", "_mpd.note.queue(self)", before="self._rlock = ctx.Lock()"),
    ],
    "multiprocessing.synchronize": [
        Replace(  # since Python 3.11, tracebacks do not tell of this function
            "SemLock._make_methods",
            """\
_mpd_semlock = self._semlock
_mpd_try = _mpd_semlock.acquire
def acquire(block=True, timeout=None):
    if _mpd_try(False):
        return True
    if not block:
        return False
    try:
        return _mpd_try(block, timeout)
    except BaseException as _mpd_error:
        _mpd_error.__traceback__ = _mpd_error.__traceback__.tb_next
        raise
self.acquire = acquire
self.release = _mpd_semlock.release
_mpd.holds.known(self)
""",
        ),
        Timed("SemLock._make_methods.acquire", "lock", "return _mpd_try(block", thing="_mpd_semlock"),
        Replace(
            "SemLock.__enter__",
            """\
if self._semlock.acquire(False):
    return True
return self._semlock.__enter__()
""",
        ),
        Timed("SemLock.__enter__", "lock", "return self._semlock.__enter__()", thing="self._semlock"),
        Insert("SemLock.__init__", "_mpd.note.lock(self)", before="self._make_methods()"),
        Timed("Condition.wait", "sync", thing="self._wait_semaphore._semlock"),
    ],
}
