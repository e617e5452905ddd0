"""docker-compose.yaml, Dockerfile, airflow.cfg and the lock files, held against each other and Airflow."""

from __future__ import annotations

import configparser
import re
import tomllib
from typing import Any

import pytest
import yaml
from airflow.configuration import conf, retrieve_configuration_description

from launcher.home import KEYS
from tests.environment import REPOSITORY

LOCKS = ("requirements.txt", "requirements-compose.txt", "requirements-dev.txt")
OTHER_IN_COMPOSE = {"python-dateutil"}
"""The FAB auth manager needs an older one."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text())
    return loaded


def airflow_services(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in compose["services"].items() if one.get("image") == "ml-connector"}


def options() -> dict[str, set[str]]:
    """Every setting that Airflow and its providers know, by section."""
    return {name: set(section["options"]) for name, section in retrieve_configuration_description().items()}


def pins(name: str) -> dict[str, str]:
    text = (REPOSITORY / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\n]+)", text, re.MULTILINE))


def test_all_components_run_and_share_one_environment(compose: dict[str, Any]) -> None:
    services = airflow_services(compose)
    commands = {one["command"][0] for name, one in services.items() if name not in ("keys", "init")}
    assert commands == {"api-server", "scheduler", "dag-processor", "triggerer", "celery"}
    environments = [one["environment"] for name, one in services.items() if name != "keys"]
    assert all(one == environments[0] for one in environments)


def test_every_setting_exists(compose: dict[str, Any]) -> None:
    environment = compose["services"]["scheduler"]["environment"]
    providers = {"CELERY"}  # sections of providers that only the image has
    for variable in environment:
        section, option = re.fullmatch(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+?)(?:_CMD)?", variable).groups()  # type: ignore[union-attr]
        if section not in providers:
            assert option.lower() in options()[section.lower()], variable


def test_keys_come_from_outside_the_image_and_are_the_launchers(compose: dict[str, Any]) -> None:
    environment = compose["services"]["scheduler"]["environment"]
    for name, variable in KEYS.items():
        assert environment[f"{variable}_CMD"] == f"cat /keys/{name}"
        section, option = variable.removeprefix("AIRFLOW__").lower().split("__")
        assert (section, option) in conf.sensitive_config_values
        assert f'"{name}"' in compose["services"]["keys"]["command"][0]
    for name, service in airflow_services(compose).items():
        assert ("keys:/keys" if name == "keys" else "keys:/keys:ro") in service["volumes"]


def test_the_keys_script_is_python(compose: dict[str, Any]) -> None:
    compile(compose["services"]["keys"]["command"][0], "keys", "exec")


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    text = (REPOSITORY / "docker-compose.yaml").read_text()
    assert re.findall(r"airflow:([^@]+)@", text) == ["${DATABASE_PASSWORD:?}"] * 3
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${DATABASE_PASSWORD:?}"


def test_nothing_starts_before_the_databases_and_pools_are_there(compose: dict[str, Any]) -> None:
    assert "airflow ml-connector init" in compose["services"]["init"]["command"][0]
    for name, service in airflow_services(compose).items():
        if name not in ("keys", "init"):
            assert service["depends_on"]["init"]["condition"] == "service_completed_successfully"


def test_state_and_airflow_have_databases_of_their_own(compose: dict[str, Any]) -> None:
    environment = compose["services"]["scheduler"]["environment"]
    state, airflow = (
        environment[name].rpartition("/")[2]
        for name in ("AIRFLOW__ML_CONNECTOR__STATE_CONN", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    )
    assert state != airflow
    assert f"CREATE DATABASE {state};" in compose["configs"]["databases"]["content"]


def test_the_image_holds_what_it_copies() -> None:
    text = (REPOSITORY / "Dockerfile").read_text()
    ignore = (REPOSITORY / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for source in line.split():
            assert (REPOSITORY / source).exists(), source
            assert f"!{source}" in ignore


def test_shipped_settings_exist_in_airflow() -> None:
    parser = configparser.ConfigParser()
    parser.read(REPOSITORY / "airflow.cfg")
    for section in parser.sections():
        for option in parser[section]:
            assert option in options()[section], (section, option)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_versions_and_no_index(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert requirements
    for line in requirements:
        assert re.match(r"^[a-z0-9._-]+(\[[a-z,]+\])?==\S+( ; .+)?$", line), line
    assert "://" not in text
    assert "--" not in text.replace("-- ", "")


def test_locks_agree() -> None:
    product, compose, developer = (pins(name) for name in LOCKS)
    assert {name for name in product if compose.get(name) != product[name]} == OTHER_IN_COMPOSE
    assert {name for name in developer if product.get(name, developer[name]) != developer[name]} == set()


def test_locks_hold_every_dependency() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    names = [re.split(r"[\[<>=]", item)[0] for item in project["project"]["dependencies"]]
    assert set(names) <= set(pins("requirements.txt"))
    developers = {re.split(r"[\[<>=]", item)[0] for item in project["dependency-groups"]["dev"]}
    assert developers <= set(pins("requirements-dev.txt")) | set(names)
