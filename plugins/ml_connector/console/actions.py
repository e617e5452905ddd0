"""What a person can do: the same as with the command line, through the same functions of the core."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger import actions as core
from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.scope import Scope, Status
from ml_connector.core.state.database import AnyRow
from ml_connector.core.state.store import Transaction


@dataclass(frozen=True, slots=True)
class Request:
    """What a form says.

    Attributes:
        keys: natural keys; for a crosswalk entry its one key.
        statuses: of which states all documents are meant, where no key is given.
        target_id: the object to adopt, or of the crosswalk entry.
    """

    scope: Scope
    keys: Sequence[str] = ()
    statuses: Sequence[Status] = ()
    target_id: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Attributes:
        name: in addresses.
        title: on its button.
        effect: what will happen, said before it is confirmed.
        effect_by_state: what else to say about documents in a state.
        perform: does it in a transaction; returns how many documents or entries it concerned.
        applies: whether a document's page offers it.
        keys: it concerns documents, one or more.
        one_key: it concerns exactly one key.
        target_id: it asks for an object in the target.
    """

    name: str
    title: str
    effect: str
    perform: Callable[[Transaction, Request], int]
    applies: Callable[[AnyRow], bool] = lambda _: False
    effect_by_state: Mapping[str, str] = field(default_factory=dict)
    keys: bool = True
    one_key: bool = False
    target_id: bool = False

    def effects(self, statuses: Iterable[str]) -> list[str]:
        """Everything to say before it is done to documents in these states."""
        told = (self.effect_by_state.get(status) for status in dict.fromkeys(statuses))
        return [self.effect, *(text for text in told if text)]

    def check(self, request: Request) -> None:
        """Refuse what the action cannot be done with.

        Raises:
            ConfigurationError: a key or an id is missing.
        """
        if self.one_key and len(request.keys) != 1:
            raise ConfigurationError("this is done to one document at a time", expected="one key")
        if self.keys and not request.keys and not request.statuses:
            raise ConfigurationError("nothing was chosen", expected="at least one document")
        if self.target_id and not request.target_id:
            raise ConfigurationError("the id in the target is missing", field="target id")


def _replay(tx: Transaction, request: Request) -> int:
    return core.replay(tx, request.scope, request.keys, request.statuses)


def _set_entry(tx: Transaction, request: Request) -> int:
    tenant, name, key = request.scope.tenant, request.scope.flow, request.keys[0]
    known = crosswalks.find(tx.connection, tenant, name, key)
    entry = {"key": key, "target_id": request.target_id, "label": known.label if known else None}
    crosswalks.set_by_hand(tx, tenant, name, [entry])
    return 1


def _remove_entry(tx: Transaction, request: Request) -> int:
    return int(crosswalks.remove(tx, request.scope.tenant, request.scope.flow, request.keys[0]))


REPLAYED: dict[str, str] = {
    Status.REJECTED: "What was rejected is mapped again.",
    Status.HELD: "What is held is mapped again.",
    Status.WAITING: "What waits is mapped again.",
    Status.FAILED: "What failed is sent again at once, and all of its attempts are given back.",
    Status.DEAD: "What was given up is sent again, and all of its attempts are given back.",
    Status.CONFLICT: "What is in conflict is looked up in the target first.",
    Status.DRIFTED: "What drifted overwrites what stands in the target.",
}

ACTIONS = {
    action.name: action
    for action in (
        Action(
            "replay",
            "Replay",
            "The documents go their way again with the next run.",
            _replay,
            lambda row: row.status in core.REPLAYABLE,
            effect_by_state=REPLAYED,
        ),
        Action(
            "release",
            "Release",
            "The document is sent as it is mapped now, although it was held.",
            lambda tx, request: core.release(tx, request.scope, request.keys),
            lambda row: row.status == Status.HELD and row.staged_hash is not None,
        ),
        Action(
            "adopt",
            "Adopt the object that is there",
            "The object in the target becomes this document's: it is changed to what the source says, "
            "and from now on it is updated.",
            lambda tx, request: core.adopt(tx, request.scope, request.keys[0], request.target_id),
            lambda row: row.status == Status.CONFLICT,
            one_key=True,
            target_id=True,
        ),
        Action(
            "create",
            "Create another one",
            "The object in the target is not this document's, or is gone. The target is asked once more; "
            "if it does not hold the document then, it is created.",
            lambda tx, request: core.create_anew(tx, request.scope, request.keys[0]),
            lambda row: row.status in (Status.CONFLICT, Status.DRIFTED) and row.staged_hash is not None,
            one_key=True,
        ),
        Action(
            "confirm-changes",
            "Let the changes pass",
            "The guard against mass changes stopped the flow. As many updates and removals as are ready now "
            "may pass, once. Look at the plan first: a broken query must not empty the target.",
            lambda tx, request: core.confirm_changes(tx, request.scope),
            keys=False,
        ),
        Action(
            "accept-columns",
            "Accept the columns",
            "The columns that the source's query has in the next run become the ones that are expected. "
            "Do this after a change of the query that is meant, once the dataset file fits it.",
            lambda tx, request: core.forget_columns(tx, request.scope),
            keys=False,
        ),
        Action(
            "crosswalk-set",
            "Set the entry",
            "The entry stands from now on, and no run replaces it. Documents that wait for it go on with the "
            "next run; documents that were sent with another id are sent again only when they change.",
            _set_entry,
            one_key=True,
            target_id=True,
        ),
        Action(
            "crosswalk-remove",
            "Remove the entry",
            "Documents that need the entry will wait until there is one again. A flow that fills the "
            "crosswalk does so only when it writes that document the next time.",
            _remove_entry,
            one_key=True,
        ),
    )
}
"""By name."""


def offered(row: AnyRow) -> list[Action]:
    """What a document's page offers."""
    return [action for action in ACTIONS.values() if action.applies(row)]
