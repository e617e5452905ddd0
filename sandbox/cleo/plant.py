"""What the tenant holds at the start: the partners' connections, the mailbox user, a certificate."""

from __future__ import annotations

from sandbox import credentials

from .resources import Resources, Row

CERTIFICATE = "MIIBsandboxCertificateOfNobody="
OUTSIDE = (("ACME", "as2"), ("GLOBEX", "as2"), ("INITECH", "sftp"), ("NORTHWIND", "as2"), ("UMBRELLA", "as2"))


def plant(resources: Resources) -> None:
    """Fill an empty tenant."""
    for alias, kind in OUTSIDE:
        connect(resources, alias, kind)
    owner = resources.create(
        "authenticators",
        {
            "alias": "ERP mailboxes",
            "type": "nativeUser",
            "home": {"dir": {"default": "local/root/%username%"}, "access": "file"},
            "accept": {"sftp": {"enabled": True}, "http": {"enabled": True}, "requireSecurePort": False},
            "privileges": {"twoFactorAuthentication": {"enabled": False}},
        },
    )
    resources.create(
        "users",
        {
            "username": credentials.CLEO_MAILBOX,
            "email": "edi@example.com",
            "home": {"dir": {"override": f"local/root/{credentials.CLEO_MAILBOX}"}},
            "accept": {
                "password": credentials.CLEO_MAILBOX_PASSWORD,
                "sftp": {"auth": [{"type": "userPwd"}]},
            },
        },
        parent=owner["id"],
    )


def connect(resources: Resources, alias: str, kind: str = "as2") -> None:
    """A connection that is ready, with its template actions."""
    certificates = list(resources.rows["certs"]) or [resources.import_cert(CERTIFICATE)["id"]]
    body = _as2(alias, certificates[0]) if kind == "as2" else _sftp(alias)
    resources.create("connections", {"alias": alias, "type": kind, "enabled": True, **body})


def _as2(alias: str, cert_id: str) -> Row:
    return {
        "localName": "PSFTUS001",
        "partnerName": f"{alias}AS2",
        "connect": {"url": f"https://as2.{alias.lower()}.example/as2"},
        "outgoing": {
            "subject": "EDI",
            "sign": True,
            "encrypt": True,
            "receipt": {"type": "sync", "sign": True, "micAlgorithm": "sha256"},
            "storage": {"outbox": "outbox/", "sentbox": "sentbox/"},
        },
        "incoming": {"storage": {"inbox": "inbox/", "receivedbox": "receivedbox/"}},
        "partnerEncryptionCert": {"href": f"/api/certs/{cert_id}"},
    }


def _sftp(alias: str) -> Row:
    return {
        "connect": {"host": f"sftp.{alias.lower()}.example", "port": 22, "username": "edi", "password": "x"},
        "outgoing": {"storage": {"outbox": "outbox/", "sentbox": "sentbox/"}},
        "incoming": {"storage": {"inbox": "inbox/"}},
    }
