"""Extract and transform only: ``python -m benchmarks.vouchers.staging DATADIR``, to measure memory."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.vouchers.flow import open_flow, open_store
from ml_connector.core import loop
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.transform import transform
from ml_connector.core.state.store import Store


async def stage(store: Store) -> None:
    """Read everything and map it; the target is not called."""
    async with open_flow(store) as ctx:
        await extract(ctx)
        transform(ctx)


if __name__ == "__main__":
    with open_store(Path(sys.argv[1])) as opened:
        loop.run(stage(opened))
