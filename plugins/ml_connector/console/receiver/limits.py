"""How much and how long the receiver puts up with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds.

    Attributes:
        body: of one delivery. BILL's events have a few kilobytes.
        read: until a delivery has arrived in full.
        answer: until the sender is told something, come what may. BILL waits 10 seconds, and ends the
            subscription after five failures in about half a minute.
        deliveries: in progress at once; more are told to come again.
        memory: of the bodies of all deliveries in progress.
        group: deliveries that are committed together.
        cache: for how long tenant files, connections and keys are remembered.
        reload: a signature that does not fit has the keys read again, but not more often than this:
            forged deliveries must not keep us reading connections.
        thread: bodies from this size on are verified in a thread.
        log: one line for all refusals of the same kind in this time.
    """

    body: int = 1024 * 1024
    read: float = 5.0
    answer: float = 9.0
    deliveries: int = 2_000
    memory: int = 64 * 1024 * 1024
    group: int = 500
    cache: float = 30.0
    reload: float = 5.0
    thread: int = 16 * 1024
    log: float = 60.0
