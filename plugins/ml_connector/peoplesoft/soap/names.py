"""What a site calls a component interface and its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    """What an operation of a component interface does.

    The verb opens the name of the operation's input element, the suffix closes the name of the
    service operation (PeopleTools, naming conventions of generated integration metadata).
    """

    CREATE = ("create", "_C")
    GET = ("get", "_G")
    FIND = ("find", "_F")
    UPDATE = ("update", "_UP")
    UPDATE_DATA = ("updatedata", "_UD")

    def __init__(self, verb: str, suffix: str) -> None:
        self.verb, self.suffix = verb, suffix

    @property
    def writes(self) -> bool:
        """Whether a call may have changed something."""
        return self not in {Role.GET, Role.FIND}


@dataclass(frozen=True)
class InterfaceName:
    """A component interface as the site names it.

    Attributes:
        name: of the component interface, e.g. ``AP_VOUCHER``.
        service: of the web service; ``CI_<name>`` where None.
        version: of the service.
        properties: our property name to the site's. ``COLLECTION.NAME`` (our names) holds for one
            collection only, for a name that the site spells differently in two places.
    """

    name: str
    service: str | None = None
    version: str = "1"
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def service_name(self) -> str:
        """The web service."""
        return self.service or f"CI_{self.name}"

    @property
    def file(self) -> str:
        """Service and version, as the description is called."""
        return f"{self.service_name}.{self.version}"

    def site(self, collection: str, ours: str) -> str:
        """The site's name of one of our properties; ``collection`` is ours, blank at the top."""
        plain = self.properties.get(ours, ours)
        return self.properties.get(f"{collection}.{ours}", plain) if collection else plain

    def ours(self, collection: str, site: str) -> str:
        """Inverse of :meth:`site`."""
        prefix = f"{collection}." if collection else ""
        for known, name in self.properties.items():
            if prefix and name == site and known.startswith(prefix):
                return known.removeprefix(prefix)
        for known, name in self.properties.items():
            if name == site and "." not in known and self.site(collection, known) == site:
                return known
        return site
