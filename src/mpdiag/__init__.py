"""Tells why Python multiprocessing code is slow, stuck, hungry or wrong, and what to do about it."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # `typing` takes longer to import than all of this, and each child may have to
if TYPE_CHECKING:
    from mpdiag.api import Report as Report
    from mpdiag.api import observe as observe
    from mpdiag.api import probe as probe
else:

    def __getattr__(name: str) -> object:
        if name in ("Report", "observe", "probe"):
            from mpdiag import api

            return getattr(api, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
