"""Errors as Supabase Auth's API words them since version 2024-01-01."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

API_VERSION = "2024-01-01"


class ApiError(Exception):
    """An answer that is not the wished-for one.

    Args:
        status: the HTTP status.
        code: the machine's word for it, as in ``invalid_credentials``.
        message: the person's.
        extra: more of the body.
        named: whether the code is repeated in the header ``x-sb-error-code``, as it nearly always is.
    """

    def __init__(
        self, status: int, code: str, message: str, *, extra: Mapping[str, Any] | None = None, named: bool = True
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, **(extra or {})}
        self.headers = {"x-supabase-api-version": API_VERSION} | ({"x-sb-error-code": code} if named else {})


def bad_json(why: str) -> ApiError:
    """The body of the request is not what it should be."""
    return ApiError(400, "bad_json", f"Could not parse request body as JSON: {why}")


def validation_failed(message: str) -> ApiError:
    """A value in the request is missing or malformed."""
    return ApiError(400, "validation_failed", message)


def unexpected_failure(message: str) -> ApiError:
    """It is the server's fault, or its database's, or its hook's."""
    return ApiError(500, "unexpected_failure", message)
