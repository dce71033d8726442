"""Which sockets are connected, as the kernel tells over netlink."""

from __future__ import annotations

import os
import socket
import sys
from multiprocessing import Manager
from pathlib import Path

import pytest

from mpdiag.hang import sockets


def message(inode: int, *attributes: tuple[int, bytes], kind: int = sockets.SOCK_DIAG_BY_FAMILY) -> bytes:
    """An answer about one socket, as in linux/unix_diag.h."""
    told = b"".join(
        (sockets.ATTRIBUTE.pack(4 + len(data), name) + data).ljust((7 + len(data)) & ~3, b"\0")
        for name, data in attributes
    )
    body = sockets.SOCKET.pack(1, 1, 1, 0, inode, 0, 0) + told
    return sockets.HEAD.pack(sockets.HEAD.size + len(body), kind, 0, 1, 0) + body


def peer(inode: int) -> tuple[int, bytes]:
    """The attribute that names the other end."""
    return sockets.PEER, inode.to_bytes(4, "little")


DONE = message(0, kind=3)


def test_pairs_are_read_past_attributes_that_are_none_of_ours():
    data = message(11, (0, b"/run/s"), peer(12)) + message(13) + DONE + message(14, peer(15))

    assert list(sockets.answers(data)) == [(11, 12), (13, 0)]


@pytest.mark.parametrize("data", [b"", b"\0" * 8, bytes(64)], ids=["empty", "short", "zeros"])
def test_what_is_no_answer_tells_nothing(data):
    assert list(sockets.answers(data)) == []


def test_an_attribute_without_a_length_ends():
    assert sockets.peer(bytes(16)) == 0


def test_a_kernel_that_refuses_tells_nothing(monkeypatch):
    def refuse():
        raise PermissionError

    monkeypatch.setattr(sockets, "asking", refuse)

    assert sockets.peers() == {}


class Link:
    """A netlink socket that gives these datagrams, one after the other."""

    def __init__(self, *datagrams: bytes) -> None:
        self.datagrams = list(datagrams)

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def send(self, question: bytes) -> None:
        """Take any question."""

    def recv(self, _most: int) -> bytes:
        """The next datagram."""
        return self.datagrams.pop(0)


def test_an_answer_that_is_cut_off_tells_what_came_before(monkeypatch):
    monkeypatch.setattr(sockets, "asking", lambda: Link(message(11, peer(12)), message(13, peer(14))[:20]))

    assert sockets.peers() == {11: 12}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has netlink")
def test_a_real_pair():
    one, other = socket.socketpair()
    with one, other:
        found = sockets.peers()
        inodes = [os.fstat(each.fileno()).st_ino for each in (one, other)]

    if not found:
        pytest.skip("the kernel does not tell")
    assert (found[inodes[0]], found[inodes[1]]) == (inodes[1], inodes[0])


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has netlink")
def test_a_managers_own_listener_is_told_from_others(tmp_path):
    with Manager() as own, socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "jobs"))
        other.listen()
        found = sockets.private(os.getpid())

        assert os.fstat(other.fileno()).st_ino not in found
        assert listener(own) in found


def listener(manager):
    """The inode of the socket on which a manager's server listens."""
    lines = (line.split() for line in Path("/proc/net/unix").read_text().splitlines())
    return next(int(line[6]) for line in lines if line[-1] == manager.address and line[3] == "00010000")


def test_a_process_that_is_gone_has_no_listeners():
    assert sockets.private(2**22 + 1) == frozenset()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has /proc/net")
@pytest.mark.parametrize("host", ["127.0.0.1", "::ffff:127.0.0.1"], ids=["IPv4", "by way of IPv6"])
def test_both_ends_of_a_connection_on_this_machine(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server, socket.socket() as client:
        server.bind((host, 0))
        server.listen()
        client.connect(("127.0.0.1", server.getsockname()[1]))
        ours, listens = (os.fstat(each.fileno()).st_ino for each in (client, server))
        waiting = sockets.connected(os.getpid())
        with server.accept()[0] as accepted:
            theirs = os.fstat(accepted.fileno()).st_ino
            found = sockets.connected(os.getpid())

    assert waiting[ours] == listens
    assert (found[ours], found[theirs]) == (theirs, ours)
    assert listens not in found


def test_a_process_that_is_gone_has_no_connections():
    assert sockets.connected(2**22 + 1) == {}
