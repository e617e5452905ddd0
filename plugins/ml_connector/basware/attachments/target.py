"""A folder of object storage as a target: one file per document, each written once and whole."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from ml_connector.basware.api import BaswareApi, NotFound
from ml_connector.basware.options import AttachmentOptions
from ml_connector.core.contract import (
    Found,
    Intent,
    Limits,
    Operation,
    Outcome,
    Payload,
    Progress,
    TargetPage,
    TargetRecord,
    Verdict,
)
from ml_connector.core.errors import Rejected, Unavailable
from ml_connector.core.http import quote_segment
from ml_connector.core.outcomes import loaded, send_each

STORED = "file"
"""Step: size and hash of the file that is about to be written."""

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")
_MEGABYTE = 1024 * 1024


class Attachments:
    """``core.contract.Target`` over a folder.

    Args:
        api: gives the files out.
        folder: an ``ObjectStoragePath`` of Airflow.
    """

    limits = Limits(concurrency=2, settle=0.0, adopt=False, read_back=2, rotation=7 * 86_400.0)

    def __init__(self, api: BaswareApi, folder: Any, options: AttachmentOptions) -> None:
        self._api, self._folder = api, folder
        self._largest = options.largest_megabytes * _MEGABYTE

    async def find(self, intents: Sequence[Intent]) -> list[Found]:
        """A file is there when it is whole: half of one is written again."""
        return [await self._found(intent) for intent in intents]

    async def _found(self, intent: Intent) -> Found:
        place, wanted = place_of(intent.desired.body), intent.steps.get(STORED)
        size = await asyncio.to_thread(self._size, place)
        if wanted is not None and size == wanted["size"]:
            return Found(intent.key, Verdict.EQUAL, place)
        return Found(intent.key, Verdict.ABSENT if size is None else Verdict.DIFFERENT, place)

    async def write(self, intents: Sequence[Intent], progress: Progress) -> list[Outcome]:
        """Fetch and store; what is stored stays, also where the invoice is gone from Basware."""

        async def store(intent: Intent) -> Outcome:
            if intent.operation is Operation.REMOVE:
                return loaded(intent, intent.target_id)
            return await self._store(intent, progress)

        return await send_each(intents, store, _refused)

    async def _store(self, intent: Intent, progress: Progress) -> Outcome:
        body = intent.desired.body
        parts = (
            "/v1/accountingDocuments",
            quote_segment(body["invoice"]),
            "attachments",
            quote_segment(body["code"]),
        )
        try:
            file = await self._api.download("/".join(parts), self._largest)
        except NotFound:
            reason = (
                "Basware does not give the file out. It does so after the transfer, and where "
                "OpenApi.SendInvoiceAttachments is switched on in P2P"
            )
            return Outcome(intent.key, "failed", reason=reason, code="NO_FILE")
        place = place_of(body)
        digest = hashlib.sha256(file.content).hexdigest()
        await progress.step(intent, STORED, {"size": len(file.content), "sha256": digest})
        await asyncio.to_thread(self._write, place, file.content)
        return loaded(intent, place)

    async def confirm(self, intents: Sequence[Intent], receipts: Sequence[Payload]) -> list[Outcome]:
        """A file is written or it is not; nothing is decided later."""
        return [loaded(intent, intent.target_id) for intent in intents]

    async def read_back(
        self, target_ids: Sequence[str] | None = None, cursor: str | None = None
    ) -> TargetPage:
        """Whether these files are there. Others in the folder are none of ours."""
        places = list(target_ids or ())
        sizes = [await asyncio.to_thread(self._size, place) for place in places]
        there = [place for place, size in zip(places, sizes, strict=True) if size is not None]
        return TargetPage([TargetRecord(place, None, "stored", {}, partial=True) for place in there], None)

    # ---- the folder

    def _write(self, place: str, content: bytes) -> None:
        path = self._folder / place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(content)
        except OSError as error:
            raise Unavailable(
                f"the folder of attachments cannot be written: {type(error).__name__}"
            ) from error

    def _size(self, place: str) -> int | None:
        path = self._folder / place
        try:
            return int(path.stat().st_size) if path.exists() else None
        except OSError as error:
            raise Unavailable(f"the folder of attachments cannot be read: {type(error).__name__}") from error


def place_of(body: Payload) -> str:
    """Where a file lies in the folder: unit, voucher, and Basware's code of the file."""
    suffix = PurePosixPath(str(body["name"])).suffix
    ending = suffix.lower() if _SUFFIX.fullmatch(suffix) else ""
    parts = [_plain(str(body[name])) for name in ("business_unit", "voucher", "code")]
    return "/".join(part for part in parts if part) + ending


def _plain(text: str) -> str:
    """A name for a file; one that had to be changed for that stays different from all others."""
    plain = _PLAIN.sub("_", text)[:40]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _refused(intent: Intent, refusal: Rejected) -> Outcome:
    return Outcome(intent.key, "rejected", reason=refusal.reason, code=refusal.code)
