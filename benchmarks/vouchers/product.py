"""One sync of the benchmark's flow: ``python -m benchmarks.vouchers.product DATADIR [WORKERS]``.

The number of workers changes nothing: the target's limits are data of its package, and hold
whatever a caller asks for. Exit status 0 when everything was settled, 1 when it must be run again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.vouchers.flow import open_flow, open_store
from ml_connector.core import loop
from ml_connector.core.errors import ConnectorError
from ml_connector.core.stages.extract import extract
from ml_connector.core.stages.load import load
from ml_connector.core.state.store import Store


async def sync(store: Store) -> None:
    """Extract, transform and load; the load maps what was staged before it sends."""
    async with open_flow(store) as ctx:
        await extract(ctx)
        await load(ctx)


def main() -> int:
    """Run one sync in the data directory given."""
    with open_store(Path(sys.argv[1])) as store:
        try:
            loop.run(sync(store))
        except ConnectorError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
