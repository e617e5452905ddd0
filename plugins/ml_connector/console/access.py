"""What a person may see and do: as with the DAG that runs a flow.

Reading needs the right to read that DAG, acting the right to trigger it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.configuration import conf
from fastapi import Depends

from ml_connector.console import state
from ml_connector.console.catalog import Catalog, FlowEntry, catalog
from ml_connector.console.security import Forbidden, SignedIn
from ml_connector.core.ledger.overview import traces


@dataclass
class Access:
    """One person's view of everything; asked once for each request.

    Attributes:
        entries: the flows that the person may read, tenant by tenant in the order in which they run.
    """

    user: BaseUser
    catalog: Catalog
    entries: dict[tuple[str, str], FlowEntry]
    _may_act: dict[str, bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The person, as the audit trail names them."""
        name: str = self.user.get_name()
        return name

    @cached_property
    def scopes(self) -> dict[str, list[str]]:
        """Names of the flows by tenant."""
        found: dict[str, list[str]] = {}
        for tenant, flow in self.entries:
            found.setdefault(tenant, []).append(flow)
        return found

    def chosen(self, tenant: str | None, flow: str | None) -> dict[str, list[str]]:
        """The flows that a page's filter leaves."""
        left = {
            name: [item for item in flows if flow in (None, "", item)]
            for name, flows in self.scopes.items()
            if tenant in (None, "", name)
        }
        return {name: flows for name, flows in left.items() if flows}

    def flows_of(self, tenant: str) -> list[str]:
        """Names to choose from: the flows of one tenant, or of all."""
        return sorted({name for flows in self.chosen(tenant, None).values() for name in flows})

    def entry(self, tenant: str, flow: str) -> FlowEntry:
        """A flow, or the entry of the DAG that stands for a crosswalk of that name.

        Raises:
            Forbidden: the person may not read it, or there is none; nobody learns which.
        """
        if (known := self.entries.get((tenant, flow))) is not None:
            return known
        other = self.catalog.entry(tenant, flow)
        if other is None or not readable(self.user, {other.dag_id}):
            raise Forbidden(f"There is no flow {flow} of tenant {tenant}, or you may not read its DAG.")
        return other

    def may_read(self, tenant: str, flow: str) -> bool:
        """Whether :meth:`entry` would answer."""
        try:
            self.entry(tenant, flow)
        except Forbidden:
            return False
        return True

    def may_act(self, entry: FlowEntry) -> bool:
        """Whether the person may trigger the flow's DAG."""
        if entry.dag_id not in self._may_act:
            self._may_act[entry.dag_id] = get_auth_manager().is_authorized_dag(
                method="POST",
                access_entity=DagAccessEntity.RUN,
                details=DagDetails(id=entry.dag_id, team_name=_teams([entry.dag_id]).get(entry.dag_id)),
                user=self.user,
            )
        return self._may_act[entry.dag_id]

    def require_act(self, tenant: str, flow: str) -> FlowEntry:
        """The flow, if the person may act on it.

        Raises:
            Forbidden: they may not.
        """
        entry = self.entry(tenant, flow)
        if not self.may_act(entry):
            raise Forbidden(
                f"You may read {flow} of tenant {tenant}, but not act on it: "
                f"that needs the right to trigger the DAG {entry.dag_id}."
            )
        return entry


def access(user: SignedIn) -> Access:
    """What the person who asks may see."""
    known = catalog()
    entries = {**known.flows, **{(entry.tenant, entry.flow): entry for entry in _in_ledger(known)}}
    allowed = readable(user, {entry.dag_id for entry in entries.values()})
    return Access(user, known, {key: entry for key, entry in entries.items() if entry.dag_id in allowed})


Allowed = Annotated[Access, Depends(access)]


def _in_ledger(known: Catalog) -> Iterator[FlowEntry]:
    """Flows that are no longer switched on and left something behind."""
    with state.reading() as store, store.read() as connection:
        keys = sorted(traces(connection))
    for key in keys:
        if key not in known.flows and (entry := known.entry(*key)) is not None:
            yield entry


def readable(user: BaseUser, dag_ids: set[str]) -> set[str]:
    """Those of the DAGs that a person may read."""
    by_team: dict[str | None, set[str]] = {}
    teams = _teams(sorted(dag_ids))
    for dag_id in dag_ids:
        by_team.setdefault(teams.get(dag_id), set()).add(dag_id)
    allowed: set[str] = set()
    for team, of_team in by_team.items():
        allowed |= get_auth_manager().filter_authorized_dag_ids(
            dag_ids=of_team, user=user, method="GET", team_name=team
        )
    return allowed


def _teams(dag_ids: Sequence[str]) -> dict[str, str | None]:
    """Airflow's teams by DAG, where it is run with teams."""
    if not dag_ids or not conf.getboolean("core", "multi_team", fallback=False):
        return {}
    from airflow.models.dag import DagModel

    teams: dict[str, str | None] = DagModel.get_dag_id_to_team_name_mapping(list(dag_ids))
    return teams
