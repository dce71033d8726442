"""Profiles of several processes become one."""

from __future__ import annotations

import cProfile
import marshal
import pstats

from mpdiag.watch.profiles import merged


def profile(path, times):
    def counted():
        pass

    seen = cProfile.Profile()
    seen.enable()
    for _ in range(times):
        counted()
    seen.disable()
    seen.dump_stats(path)


def test_profiles_are_added_and_what_is_none_is_left_out(tmp_path):
    profile(tmp_path / "7.100", 3)
    profile(tmp_path / "8.200", 4)
    profile(tmp_path / "9.300.new", 50)
    (tmp_path / "10.400").write_bytes(b"\0half")
    (tmp_path / "11.ready").touch()

    data, count = merged(tmp_path)
    (tmp_path / "whole").write_bytes(data)
    stats = pstats.Stats(str(tmp_path / "whole")).stats

    assert count == 2
    assert [figures[1] for function, figures in stats.items() if function[2] == "counted"] == [7]


def test_processes_of_the_library_are_left_out(tmp_path):
    profile(tmp_path / "7.100", 3)
    profile(tmp_path / "8.200", 4)

    assert merged(tmp_path, {8})[1] == 1


def test_no_profile_is_an_empty_one(tmp_path):
    data, count = merged(tmp_path)

    assert (marshal.loads(data), count) == ({}, 0)
