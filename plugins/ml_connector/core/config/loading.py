"""Finds and reads tenant, dataset and mapping files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ml_connector.core.config.checks import check_dataset, check_tenant
from ml_connector.core.config.dataset import Dataset
from ml_connector.core.config.explain import validated
from ml_connector.core.config.mapping import Mapping
from ml_connector.core.config.mapping_checks import check_place
from ml_connector.core.config.problems import InvalidFile
from ml_connector.core.config.tenant import TenantConfig
from ml_connector.core.config.values import Model
from ml_connector.core.config.yamlfile import read_yaml
from ml_connector.core.errors import ConfigurationError

FileModel = TypeVar("FileModel", bound=Model)
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class TenantFile:
    """One tenant file: either its settings or what is wrong with it."""

    path: Path
    tenant: TenantConfig | None = None
    error: InvalidFile | None = None

    @property
    def name(self) -> str:
        """The tenant's name, known even when the file is broken."""
        return self.path.stem


def load_tenants(path: Path | str) -> list[TenantFile]:
    """All tenant files of a directory, by name. A broken one does not keep the others away.

    Raises:
        ConfigurationError: the directory does not exist.
    """
    directory = Path(path)
    if not directory.is_dir():
        message = f"the tenants directory {directory} does not exist"
        raise ConfigurationError(message, expected="a directory of tenant files in tenants_path")
    files = sorted(entry for entry in directory.iterdir() if _is_yaml(entry))
    return [_tenant_file(file) for file in files]


def _is_yaml(path: Path) -> bool:
    return path.suffix in _ENDINGS and not path.name.startswith(".") and path.is_file()


def _tenant_file(path: Path) -> TenantFile:
    try:
        return TenantFile(path, tenant=load_tenant(path))
    except InvalidFile as error:
        return TenantFile(path, error=error)


def load_tenant(path: Path) -> TenantConfig:
    """One tenant file, or InvalidFile with all of its mistakes."""
    return _load(TenantConfig, path, check_tenant)


def load_dataset(path: Path) -> Dataset:
    """One dataset file, or InvalidFile with all of its mistakes."""
    return _load(Dataset, path, check_dataset)


def load_mapping(path: Path) -> Mapping:
    """One mapping file, or InvalidFile. ``check_mapping`` compares it with its dataset."""
    return _load(Mapping, path, check_place)


def _load(model: type[FileModel], path: Path, check: Callable[[FileModel], None]) -> FileModel:
    file = read_yaml(path)
    loaded = validated(model, file).placed_in(file)
    check(loaded)
    return loaded


def find_dataset(system: str, name: str, search_paths: Sequence[Path | str]) -> Dataset:
    """The dataset ``<system>/<name>.yaml`` of the first search path that has it.

    Raises:
        InvalidFile: the file has mistakes.
        ConfigurationError: no search path has it.
    """
    return load_dataset(_find(system, name, search_paths, "dataset"))


def find_mapping(system: str, name: str, search_paths: Sequence[Path | str]) -> Mapping:
    """The mapping ``<system>/<name>.yaml``; see :func:`find_dataset`."""
    return load_mapping(_find(system, name, search_paths, "mapping"))


def _find(system: str, name: str, search_paths: Iterable[Path | str], kind: str) -> Path:
    places = [Path(path) / system / f"{name}{ending}" for path in search_paths for ending in _ENDINGS]
    for place in places:
        if place.is_file():
            return place
    searched = ", ".join(str(place) for place in places if place.suffix == _ENDINGS[0])
    raise ConfigurationError(f"there is no {kind} file for {system} {name}", expected=f"one of {searched}")
