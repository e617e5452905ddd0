"""Imports records: arrays that overwrite, record by record, what stands under the same external code.

Basware does not say what becomes of the others when one record of an array is wrong. Nothing of a
refused array counts as written: the records that the refusal names are left out and the others sent
again; where it names none, halves find the wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ml_connector.basware.answers import holds
from ml_connector.basware.calls import Calls
from ml_connector.basware.errors import ApiRefusal, Conflict, NotFound, TooLarge
from ml_connector.basware.reading import Reader
from ml_connector.basware.writing import named_request
from ml_connector.core import codec
from ml_connector.core.contract import Payload
from ml_connector.core.errors import ConnectorError, InDoubt
from ml_connector.core.http import quote_segment
from ml_connector.core.ledger.spacing import Spacing

BODY_LIMIT = 6 * 1024 * 1024
"""Bytes that Basware takes at once."""

CODE = "externalCode"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was not taken: code and message are Basware's, the field where it names one."""

    code: str | None
    message: str
    field: str | None = None


@dataclass(slots=True)
class Imported:
    """What became of the records, by external code; each stands in one of the three.

    Attributes:
        request_ids: accepted; what P2P decides is found under this id.
        refused: not taken.
        present: there already, exactly so: an earlier call whose answer was lost brought them. No request
            is known for them.
    """

    request_ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)


class PartlyImported(InDoubt):
    """One call of an import failed when others had been answered already.

    Whoever takes the whole for in doubt does no harm; whoever looks closer asks for less.

    Attributes:
        imported: what became of the records whose calls were answered.
        in_doubt: records whose call may have been executed.
        unsent: records that certainly did not arrive.
        cause: why it stopped.
    """

    def __init__(
        self, cause: ConnectorError, imported: Imported, in_doubt: Sequence[str], unsent: Sequence[str]
    ) -> None:
        super().__init__(f"a part of the import was answered, then: {cause}")
        self.cause, self.imported = cause, imported
        self.in_doubt, self.unsent = tuple(in_doubt), tuple(unsent)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records of one call, and what was tried with them before."""

    records: Sequence[Payload]
    conflicts: int = 0

    @property
    def codes(self) -> list[str]:
        return [record[CODE] for record in self.records]

    def halves(self) -> Iterator[_Batch]:
        middle = len(self.records) // 2
        yield _Batch(self.records[:middle], self.conflicts)
        yield _Batch(self.records[middle:], self.conflicts)

    def without(self, codes: set[str], conflicts: int | None = None) -> list[_Batch]:
        """What is left; no batch where nothing is."""
        rest = [record for record in self.records if record[CODE] not in codes]
        return [_Batch(rest, self.conflicts if conflicts is None else conflicts)] if rest else []


class Importer:
    """Sends records.

    Args:
        calls: sends.
        reader: reads again what a conflict leaves open.
        spacing: keeps writes to one record apart.
        body_limit: bytes of one call at most.
    """

    def __init__(
        self, calls: Calls, reader: Reader, spacing: Spacing, *, body_limit: int = BODY_LIMIT
    ) -> None:
        self._calls, self._reader, self._spacing, self._body_limit = calls, reader, spacing, body_limit

    async def send(self, path: str, records: Sequence[Payload]) -> Imported:
        """See :meth:`BaswareApi.import_records`."""
        _check(records)
        done = Imported()
        waiting = list(self._fitting(records, done))
        sent = False
        while waiting:
            batch = waiting.pop(0)
            try:
                waiting[:0] = await self._attempt(path, batch, done)
            except ConnectorError as error:
                if not sent and not done.request_ids:
                    raise
                doubt = isinstance(error, InDoubt)
                unsent = [code for other in waiting for code in other.codes]
                raise PartlyImported(
                    error, done, batch.codes if doubt else (), unsent if doubt else [*batch.codes, *unsent]
                ) from None
            sent = True
        return done

    def _fitting(self, records: Sequence[Payload], done: Imported) -> Iterator[_Batch]:
        """Batches whose bodies Basware takes; a record that is too large alone is refused here."""
        part: list[Payload] = []
        size = 2
        for record in records:
            own = len(codec.encode(record)) + 1
            if own + 2 > self._body_limit:
                said = f"the record has {own} bytes, and Basware takes {self._body_limit}"
                done.refused[record[CODE]] = Refusal("TOO_LARGE", said)
                continue
            if part and size + own > self._body_limit:
                yield _Batch(part)
                part, size = [], 2
            part.append(record)
            size += own
        if part:
            yield _Batch(part)

    async def _attempt(self, path: str, batch: _Batch, done: Imported) -> list[_Batch]:
        """One call; what it left to be sent."""
        try:
            async with self._spacing.apart([f"{path}/{code}" for code in batch.codes]):
                response = await self._calls.write(path, list(batch.records))
        except NotFound:
            raise
        except TooLarge as refusal:
            return self._narrowed(batch, refusal, done)
        except Conflict as conflict:
            return await self._contested(path, batch, conflict, done)
        except ApiRefusal as refusal:
            return self._refused(batch, refusal, done)
        request = named_request(path, response)
        done.request_ids |= dict.fromkeys(batch.codes, request)
        return []

    def _refused(self, batch: _Batch, refusal: ApiRefusal, done: Imported) -> list[_Batch]:
        """Leave out what the refusal names."""
        named = _named(batch, refusal)
        if not named:
            return self._narrowed(batch, refusal, done)
        done.refused |= named
        return batch.without(set(named))

    @staticmethod
    def _narrowed(batch: _Batch, refusal: ApiRefusal, done: Imported) -> list[_Batch]:
        """Halves, until the record at fault is alone."""
        if len(batch.records) > 1:
            return list(batch.halves())
        done.refused[batch.codes[0]] = Refusal(refusal.code, refusal.reason, refusal.field)
        return []

    async def _contested(self, path: str, batch: _Batch, conflict: Conflict, done: Imported) -> list[_Batch]:
        """Somebody else writes, or the records are there: look, and send the others once more."""
        named = _named(batch, conflict)
        if batch.conflicts:
            said = Refusal(conflict.code, conflict.reason, conflict.field)
            done.refused |= named or dict.fromkeys(batch.codes, said)
            return batch.without(set(named)) if named else []
        suspects = [record for record in batch.records if not named or record[CODE] in named]
        present = {record[CODE] for record in suspects if await self._is_there(path, record)}
        done.present |= present
        return batch.without(present, conflicts=1)

    async def _is_there(self, path: str, record: Payload) -> bool:
        found = await self._reader.one(f"{path}/{quote_segment(record[CODE])}")
        return found is not None and holds(found, record)


def _check(records: Sequence[Payload]) -> None:
    """A caller's mistake shows before anything is sent."""
    codes = [record.get(CODE) for record in records]
    if not all(isinstance(code, str) and code for code in codes):
        raise ValueError("each record that is imported needs an external code")
    if len(set(codes)) < len(codes):
        raise ValueError("an external code stands twice in one import; only the later record would stay")


def _named(batch: _Batch, refusal: ApiRefusal) -> dict[str, Refusal]:
    """Records of the batch that a refusal names, each with what is said about it."""
    codes = set(batch.codes)
    found: dict[str, Refusal] = {}
    for problem in refusal.problems:
        if problem.external_code in codes:
            found.setdefault(problem.external_code, Refusal(problem.code, problem.message, problem.field))
    return found
