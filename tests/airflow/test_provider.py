"""What Airflow reads about the distribution: connection forms, configuration, commands."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager

from ml_connector.provider_info import get_provider_info

SECRETS = {
    "peoplesoft": {"client_secret", "node_password"},
    "bill": {"dev_key", "webhook_security_key"},
    "cleo": {"mailbox_password", "sftp_password", "sftp_key", "api_provider_token", "webhook_secret"},
    "monday": {"client_secret", "refresh_token"},
    "basware": {"webhook_token"},
}
FIELDS = {
    "peoplesoft": {
        "node", "auth", "token_url", "client_id", "client_secret", "scope", "audience", "peopletools",
        "gateway_path", "soap_auth", "requesting_node", "node_password", "timeout", "verify",
    },
    "bill": {"organization_id", "dev_key", "webhook_security_key"},
    "cleo": {
        "token_path", "mailbox_login", "mailbox_password", "folders_path", "files_path", "transport",
        "sftp_host", "sftp_port", "sftp_login", "sftp_password", "sftp_key", "sftp_host_key",
        "api_provider_url", "api_provider_token", "webhook_secret", "verify",
    },
    "monday": {"auth", "client_id", "client_secret", "refresh_token", "token_url", "api_version"},
    "basware": {
        "auth", "token_url", "scope", "webhook_token", "signature_encoding", "timestamp_header",
        "redirect_hosts",
    },
}  # fmt: skip


def connection_types() -> dict[str, Any]:
    return {item["connection-type"]: item for item in get_provider_info()["connection-types"]}


def test_the_distribution_is_the_package() -> None:
    name = get_provider_info()["package-name"]
    (entry,) = importlib.metadata.distribution(name).entry_points.select(group="apache_airflow_provider")
    assert entry.load() is get_provider_info


def test_airflow_accepts_the_description() -> None:
    from airflow.providers_manager import _create_provider_info_schema_validator

    _create_provider_info_schema_validator().validate(get_provider_info())
    assert "ml-connector" in ProvidersManager().providers


@pytest.mark.parametrize("name", list(FIELDS))
def test_forms_have_every_field_and_hide_secrets(name: str) -> None:
    fields = connection_types()[name]["conn-fields"]
    assert set(fields) == FIELDS[name]
    hidden = {field for field, entry in fields.items() if entry["schema"].get("format") == "password"}
    assert hidden == SECRETS[name]
    for entry in fields.values():
        jsonschema.Draft7Validator.check_schema(entry["schema"])


@pytest.mark.parametrize("name", list(FIELDS))
def test_hooks_belong_to_their_types(name: str) -> None:
    entry = connection_types()[name]
    module, _, class_name = entry["hook-class-name"].rpartition(".")
    hook = getattr(importlib.import_module(module), class_name)
    assert (hook.conn_type, hook.hook_name) == (name, entry["hook-name"])
    assert callable(hook.test_connection)


def test_settings_are_known_and_secret_ones_sensitive() -> None:
    from airflow.configuration import conf

    options = get_provider_info()["config"]["ml_connector"]["options"]
    sensitive = {name for name, option in options.items() if option.get("sensitive")}
    assert sensitive == {"state_conn", "payload_keys"}
    assert {("ml_connector", name) for name in sensitive} <= conf.sensitive_config_values
    assert conf.getint("ml_connector", "retention_days") == 400


def test_reading_the_description_imports_nothing_heavy() -> None:
    code = (
        "import sys, json; from ml_connector.provider_info import get_provider_info; get_provider_info();"
        "print(json.dumps([m for m in sys.modules if m.split('.')[0] in"
        " ('airflow', 'pydantic', 'sqlalchemy', 'aiohttp', 'yaml', 'pandas')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_commands_are_the_contract() -> None:
    from ml_connector.cli.definition import get_commands

    (group,) = get_commands()
    names = {command.name for command in group.subcommands}
    assert names == {
        "init", "check", "status", "records", "show", "replay", "release", "plan", "audit", "reconciliation",
        "crosswalk", "export-schemas", "purge", "provision",
    }  # fmt: skip


def test_the_plugin_scan_stays_out_of_the_package() -> None:
    from airflow.plugins_manager import _get_plugins

    plugins, errors = _get_plugins()
    assert errors == {}
    assert "ml_connector" in {plugin.name for plugin in plugins}
    assert "client" not in sys.modules
    assert sys.modules["http"].__file__ is not None
    assert "ml_connector" not in (sys.modules["http"].__file__ or "")
