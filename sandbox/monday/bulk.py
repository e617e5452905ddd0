"""Archiving many items in one job."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .cells import moment
from .errors import refused
from .model import Board
from .store import Store, number


@dataclass(repr=False)
class BulkJob:
    """One job."""

    id: str
    board: Board
    item_ids: Sequence[Any]
    created: float
    due: float
    failed: list[str] = field(default_factory=list)
    done: bool = False


class Bulk:
    """All such jobs of the account."""

    def __init__(self, store: Store) -> None:
        self._store, self.jobs = store, dict[str, BulkJob]()

    def start(self, board_id: Any, item_ids: Sequence[Any]) -> dict[str, str]:
        """`bulk_archive_items`."""
        board, now = self._store.board(board_id), self._store.clock.seconds()
        due = now + self._store.switches.ingest_seconds
        job = BulkJob(str(uuid.uuid4()), board, item_ids, now, due)
        self.jobs[job.id] = job
        self.work()
        return {"job_id": job.id}

    def work(self) -> None:
        """Run the jobs whose time has come."""
        for job in self.jobs.values():
            if not job.done and job.due <= self._store.clock.seconds():
                self._run(job)

    def _run(self, job: BulkJob) -> None:
        job.done = True
        for item_id in job.item_ids:
            item = self._store.items.get(number(item_id))
            if item is None or item.state != "active" or item.board is not job.board:
                job.failed.append(str(item_id))
            else:
                self._store.retire(item, "archived")

    def status(self, job_id: str) -> dict[str, Any]:
        """`job_status`."""
        job = self.jobs.get(job_id)
        if job is None:
            raise refused("ResourceNotFoundException", "Job not found", 404, job_id=job_id)
        total, failed = len(job.item_ids), len(job.failed)
        details = {"failed_item_ids": job.failed}
        result = {"total": total, "succeeded": total - failed, "failed": failed, "details": details}
        return {
            "id": job.id,
            "status": "COMPLETED" if job.done else "RUNNING",
            "created_at": moment(job.created),
            "updated_at": moment(job.due if job.done else job.created),
            "error": None,
            "result": result if job.done else None,
        }
