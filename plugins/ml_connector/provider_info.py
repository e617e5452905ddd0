"""What Airflow reads about this distribution: connection forms, commands, configuration, plugin.

Airflow calls this in every process, so nothing is imported here but plain data.
"""

from __future__ import annotations

from typing import Any

Field = dict[str, Any]


def get_provider_info() -> dict[str, Any]:
    """Entry point ``apache_airflow_provider``; ``package-name`` must equal the distribution's name."""
    return {
        "package-name": "ml-connector",
        "name": "ml-connector",
        "description": "Keeps Oracle PeopleSoft in step with BILL, Cleo, monday.com, Basware and others.",
        "integrations": [
            _integration("Oracle PeopleSoft"),
            _integration("BILL"),
            _integration("Cleo"),
            _integration("monday.com"),
            _integration("Basware"),
        ],
        "hooks": [
            {"integration-name": "Oracle PeopleSoft", "python-modules": ["ml_connector.peoplesoft.hook"]},
            {"integration-name": "BILL", "python-modules": ["ml_connector.bill.hook"]},
            {"integration-name": "Cleo", "python-modules": ["ml_connector.cleo.hook"]},
            {"integration-name": "monday.com", "python-modules": ["ml_connector.monday.hook"]},
            {"integration-name": "Basware", "python-modules": ["ml_connector.basware.hook"]},
        ],
        "connection-types": [_peoplesoft(), _bill(), _cleo(), _monday(), _basware()],
        "cli": ["ml_connector.cli.definition.get_commands"],
        "config": {"ml_connector": _configuration()},
    }


def _integration(name: str) -> dict[str, Any]:
    return {
        "integration-name": name,
        "external-doc-url": "https://example.com/ml-connector",
        "tags": ["service"],
    }


def _text(label: str, description: str, **schema: Any) -> Field:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], **schema}}


def _secret(label: str, description: str) -> Field:
    return _text(label, description, format="password")


def _choice(label: str, description: str, *values: str) -> Field:
    return {
        "label": label,
        "description": description,
        "schema": {"type": "string", "enum": list(values), "default": values[0]},
    }


def _peoplesoft() -> dict[str, Any]:
    """Integration gateway of one PeopleSoft environment."""
    return {
        "connection-type": "peoplesoft",
        "hook-class-name": "ml_connector.peoplesoft.hook.PeopleSoftHook",
        "hook-name": "Oracle PeopleSoft",
        "ui-field-behaviour": {
            "hidden-fields": ["schema"],
            "relabeling": {"host": "Gateway", "login": "OPRID", "password": "Password"},
            "placeholders": {
                "host": "https://peoplesoft.example.com",
                "port": "443",
                "login": "ML_CONNECTOR",
            },
        },
        "conn-fields": {
            "node": _text(
                "Node", "Default local node of the PeopleSoft database, as it stands in the REST address."
            ),
            "auth": _choice("REST login", "oauth2 needs PeopleTools 8.58 or newer.", "basic", "oauth2"),
            "token_url": _text("Token address", "OAuth 2 only: where access tokens are issued."),
            "client_id": _text("Client id", "OAuth 2 only."),
            "client_secret": _secret("Client secret", "OAuth 2 only."),
            "scope": _text("Scope", "OAuth 2 only."),
            "audience": _text("Audience", "OAuth 2 only, where the identity provider asks for it."),
            "peopletools": _text("PeopleTools", "Release, such as 8.60.", pattern=r"^8\.\d{2}(\.\d{1,2})?$"),
            "gateway_path": _text("Gateway path", "Path of the integration gateway.", default="/PSIGW"),
            "soap_auth": _choice("SOAP login", "How component interfaces are called.", "basic", "wsse"),
            "requesting_node": _text("Requesting node", "Node name under which SOAP messages are sent."),
            "node_password": _secret("Node password", "Password of the requesting node."),
            "timeout": {
                "label": "Timeout",
                "description": "Seconds that one call may take.",
                "schema": {"type": ["number", "null"], "minimum": 1, "default": 120},
            },
            "verify": _text(
                "Verify TLS",
                "true, false, or the path of a bundle of certificate authorities.",
                default="true",
            ),
        },
    }


def _bill() -> dict[str, Any]:
    """One BILL organisation."""
    return {
        "connection-type": "bill",
        "hook-class-name": "ml_connector.bill.hook.BillHook",
        "hook-name": "BILL",
        "ui-field-behaviour": {
            "hidden-fields": ["port", "schema"],
            "relabeling": {
                "host": "Gateway",
                "login": "User name or sync token name",
                "password": "Password or sync token",
            },
            "placeholders": {"host": "empty for production", "login": "ap@example.com"},
        },
        "conn-fields": {
            "organization_id": _text("Organisation id", "Begins with 008."),
            "dev_key": _secret(
                "Developer key", "Issued by BILL; its hourly limit holds for all organisations together."
            ),
            "webhook_security_key": _secret(
                "Webhook security key",
                "Of a subscription made by hand; several with commas between. The connector keeps those that "
                "it makes itself.",
            ),
        },
    }


def _cleo() -> dict[str, Any]:
    """One tenant of Cleo Integration Cloud, or one server of Cleo Harmony or VLTrader."""
    return {
        "connection-type": "cleo",
        "hook-class-name": "ml_connector.cleo.hook.CleoHook",
        "hook-name": "Cleo",
        "ui-field-behaviour": {
            "hidden-fields": ["schema"],
            "relabeling": {"host": "Tenant or server", "login": "User name", "password": "Password"},
            "placeholders": {
                "host": "https://YOURTENANT.cleointegration.com",
                "port": "on premise only, such as 6080",
                "login": "may see connections and run actions",
            },
        },
        "conn-fields": {
            "token_path": _text(
                "Token path", "Where tokens are issued.", default="/api/authentication", pattern="^/"
            ),
            "mailbox_login": _text(
                "Mailbox user", "Sees the folders and files. Empty: the user above, for both."
            ),
            "mailbox_password": _secret("Mailbox password", "Of the mailbox user."),
            "folders_path": _text(
                "Folders path",
                "Where the folders of the mailbox are listed.",
                default="/api/folders",
                pattern="^/",
            ),
            "files_path": _text(
                "Files path",
                "Where files are found that come without links.",
                default="/api/files",
                pattern="^/",
            ),
            "transport": _choice("Transport", "What carries the files.", "api", "sftp"),
            "sftp_host": _text("SFTP host", "SFTP only: the server of the mailbox."),
            "sftp_port": _text("SFTP port", "SFTP only.", default="22", pattern=r"^\d{1,5}$"),
            "sftp_login": _text("SFTP user", "SFTP only. Empty: the mailbox user."),
            "sftp_password": _secret("SFTP password", "SFTP only; beside a key, its passphrase and no more."),
            "sftp_key": _secret("SFTP private key", "SFTP only: the text of the key file, line breaks kept."),
            "sftp_host_key": _text(
                "SFTP host key",
                "SFTP only: a line as in known_hosts, or a fingerprint SHA256:... Needed unless verify is "
                "false.",
            ),
            "api_provider_url": _text(
                "API Provider address", "Base address of the tenant's own endpoints for JSON documents."
            ),
            "api_provider_token": _secret("API Provider token", "Bearer token for these endpoints."),
            "webhook_secret": _secret(
                "Webhook secret",
                "Reserved for notifications that an administrator builds in Cleo. Nothing reads it yet.",
            ),
            "verify": _text(
                "Verify TLS",
                "true, false, or the path of a bundle of certificate authorities. false also accepts any "
                "SFTP server where no host key is named.",
                default="true",
            ),
        },
    }


def _monday() -> dict[str, Any]:
    """One account at monday.com."""
    return {
        "connection-type": "monday",
        "hook-class-name": "ml_connector.monday.hook.MondayHook",
        "hook-name": "monday.com",
        "ui-field-behaviour": {
            "hidden-fields": ["login", "port", "schema"],
            "relabeling": {"host": "Address", "password": "API token"},
            "placeholders": {"host": "https://api.monday.com", "password": "empty with oauth2"},
        },
        "conn-fields": {
            "auth": _choice(
                "Login",
                "token: the API token of a user. oauth2: an app with renewed tokens; needs payload_keys.",
                "token",
                "oauth2",
            ),
            "client_id": _text("Client id", "OAuth 2 only: of the app."),
            "client_secret": _secret("Client secret", "OAuth 2 only: of the app."),
            "refresh_token": _secret(
                "Refresh token",
                "OAuth 2 only: as given when the app was authorized. Later ones are kept by themselves.",
            ),
            "token_url": _text(
                "Token address",
                "OAuth 2 only: where tokens are renewed.",
                default="https://auth.monday.com/oauth_ms/oauth/token",
            ),
            "api_version": _text(
                "API version",
                "Quarter of the API, 2026-07 or later.",
                default="2026-10",
                pattern=r"^20\d{2}-(01|04|07|10)$",
            ),
        },
    }


def _basware() -> dict[str, Any]:
    """One tenant of Basware P2P."""
    return {
        "connection-type": "basware",
        "hook-class-name": "ml_connector.basware.hook.BaswareHook",
        "hook-name": "Basware",
        "ui-field-behaviour": {
            "hidden-fields": ["port", "schema"],
            "relabeling": {
                "host": "Address of the region",
                "login": "Client id or user",
                "password": "Client secret or password",
            },
            "placeholders": {"host": "https://api.basware.com", "login": "as Basware issued it"},
        },
        "conn-fields": {
            "auth": _choice(
                "Login",
                "oauth2: a client with tokens. basic: the user of an API account.",
                "oauth2",
                "basic",
            ),
            "token_url": _text(
                "Token address", "OAuth 2 only. Empty: /v1/tokens at the address of the region."
            ),
            "scope": _text("Scope", "OAuth 2 only, blanks between. Empty: what the connector needs."),
            "webhook_token": _secret(
                "Webhook token",
                "Signs notifications: 16 characters or more that nobody knows. Empty: none are received.",
            ),
            "signature_encoding": _choice(
                "Signature", "How notifications carry it; auto learns it once.", "auto", "hex", "base64"
            ),
            "timestamp_header": _text(
                "Timestamp header", "Header with the time of a notification. Empty: learned once."
            ),
            "redirect_hosts": _text(
                "Redirect hosts",
                "Hosts from which larger answers may be fetched, commas between; the API's own is one.",
                default="*.amazonaws.com",
            ),
        },
    }


def _option(description: str, *, default: Any = None, example: str | None = None, **more: Any) -> Field:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": "string",
        "example": example,
        "default": default,
        **more,
    }


def _configuration() -> dict[str, Any]:
    return {
        "description": "Settings of ml-connector. Secrets of the outside systems stand in connections.",
        "options": {
            "tenants_path": _option(
                "Folder with one YAML file per tenant. Empty: include/tenants beside the plugins folder.",
                default="",
                example="/etc/ml-connector/tenants",
            ),
            "mappings_path": _option(
                "Folder that is searched for datasets and mappings before the shipped ones, "
                "so that one file can be overridden.",
                default="",
                example="/etc/ml-connector/mappings",
            ),
            "state_conn": _option(
                "SQLAlchemy URL of the state database. Empty: a SQLite file in AIRFLOW_HOME. "
                "PostgreSQL in production, and never Airflow's own database.",
                default="",
                example="postgresql://ml_connector@db/ml_connector",
                sensitive=True,
            ),
            "payload_keys": _option(
                "Fernet keys that encrypt payloads and credentials in the state database, commas between: "
                "the first encrypts, all of them decrypt. Empty: nothing is encrypted.",
                default="",
                sensitive=True,
            ),
            "retention_days": _option(
                "Days that payloads, closed inbox rows and closed audit chains are kept.",
                default="400",
                type="integer",
            ),
        },
    }
