"""Where the taps go: for each module, what is timed and what is noted.

The text of a statement is enough to find it; a point that a Python version lacks is left out there, and the tests say
which of them each version has.
"""

from __future__ import annotations

from . import channel_points
from .counted import ARRIVED, ASKED, DONE, SUBMITTED, TAKEN, TALLIED
from .weave import Free, Insert, Needed, Point, Timed, Where

POOL_THING = "self._inqueue"
SUBMITTING = ("apply_async", "_map_async", "imap", "imap_unordered")
EXECUTOR_THING = "self._call_queue"
#: A result, or all that a map gives, has been waited for.
WAITED = "_mpd.pools.waited"
MAPPED = "type(self).__name__ == 'MapResult'"
#: Python 3.11 optimizes a function that has jumped back without a condition so often. The loop of a pool's worker never
#: does: what is woven into it would take three times as long.
WARM_UP = "for _mpd_n in range(9): pass"

POINTS: dict[str, list[Point]] = {
    **channel_points.POINTS,
    "multiprocessing.process": [
        Insert("BaseProcess.__init__", "_mpd.note.made(self)"),
        Timed("BaseProcess.start", "start"),
        Insert("BaseProcess.start", "_mpd_began = _mpd.clock()", before="self._popen = self._Popen(self)"),
        Insert(
            "BaseProcess.start", "_mpd.note.started(self, _mpd_began)", after="self._sentinel = self._popen.sentinel"
        ),
        Timed("BaseProcess.join", "join"),
        Timed("BaseProcess.is_alive", "alive", empty="_mpd_r is True"),
        Insert("BaseProcess.exitcode", "_mpd.note.looked(self)", before="return self._popen.poll()"),
        Insert(
            "BaseProcess._bootstrap", "_mpd.note.born(self); _mpd.globs.begin(self)", before="util.info('child process"
        ),
        Insert("BaseProcess._bootstrap", "_mpd.ending.uncaught()", before="traceback.print_exc()"),
        Insert("BaseProcess._bootstrap", "_mpd.ending.process()", before="threading._shutdown()"),
        Where(
            "self._popen is None and self._parent_pid == os.getpid()",
            Timed("BaseProcess.run", "run", "self._target(*self._args", thing="_mpd.note.target(self)"),
        ),
        Insert(
            "BaseProcess.start",
            "_mpd.globs.configured(); _mpd.globs.prepare(self)",
            before="self._popen = self._Popen(self)",
        ),
        Timed("BaseProcess._bootstrap", "run", "^self.run()", thing="_mpd.note.target(self)"),
        Timed("BaseProcess._bootstrap", "exit", "util._exit_function()"),
        Timed("BaseProcess._bootstrap", "exit", "threading._shutdown()"),
        Insert("BaseProcess._bootstrap", "_mpd.finish()", after="util._flush_std_streams()"),
    ],
    "multiprocessing.context": [
        Insert("DefaultContext.set_start_method", "_mpd.note.method_set(method, force)"),
        Insert("DefaultContext.set_start_method", "_mpd.note.method_refused()", before="raise RuntimeError"),
    ],
    "multiprocessing.popen_fork": [
        Insert("Popen._send_signal", "_mpd.note.signalled(self.pid, sig)", before="os.kill(self.pid, sig)"),
        Insert("Popen.poll", "_mpd.event('exit', pid, self.returncode)", after="self.returncode = os.waitstatus_to"),
    ],
    "multiprocessing.popen_forkserver": [
        Insert(
            "Popen.poll",
            "_mpd.event('exit', self.pid, self.returncode)",
            after="self.returncode = forkserver.read_signed",
        ),
    ],
    "multiprocessing.spawn": [
        Timed("_main", "unpickle", "= reduction.pickle.load(from_parent)"),
        Timed("_main", "main_import", "prepare(preparation_data)"),
        Insert("_main", "_mpd.note.unpickled(self)", before="return self._bootstrap(parent_sentinel)"),
        Insert("_check_not_importing_main", "_mpd.note.unguarded()", before="raise RuntimeError"),
    ],
    "multiprocessing.pool": [
        Insert("worker", f"_mpd.tasks.worker(inqueue)\n{WARM_UP}", before="put = outqueue.put"),
        Timed(
            "worker",
            "initializer",
            "initializer(*initargs)",
            empty="_mpd_r is _mpd",
            end="_mpd.ending.initialized",
        ),
        Timed("worker", "wait_task", "task = get()", thing="inqueue"),
        Timed(
            "worker",
            "task",
            "result = (True, func(*args, **kwds))",
            thing="_mpd.tasks.label(func, args, kwds)",
            end="_mpd.tasks.end",
        ),
        Insert("worker", "_mpd.globs.fresh and _mpd.globs.task(func, args)", after="job, i, func, args, kwds = task"),
        Insert("worker", DONE, before="put((job, i, result))"),
        Insert("worker", "_mpd.tasks.owing and _mpd.tasks.sent()", after="put((job, i, result))"),
        Insert(
            "Pool.__init__",
            "_mpd.pools.made(self, self._inqueue, processes, maxtasksperchild, initializer)",
            before="self._processes = processes",
        ),
        Timed("Pool.__init__", "start", "self._repopulate_pool()", thing=POOL_THING),
        *(
            Insert(
                f"Pool.{name}",
                SUBMITTED.format(queue="self._inqueue", waiting="len(self._cache)"),
                before="self._check_running()",
            )
            for name in SUBMITTING
        ),
        *(Timed(f"Pool.{name}", "submit", thing=POOL_THING) for name in SUBMITTING),
        Timed("Pool.join", "join", thing=POOL_THING),
        Timed("Pool.terminate", "join", thing=POOL_THING),
        Insert("Pool.close", "_mpd.pools.closed(self._inqueue)", before="util.debug('closing pool')"),
        Insert("Pool.terminate", "_mpd.pools.closed(self._inqueue)", before="util.debug('terminating pool')"),
        *(Insert(f"{name}.__init__", TALLIED.format("self", "pool")) for name in ("ApplyResult", "IMapIterator")),
        *(
            Insert(
                f"{name}._set",
                ARRIVED.format(result="success_result" if name == "MapResult" else "obj", unknown="pass"),
            )
            for name in ("ApplyResult", "MapResult", "IMapIterator", "IMapUnorderedIterator")
        ),
        Timed("ApplyResult.wait", "result", thing="_mpd.pools.pool_of(self)", empty=MAPPED, end=WAITED),
        Free("IMapIterator.next", "self._cond", "_lock"),
        *(
            tap
            for name in ("IMapIterator._set", "IMapUnorderedIterator._set")
            for tap in (
                Free(name, "self._cond", "_lock"),
                Needed(name, "self._cond.notify()", "self._cond._waiters"),
            )
        ),
        Insert("ApplyResult.get", "_mpd.pools.fetched(self)", before="raise self._value"),
        Insert("ApplyResult.get", TAKEN.format(ahead="")),
        Insert("IMapIterator.next", TAKEN.format(ahead=" + 1"), before="success, value = item"),
        Timed(
            "IMapIterator.next",
            "result",
            "self._cond.wait(timeout)",
            thing="_mpd.pools.pool_of(self)",
            end=WAITED,
        ),
        Insert("IMapIterator.next", "_mpd.pools.fetched(self)", before="raise value"),
    ],
    "concurrent.futures.process": [
        Insert("_process_worker", "_mpd.tasks.worker(call_queue)"),
        Timed(
            "_process_worker",
            "initializer",
            "initializer(*initargs)",
            empty="_mpd_r is _mpd",
            end="_mpd.ending.initialized",
        ),
        Timed("_process_worker", "wait_task", "call_item = call_queue.get(block=True)", thing="call_queue"),
        Timed(
            "_process_worker",
            "task",
            "r = call_item.fn(*call_item.args, **call_item.kwargs)",
            thing="_mpd.tasks.label(call_item.fn, call_item.args, call_item.kwargs)",
            end="_mpd.tasks.end",
        ),
        Insert(
            "_process_worker",
            "_mpd.globs.fresh and _mpd.globs.task(call_item.fn, call_item.args)",
            before="r = call_item.fn(",
        ),
        Insert(
            "_process_worker",
            DONE,
            before="_sendback_result(result_queue, call_item.work_id, result=r",
        ),
        Insert(
            "_process_worker",
            "_mpd.tasks.owing and _mpd.tasks.sent()",
            after="_sendback_result(result_queue, call_item.work_id, result=r",
        ),
        Insert(
            "ProcessPoolExecutor.__init__",
            "_mpd.pools.made_executor(self, initializer)",
            after="self._work_ids = queue.Queue()",
        ),
        Insert("ProcessPoolExecutor.submit", TALLIED.format("f", "self"), before="return f"),
        Timed("ProcessPoolExecutor.submit", "submit", thing=EXECUTOR_THING),
        Insert(
            "ProcessPoolExecutor.submit",
            SUBMITTED.format(queue="self._call_queue", waiting="len(self._pending_work_items)"),
        ),
        Timed("ProcessPoolExecutor.shutdown", "join", thing=EXECUTOR_THING),
        Insert("ProcessPoolExecutor.shutdown", "_mpd.pools.closed(self._call_queue)"),
        Insert("_ExecutorManagerThread.__init__", TALLIED.format("self", "executor")),
        Insert(
            "_ExecutorManagerThread.process_result_item",
            ARRIVED.format(
                result="(result_item.exception is None, result_item.exception)", unknown="_mpd.pools.adopted(self)"
            ),
            before="work_item = self.pending_work_items.pop(",
        ),
    ],
    "concurrent.futures.thread": [
        Insert("_worker", "_mpd.tasks.worker(work_queue)"),
        Timed("_worker", "initializer", "ctx.initialize()"),
        Timed("_worker", "wait_task", "work_item = work_queue.get(block=True)", thing="work_queue"),
        Timed(
            "_WorkItem.run",
            "task",
            "result = self.fn(*self.args, **self.kwargs)",
            thing="_mpd.tasks.label(self.fn, self.args, self.kwargs)",
            end="_mpd.tasks.end",
        ),
        Timed(
            "_WorkItem.run",
            "task",
            "result = ctx.run(self.task)",
            thing="_mpd.tasks.label(*self.task)",
            end="_mpd.tasks.end",
        ),
        Insert(
            "ThreadPoolExecutor.__init__",
            "_mpd.pools.made(self, self._work_queue, max_workers, None, initializer)",
            after="self._work_queue = queue.SimpleQueue()",
        ),
        Insert("ThreadPoolExecutor.submit", TALLIED.format("f", "self"), before="return f"),
        Timed("ThreadPoolExecutor.submit", "submit", thing="self._work_queue"),
        Insert(
            "ThreadPoolExecutor.submit",
            SUBMITTED.format(queue="self._work_queue", waiting="self._work_queue.qsize()"),
        ),
        Timed("ThreadPoolExecutor.shutdown", "join", thing="self._work_queue"),
        Insert("ThreadPoolExecutor.shutdown", "_mpd.pools.closed(self._work_queue)"),
    ],
    "concurrent.futures._base": [
        *(
            Free(f"Future.{name}", "self._condition", "_lock")
            for name in ("add_done_callback", "result", "set_running_or_notify_cancel", "set_result", "set_exception")
        ),
        *(
            Needed(f"Future.{name}", "self._condition.notify_all()", "self._condition._waiters")
            for name in ("set_result", "set_exception")
        ),
        Timed("Future.result", "result", "self._condition.wait(timeout)", thing="_mpd.pools.fed_by(self)", end=WAITED),
        Timed(
            "Future.exception", "result", "self._condition.wait(timeout)", thing="_mpd.pools.fed_by(self)", end=WAITED
        ),
        Timed("wait", "result", "waiter.event.wait(timeout)", end=WAITED),
        Timed("as_completed", "result", "waiter.event.wait(wait_timeout)", end=WAITED),
        Insert("Future.result", ASKED),
        Insert("Future.exception", ASKED),
        Insert("Future.set_exception", "_mpd.pools.failed(self, exception)"),
    ],
    "multiprocessing.managers": [
        Timed("BaseProxy._callmethod", "manager", thing="_mpd.note.method(self, methodname)"),
    ],
    "multiprocessing.sharedctypes": [
        Insert("RawValue", "_mpd.values.made(obj, typecode_or_type)", before="return obj"),
        Insert("RawArray", "_mpd.values.made(obj, typecode_or_type)", before="return obj"),
        Insert("RawArray", "_mpd.values.made(result, typecode_or_type)", before="return result"),
        Insert(
            "SynchronizedBase.__init__",
            "self._mpd_try = _mpd.values.locked(self, self._lock)",
            before="self.acquire = self._lock.acquire",
        ),
        Insert("make_property", "_mpd.values.Looks(d)", before="exec(template"),
        Insert("make_property", "template = _mpd.values.TEMPLATE", before="exec(template"),
        Insert("make_property", "_mpd.values.moved(d)", before="prop_cache[name] = d[name]"),
        Insert(
            "SynchronizedArray.__getitem__",
            "for _mpd_n in _mpd_read: break\nelse: _mpd_looks.read(self, i)",
        ),
        Insert(
            "SynchronizedArray.__setitem__",
            "for _mpd_n in _mpd_write: break\nelse: _mpd_looks.write(self, i, value)",
        ),
    ],
    "multiprocessing.shared_memory": [
        Timed("SharedMemory.__init__", "shm"),
        Insert("SharedMemory.__init__", "_mpd.note.segment(self, create, size)", after="self._size = size"),
        Insert("SharedMemory.unlink", "_mpd.event('unlink', self._name)"),
    ],
    "multiprocessing.util": [
        Timed("_exit_function", "exit"),
    ],
}
