"""Which local sockets are connected: the kernel tells of Unix ones over netlink (sock_diag(7)), of TCP in /proc/net."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

#: From linux/netlink.h, linux/sock_diag.h and linux/unix_diag.h.
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, SHOW_PEER, PEER = 4, 20, 0x301, 0x4, 2
HEAD: Final = struct.Struct("=LHHLL")
ASK: Final = struct.Struct("=BBHLLLLL")
SOCKET: Final = struct.Struct("=BBBBLLL")
ATTRIBUTE: Final = struct.Struct("=HH")
ALL: Final = 0xFFFFFFFF
#: Where multiprocessing puts listeners of its own: in a temporary folder with a random name.
CHOSEN: Final = re.compile(r"/pymp-[^/]+/[^/]+$")
PATIENCE: Final = 1.0
#: From /proc/net/tcp: the states of who listens and of a connection, and what stands before a wrapped IPv4 address.
LISTENS: Final = b"0A"
ESTABLISHED: Final = b"01"
MAPPED: Final = b"0000000000000000FFFF0000"
#: Bytes that are read of it at most.
MOST_TCP: Final = 1 << 21
MOST: Final = 1 << 16


def peers() -> dict[int, int]:
    """The inodes of connected Unix sockets, by those of their peers; none where the kernel does not tell."""
    found: dict[int, int] = {}
    with suppress(OSError, AttributeError, struct.error), asking() as link:
        question = ASK.pack(socket.AF_UNIX, 0, 0, ALL, 0, SHOW_PEER, ALL, ALL)
        link.send(HEAD.pack(HEAD.size + len(question), SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0) + question)
        while pairs := list(answers(link.recv(MOST))):
            found.update(pairs)
    return found


def private(pid: int) -> frozenset[int]:
    """The inodes of Unix sockets at addresses that multiprocessing chose, in a folder of its own for one program.

    Args:
        pid: a process of the program.
    """
    with suppress(OSError):
        lines = (
            line.split(maxsplit=7) for line in Path(f"/proc/{pid}/net/unix").read_text("utf-8", "replace").splitlines()
        )
        return frozenset(int(line[6]) for line in lines if len(line) > 7 and CHOSEN.search(line[7]))
    return frozenset()


def connected(pid: int) -> dict[int, int]:
    """The inodes of TCP sockets by those at the other end of their connections, where both are on this machine.

    Of a connection that its server has not accepted yet, the other end is the server's listening socket.

    Args:
        pid: a process whose network it is.
    """
    ends, listening = {}, {}
    for kind in ("tcp", "tcp6"):
        with suppress(OSError, ValueError, IndexError), Path(f"/proc/{pid}/net/{kind}").open("rb") as file:
            for words in map(bytes.split, file.read(MOST_TCP).splitlines()[1:]):
                ours, theirs = address(words[1]), address(words[2])
                if words[3] == LISTENS:
                    listening[ours[1]] = int(words[9])
                elif words[9] != b"0" or words[3] == ESTABLISHED:
                    ends[ours, theirs] = int(words[9])
    found = {}
    for (ours, theirs), inode in ends.items():
        if inode and (theirs, ours) in ends:
            found[inode] = ends[theirs, ours] or listening.get(theirs[1], 0)
    return {one: other for one, other in found.items() if other}


def address(text: bytes) -> tuple[bytes, bytes]:
    """An address and a port, as ``0100007F:1F90``; the IPv4 address of one that IPv6 wraps."""
    host, _, port = text.partition(b":")
    return host.removeprefix(MAPPED), port


def asking() -> socket.socket:
    """A socket on which to ask the kernel."""
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
    link.settimeout(PATIENCE)
    return link


def answers(data: bytes) -> Iterator[tuple[int, int]]:
    """The pairs that one datagram tells of; none at the end."""
    at = 0
    while at + HEAD.size <= len(data):
        size, kind, *_ = HEAD.unpack_from(data, at)
        if kind != SOCK_DIAG_BY_FAMILY or size < HEAD.size:
            return
        inode = SOCKET.unpack_from(data, at + HEAD.size)[4]
        yield inode, peer(data[at + HEAD.size + SOCKET.size : at + size])
        at += (size + 3) & ~3


def peer(attributes: bytes) -> int:
    """The peer among the attributes of a socket; 0 without one."""
    at = 0
    while at + ATTRIBUTE.size <= len(attributes):
        size, kind = ATTRIBUTE.unpack_from(attributes, at)
        if kind == PEER:
            return int.from_bytes(attributes[at + 4 : at + 8], "little")
        at += max(ATTRIBUTE.size, (size + 3) & ~3)
    return 0
