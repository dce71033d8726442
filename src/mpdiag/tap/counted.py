"""What woven code counts of pools on the spot, as statements: a call for each task would take five times as long."""

from __future__ import annotations

import textwrap

#: A result of a pool or executor has come back.
ARRIVED = """\
try:
    _mpd_t = self._mpd_tally
    _mpd_t.arrived += 1
    _mpd_t.last = _mpd_n = _mpd_clock()
    if not _mpd_t.since:
        _mpd_t.since = _mpd_n
    if _mpd_n > _mpd_t.due or not {result}[0]:
        _mpd.pools.arrived(self, *{result})
except Exception:
    {unknown}
"""
#: One is asked for, and may have to be waited for; or it was waited for, and is taken.
TAKEN = """\
try:
    _mpd_t = self._mpd_tally
    _mpd_t.taken += 1
    if _mpd_t.arrived < _mpd_t.taken{ahead}:
        _mpd_t.since = 0
    _mpd_t.looked = _mpd_n = _mpd_clock()
    if _mpd_n > _mpd_t.due:
        _mpd_t.write(_mpd_n)
except Exception:
    pass
"""
#: A future is asked for its result or exception, for the first time.
ASKED = f"""\
try:
    if not getattr(self, '_mpd_asked', False):
        self._mpd_asked = True
        if self._exception is not None:
            _mpd.pools.fetched(self)
        if 'asyncio.futures' in _mpd.sys.modules:
            _mpd.pools.looped()
{textwrap.indent(TAKEN.format(ahead=""), " " * 8)}
except Exception:
    pass
"""
#: Work is handed to a pool or executor; that it has none, and when it is time to write, is noted by a call.
SUBMITTED = """\
try:
    _mpd_t = self._mpd_tally
    if {waiting} and _mpd_clock() < _mpd_t.due:
        _mpd_t.submitted += 1
    else:
        _mpd.pools.submitted(self, {queue}, {waiting})
except Exception:
    _mpd.pools.submitted(self, {queue}, {waiting})
"""
#: Results and futures know what counts them.
TALLIED = "{}._mpd_tally = getattr({}, '_mpd_tally', None)"
#: A worker has run a task.
DONE = "for _mpd_n in _mpd.globs.gate: break\nelse: _mpd.globs.done()"
