"""Tells why Python multiprocessing code is slow, stuck, hungry or wrong, and what to do about it."""

__version__ = "0.1.0"
