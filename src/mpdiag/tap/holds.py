"""Which locks of multiprocessing a thread holds: asked now and then, as the locks keep no list of it."""

from __future__ import annotations

from weakref import ref

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: As many are asked at most; a program with more of them is judged by these.
MOST = 64
_locks: list[Any] = []


def known(lock: Any) -> None:
    """A lock exists in this process: it was made here, or has come from its parent."""
    try:
        if len(_locks) >= MOST:
            _locks[:] = [each for each in _locks if each() is not None]
        if len(_locks) < MOST:
            _locks.append(ref(lock))
    except Exception:  # the program must not notice
        pass


def held() -> bool:
    """Whether the calling thread holds one of them."""
    try:
        locks = (each() for each in _locks)
        return any(lock is not None and lock._semlock._is_mine() for lock in locks)
    except Exception:  # the program must not notice
        return True
