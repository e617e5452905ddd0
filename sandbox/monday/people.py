"""Who is in the account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """A user."""

    id: int
    name: str
    email: str
    title: str = ""


ME = Person(71_000_001, "PeopleSoft Connector", "connector@example.com", "Integration")
OTHER = Person(71_000_002, "Ada Accounts", "ada@example.com", "Accounts payable")
PEOPLE = {person.id: person for person in (ME, OTHER)}
TEAMS = {81_000_001: "Accounts payable"}
KNOWN = {(person_id, "person") for person_id in PEOPLE} | {(team_id, "team") for team_id in TEAMS}


def name_of(entry_id: int, kind: str) -> str:
    """How a person or a team reads."""
    return PEOPLE[entry_id].name if kind == "person" else TEAMS[entry_id]
