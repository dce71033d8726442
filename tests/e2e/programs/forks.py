"""Processes that multiprocessing does not know of."""

import multiprocessing
import os
import signal
import subprocess
import sys


def wait(pid):
    status = os.waitpid(pid, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


def fork(work):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os._exit(work() or 0)
    return wait(pid)


def grandchild():
    """Leaves the session and outlives its parent; its last word comes through a pipe."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.setsid()
        if os.fork() == 0:
            with multiprocessing.get_context("fork").Pool(1) as pool:
                os.write(theirs, str(pool.map(abs, [-4])).encode())
        os._exit(0)
    os.close(theirs)
    wait(pid)
    said = os.read(ours, 100)
    os.close(ours)
    return said


def execute():
    os.execv(sys.executable, [sys.executable, "-c", "import sys; print(sys.argv, flush=True); sys.exit(8)", "x"])


def raises():
    try:
        sys.exit(9)
    except SystemExit as end:
        return end.code


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def many():
    """200 short children, four at a time."""
    codes = []
    for _ in range(50):
        pids = []
        for code in range(4):
            pid = os.fork()
            if pid == 0:
                os._exit(code)
            pids.append(pid)
        codes += [wait(pid) for pid in pids]
    return sum(codes)


if __name__ == "__main__":
    print([fork(work) for work in (raises, kill, execute, lambda: 3)])
    print(many(), grandchild())
    code = "import multiprocessing as m, sys; print(sys.argv, sys.flags, m.Queue.__qualname__); sys.exit(6)"
    print(subprocess.run([sys.executable, "-c", code, "a"], stdout=subprocess.PIPE))
    print(subprocess.run([sys.executable, "-I", "-c", code, "a"], stdout=subprocess.PIPE))
    print(subprocess.run([sys.executable, "-c", code], env={}, stdout=subprocess.PIPE))
    print(subprocess.run(["sh", "-c", "echo $0; exit 2"], stdout=subprocess.PIPE, close_fds=False))
    sys.stdout.flush()
    os.execv("/bin/sh", ["sh", "-c", "echo $0; exit 11"])
