"""Shares out what there is to win: all findings together cannot win more than the run took."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from mpdiag.advice import Finding, Gain, two_digits
from mpdiag.ideals import worth


def shared_out(findings: Iterable[Finding], wall_s: float) -> tuple[list[Finding], list[str]]:
    """The findings with gains that together stay within the wall time: who comes later gets what is left.

    Args:
        findings: in the report's order.
        wall_s: what the run took.

    Returns:
        The findings in the same order, and remarks about those that got less.
    """
    left, shared, cut = wall_s, [], []
    for finding in findings:
        gain = finding.gain
        if gain and gain.ceiling_s > left:
            finding = cut_down(finding, left, wall_s)  # noqa: PLW2901 - the same one, corrected
            cut.append(finding.rule)
        left -= finding.gain.ceiling_s if finding.gain else 0.0
        shared.append(finding)
    names = ", ".join(dict.fromkeys(cut))
    return shared, [
        f"gains overlap: for {names} only what the findings above leave of the wall time is told"
    ] if cut else []


def cut_down(finding: Finding, left: float, wall_s: float) -> Finding:
    """The finding with what is ``left`` to win; a warning only while that is worth one."""
    gain = at_most(left, finding.gain, wall_s) if finding.gain else None
    slight = finding.level == "warning" and not worth(gain.ceiling_s if gain else 0.0, wall_s)
    return replace(finding, gain=gain, level="note" if slight else finding.level)


def at_most(left: float, gain: Gain, wall_s: float) -> Gain | None:
    """``gain`` cut to what is ``left``, rounded down to two digits; none when that is nothing."""
    seconds = two_digits(left, math.floor)
    fraction = two_digits(seconds / wall_s, math.floor)
    return replace(gain, ceiling_s=seconds, ceiling_fraction=fraction) if seconds > 0 else None
