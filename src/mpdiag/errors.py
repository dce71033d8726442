"""Errors that carry what to do about them and the exit code they end with."""

FINE, FOUND, USAGE, FAILED, HANG, INTERRUPTED = 0, 1, 2, 3, 4, 130


class MpdiagError(Exception):
    """Something went wrong that one clear line can explain.

    Args:
        message: what is wrong.
        hint: what the user can do about it.
    """

    exit_code = FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BadInput(MpdiagError):
    """A file, name or value given by the user cannot be used."""

    exit_code = USAGE


class CannotWork(MpdiagError):
    """mpdiag could not do the work it was asked for."""

    exit_code = FAILED
