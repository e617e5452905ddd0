"""Ports that nobody else listens on."""

from __future__ import annotations

import socket

LOCAL = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Different free ports; all are held until the last one is known, so that none comes twice."""
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind((LOCAL, 0))
        return [int(holder.getsockname()[1]) for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def first_free(preferred: int) -> int:
    """``preferred`` where it is free, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, preferred))
        except OSError:
            return free_ports(1)[0]
    return preferred
