"""Reads the partner files of a tenant. Every mistake is told, with file, line, field and what was expected.

Only tasks and ``airflow ml-connector check`` read them, never the parsing of DAG files. A process that
reads them again - a worker does at every task - reads only those that changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml_connector.cleo.partners.consistency import cross_faults
from ml_connector.cleo.partners.profile import Profile
from ml_connector.core.config import InvalidFile, TenantConfig
from ml_connector.core.config.explain import validated
from ml_connector.core.config.report import Report
from ml_connector.core.config.yamlfile import read_yaml
from ml_connector.core.errors import ConfigurationError

_ENDINGS = (".yaml", ".yml")
FOLDER = "partners"


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """One partner file: either its profile or what is wrong with it."""

    path: Path
    profile: Profile | None = None
    error: InvalidFile | None = None


_cache: dict[Path, tuple[tuple[int, int], PartnerFile]] = {}


def folder_of(tenant: TenantConfig, named: str | None) -> Path:
    """Where a tenant's partner files lie.

    Args:
        named: the option ``partners_folder``; a relative one begins at the tenant file.
    """
    beside = Path(tenant.file.path).parent if tenant.file else Path()
    return beside / (named or f"{tenant.tenant}/{FOLDER}")


def load_folder(folder: Path, *, must_exist: bool = False) -> list[PartnerFile]:
    """All partner files of a folder, by name. A folder that does not exist holds none.

    Raises:
        ConfigurationError: the folder does not exist although it must.
    """
    if not folder.is_dir():
        if must_exist:
            raise ConfigurationError(
                f"the folder of partner files {folder} does not exist",
                field="integrations.cleo.options.partners_folder",
                expected="a folder with one YAML file for each partner",
            )
        return []
    return [_cached(path) for path in sorted(folder.iterdir()) if _is_yaml(path)]


def _is_yaml(path: Path) -> bool:
    return path.suffix in _ENDINGS and not path.name.startswith(".") and path.is_file()


def _cached(path: Path) -> PartnerFile:
    try:
        facts = path.stat()
    except OSError:
        return _read(path)  # gone in the meantime: reading says so
    stamp = (facts.st_mtime_ns, facts.st_size)
    known = _cache.get(path)
    if known is None or known[0] != stamp:
        known = _cache[path] = (stamp, _read(path))
    return known[1]


def _read(path: Path) -> PartnerFile:
    try:
        return PartnerFile(path, profile=load_profile(path))
    except InvalidFile as error:
        return PartnerFile(path, error=error)


def load_profile(path: Path) -> Profile:
    """One partner file, or InvalidFile with all of its mistakes."""
    file = read_yaml(path)
    profile = validated(Profile, file).placed_in(file)
    report = Report(file)
    if profile.partner != path.stem:
        report.add(
            ("partner",), "the partner's name differs from the file's", f"{path.stem}, as the file is named"
        )
    for at, message, expected in cross_faults(profile):
        report.add(at, message, expected)
    report.close()
    return profile
