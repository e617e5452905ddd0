"""From intents to messages that are kept: numbers, bytes and document in one transaction.

A message that cannot be written gives its numbers back and is told; its neighbours in the batch go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from ml_connector.cleo.outbound import looking
from ml_connector.cleo.outbound.messages import Message, Route, Standing, wanted_hash
from ml_connector.cleo.outbound.naming import FileName
from ml_connector.cleo.outbound.rendering import Renderer
from ml_connector.core.contract import Intent, Outcome
from ml_connector.core.errors import ConfigurationError, Rejected
from ml_connector.core.ledger import staging
from ml_connector.core.ledger.exchange import outbound
from ml_connector.core.ledger.exchange.outbound import Exchange, NewInterchange, NewSet
from ml_connector.core.state.store import Transaction
from ml_connector.x12.model import X12Error

Decide = Callable[[Intent, Standing], "Outcome | Message"]
"""What is to be done about a document: nothing more, or a message."""


_REFUSALS = (Rejected, X12Error, ConfigurationError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Bytes that are kept and shall be uploaded, or were.

    Attributes:
        content: None where they were kept by an earlier attempt; they are read when they are needed.
    """

    intent: Intent
    exchange: Exchange
    content: bytes | None = field(default=None, repr=False)

    @property
    def earlier(self) -> bool:
        """Whether these are bytes of an earlier version, which go first because they may have arrived."""
        return self.exchange.document_hash != wanted_hash(self.intent)

    @property
    def route(self) -> Route:
        """Where they go."""
        return Route.of(self.exchange)


def standings(tx: Transaction, intents: Sequence[Intent]) -> dict[int, Standing]:
    """What was sent for these documents, by document id."""
    sent = outbound.latest(tx.connection, tx.store, [intent.document_id for intent in intents])
    found = {}
    for document_id in sent:
        all_of_it = outbound.history(tx.connection, tx.store, document_id)
        hashes = [(document_id, one.document_hash) for one in all_of_it]
        payloads = staging.load_payloads(tx, hashes)
        bodies = {digest: payload["body"] for (_, digest), payload in payloads.items()}
        found[document_id] = Standing(all_of_it, bodies)
    return found


def prepare(
    tx: Transaction,
    intents: Sequence[Intent],
    *,
    decide: Decide,
    renderer: Renderer,
    flow: str,
) -> list[Outcome | Parcel]:
    """Decide about a batch, and keep the messages that are new.

    Args:
        decide: what is to be done about one document; raises ``Rejected``.
        flow: that the documents belong to.
    """
    there = standings(tx, intents)
    results: list[Outcome | Parcel] = []
    waiting: list[tuple[str, Message]] = []
    for intent in intents:
        standing = there.get(intent.document_id, Standing())
        if (kept := standing.again(intent)) is not None:
            results.append(Parcel(intent, kept))
            continue
        if (told := looking.untold(tx, intent, standing.latest)) is not None:
            results.append(told)
            continue
        if (unwanted := standing.superseded(intent)) is not None:
            outbound.superseded(tx, unwanted.interchange_id)
        try:
            if isinstance(answer := decide(intent, standing), Message):
                waiting.append((str(renderer.address(answer)), answer))
            else:
                results.append(answer)
        except _REFUSALS as refusal:
            results.append(refused(intent, refusal))
    # Numbers are taken in the order of their counters: two batches then never wait for each other both ways.
    for _, message in sorted(waiting, key=itemgetter(0)):
        results.append(_keep(tx, message, renderer, flow))
    return results


def refused(intent: Intent, refusal: Exception) -> Outcome:
    """The document, or the partner's file, says no."""
    text = "a number has too many digits" if isinstance(refusal, ArithmeticError) else str(refusal)
    known = refusal if isinstance(refusal, Rejected) else Rejected(text)
    shown = known.reason if known.value is None else f"{known.reason} (value: {known.value!r})"
    return Outcome(intent.key, "rejected", reason=shown, field=known.field, code=known.code, local=True)


def _keep(tx: Transaction, message: Message, renderer: Renderer, flow: str) -> Outcome | Parcel:
    """Take numbers, write and keep; all of it or nothing."""
    events, inner = len(tx.events), tx.connection.begin_nested()
    try:
        parcel = _stored(tx, message, renderer, flow)
    except _REFUSALS as refusal:
        inner.rollback()
        del tx.events[events:]
        return refused(message.intent, refusal)
    except BaseException:
        inner.rollback()
        raise
    inner.commit()
    return parcel


def _stored(tx: Transaction, message: Message, renderer: Renderer, flow: str) -> Parcel:
    intent = message.intent
    content, numbers = renderer.render(tx, message)
    is_x12 = message.group_code is not None
    name = FileName(
        message.kind, message.profile.partner, message.unit, message.document,
        outbound.revision(tx.connection, intent.document_id) + 1, numbers.interchange,
        "edi" if is_x12 else "json",
    )  # fmt: skip
    one = NewSet(
        set_code=message.kind,
        group_code=message.group_code,
        group_number=numbers.group if is_x12 else None,
        set_number="0001" if is_x12 else None,
        flow=flow,
        document_id=intent.document_id,
        key=intent.key,
        document_hash=wanted_hash(intent),
        reference=message.reference,
        data={outbound.KEPT: message.kept} if message.kept else None,
    )
    new = NewInterchange(
        renderer.address(message), message.profile.partner, str(name), content, [one],
        number=numbers.interchange if is_x12 else None, route=message.route.as_payload(),
        answer_within=message.profile.answer_within(renderer.answer_hours) if is_x12 else None,
    )  # fmt: skip
    (exchange,) = outbound.keep(tx, new)
    if message.notes:
        data = {"key": intent.key, "file": exchange.file_name, "notes": list(message.notes)}
        tx.record("text adapted", data, tenant=new.address.tenant, flow=flow, document_id=intent.document_id)
    return Parcel(intent, exchange, content)
