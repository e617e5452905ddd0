"""Python's cyclic garbage collector, tuned once for stages.

A stage keeps hundreds of documents in its hands that are no garbage. With the default thresholds
the collector walks through them, and through every imported module, again and again: a sixth of a
load's time.
"""

from __future__ import annotations

import gc
from functools import cache

THRESHOLDS = (50_000, 20, 20)


@cache
def relax() -> None:
    """Leave what exists alone, and collect less often. Called by each stage; acts once in a process."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
