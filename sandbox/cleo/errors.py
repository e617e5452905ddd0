"""Cleo's refusals: a status and a JSON object with one `message`; more is not proven."""

from __future__ import annotations

from aiohttp import web

from sandbox.jsonio import json_response


class CleoError(Exception):
    """A refusal with its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def response(self) -> web.Response:
        """The answer."""
        return json_response({"message": self.message}, self.status)


def unauthorized() -> CleoError:
    """No token, an unknown or an expired one, or a wrong password."""
    return CleoError(401, "Unauthorized")


def forbidden(what: str) -> CleoError:
    """The principal lacks a right."""
    return CleoError(403, f"Not permitted: {what}.")


def not_found() -> CleoError:
    """There is no such resource, or none that the principal may see."""
    return CleoError(404, "Resource not found.")
