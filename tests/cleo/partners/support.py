"""Partner files to work with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import TenantConfig, load_tenant

TENANT = """
tenant: demo
environment: test
time_zone: America/New_York
start: 2026-01-01
connections: {peoplesoft: demo__peoplesoft, cleo: demo__cleo}
business_units: [US001, US002]
setids: [SHARE]
"""

TENANT_CONFIG = TenantConfig.model_validate(yaml.safe_load(TENANT) | {"start": "2026-01-01"})

ACME: dict[str, Any] = {
    "partner": "acme",
    "name": "Acme Industrial Supply",
    "vendors": ["SHARE|0000000002"],
    "identities": [{"qualifier": "01", "id": "123456789"}],
    "versions": [{"version": "004010"}],
    "documents": {"purchase_order": {}},
}

OPTIONS = CleoOptions.model_validate(
    {
        "identities": {
            "US001": {"qualifier": "ZZ", "id": "PSFTUS001"},
            "US002": {"qualifier": "ZZ", "id": "PSFTUS002"},
        }
    }
)


def profile(**changed: Any) -> Profile:
    """Acme's profile with other top-level keys."""
    return Profile.model_validate(ACME | changed)


def tenant_in(folder: Path) -> TenantConfig:
    """A tenant whose file lies in a folder."""
    path = folder / "demo.yaml"
    path.write_text(TENANT)
    return load_tenant(path)


def write(folder: Path, name: str = "acme", text: str | None = None, **changed: Any) -> Path:
    """A partner file of the tenant in a folder."""
    path = folder / "demo" / "partners" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if text is not None else yaml.safe_dump(ACME | {"partner": name} | changed))
    return path
