"""The sandbox's credentials. They open nothing but the sandbox and are printed in its README."""

from __future__ import annotations

OPRID = "ML_CONNECTOR"
OPRID_PASSWORD = "sandbox-only"
NODE = "PSFT_EP"
REQUESTING_NODE = "ML_CONNECTOR"

OAUTH_CLIENT_ID = "ml-connector-sandbox"
OAUTH_CLIENT_SECRET = "sandbox-only-secret"
OAUTH_SCOPE = "readwrite"
OAUTH_AUDIENCE = "peoplesoft-sandbox"

BILL_USERNAME = "ap-sync@example.com"
BILL_PASSWORD = "sandbox-only"
BILL_TOKEN_NAME = "ml-connector-sync-token"
BILL_TOKEN_VALUE = "sandbox-only-token"
BILL_DEV_KEY = "01SANDBOXDEVKEY00001"
BILL_OTHER_DEV_KEY = "01SANDBOXDEVKEY00002"
BILL_ORGANIZATION = "00801SANDBOXORG00001"
BILL_OTHER_ORGANIZATION = "00801SANDBOXORG00002"
BILL_USER_ID = "00601SANDBOXUSER0001"
BILL_REMEMBER_ME = "sandbox-remember-me"
BILL_DEVICE = "sandbox-device"

CLEO_ADMIN = "ml-connector-admin"
CLEO_ADMIN_PASSWORD = "Sandbox-only-1"
CLEO_MAILBOX = "psft_mailbox"
CLEO_MAILBOX_PASSWORD = "Sandbox-only-2"
CLEO_API_TOKEN = "sandbox-only-api-token"
CLEO_OTP = "424242"

MONDAY_TOKEN = "sandbox-only-monday-token"
MONDAY_CLIENT_ID = "sandbox-monday-client"
MONDAY_CLIENT_SECRET = "sandbox-only-monday-secret"
MONDAY_REFRESH_TOKEN = "sandbox-only-monday-refresh-token"

BASWARE_CLIENT_ID = "sandbox-basware-client"
BASWARE_CLIENT_SECRET = "sandbox-only-basware-secret"
BASWARE_USER = "basware-api-user"
BASWARE_PASSWORD = "sandbox-only-basware"
BASWARE_WEBHOOK_TOKEN = "sandbox-only-böswäre-webhook-token"
