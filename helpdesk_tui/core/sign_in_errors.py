"""What the sign-in server, or something in front of it, answered: in plain words, with the way out.

This module is imported only after `supabase_auth` has been, so what it imports costs nothing more.
"""

from __future__ import annotations

import re
import ssl
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError
from supabase_auth.errors import (
    AuthApiError,
    AuthError,
    AuthRetryableError,
    AuthUnknownError,
    AuthWeakPasswordError,
)

from helpdesk_tui.core.errors import HelpdeskError, SettingsError, SignInError, Unreachable
from helpdesk_tui.core.wording import ended, sentence

FAILURES: tuple[type[Exception], ...] = (AuthError, ValidationError, httpx.HTTPError)
"""All that a call of the official client raises."""

_ENDED = (
    "session_not_found",
    "session_expired",
    "refresh_token_not_found",
    "refresh_token_already_used",
    "bad_jwt",
    "no_authorization",
    "user_not_found",
)
_HOOK = ("hook_timeout", "hook_timeout_after_retry", "hook_payload_over_size_limit")
_HOOK_HINT = "Whoever runs the database can test it with `helpdesk db check`; Supabase Auth gives a hook 2 seconds."

# code → kind, message, hint
_WORDS: dict[str, tuple[str, str, str | None]] = {
    "invalid_credentials": ("credentials", "The e-mail address or the password is wrong.", None),
    "user_banned": ("credentials", "This account is blocked.", "Ask whoever runs the helpdesk."),
    "email_not_confirmed": (
        "validation",
        "This e-mail address is not confirmed yet.",
        "Open the link in the message that was sent to it, then sign in again.",
    ),
    "mfa_verification_failed": (
        "second_factor",
        "The code is wrong, or no longer valid.",
        "Type the one that the authenticator shows now; its clock must be right.",
    ),
    "mfa_verification_rejected": ("second_factor", "The server rejected the second factor.", None),
    "mfa_challenge_expired": ("second_factor", "That took too long: the code was no longer waited for.", "Try again."),
    "mfa_factor_not_found": (
        "second_factor",
        "This second factor has been removed from the account.",
        "Sign in again from the start.",
    ),
    "mfa_ip_address_mismatch": (
        "second_factor",
        "The network changed between the password and the code.",
        "Sign in again from the start.",
    ),
    "insufficient_aal": ("second_factor", "The server asks for a second factor.", "Sign in again, with the code."),
    "user_already_exists": ("exists", "There is an account with this e-mail address already.", "Sign in instead."),
    "otp_expired": (
        "code",
        "The code is wrong, or no longer good.",
        "Take the newest message, or have another code sent.",
    ),
    "otp_disabled": ("validation", "Codes by e-mail are switched off on this server.", None),
    "same_password": ("weak_password", "That is the password you had.", "Choose another one."),
    "email_exists": ("exists", "There is an account with this e-mail address already.", "Sign in instead."),
    "email_address_invalid": ("validation", "This is no e-mail address that the server accepts.", None),
    "email_address_not_authorized": ("validation", "The server sends no messages to this address.", None),
    "email_provider_disabled": (
        "validation",
        "Signing in by e-mail and password is switched off on this server.",
        None,
    ),
    "signup_disabled": ("validation", "New accounts are switched off on this server.", None),
    "captcha_failed": (
        "validation",
        "The server asks for a captcha, which a terminal cannot show.",
        "Whoever runs the server can switch it off for this sign-in.",
    ),
}


def plain(error: Exception, url: str) -> HelpdeskError:
    """The error in plain words.

    Args:
        error: one of `FAILURES`.
        url: the base address of the sign-in server, named where it matters.
    """
    if isinstance(error, AuthWeakPasswordError):
        return SignInError(sentence(error.message, 300), "Choose a longer or less common one.", kind="weak_password")
    if isinstance(error, AuthRetryableError):
        return _unreachable(error.__cause__ or error, url, error.status)
    if isinstance(error, httpx.HTTPError):
        return _unreachable(error, url, 0)
    if isinstance(error, AuthApiError):
        return _answered(error, url)
    if isinstance(error, AuthUnknownError | ValidationError):
        return _not_ours(error, url)
    return SignInError(f"The sign-in failed: {ended(str(error), 300)}")


def _answered(error: AuthApiError, url: str) -> HelpdeskError:
    code, message, status = error.code or "", error.message, error.status
    if words := _WORDS.get(code):
        kind, text, hint = words
        return SignInError(text, hint, kind=kind)
    if status == 429:
        wait = _retry_after(error) or _seconds_in(message)
        hint = f"Try again in {wait} seconds." if wait else "Wait a minute, then try again."
        return SignInError("The server has had too many attempts from here.", hint, kind="rate_limit")
    if code in _HOOK or (status >= 400 and "hook" in message.lower()):
        return SignInError(
            f"The database's access token hook failed, so nobody can sign in: {ended(message, 300)}",
            _HOOK_HINT,
            kind="hook",
        )
    if code in _ENDED or "refresh token" in message.lower():
        return SignInError("Your sign-in has ended.", "Sign in again.", kind="expired")
    if status == 403 and "deactivated" in message:
        # The words of our own hook.
        return SignInError(sentence(message, 300), "Ask an admin of the helpdesk.", kind="credentials")
    if status == 401 and not code:
        # What the gateway in front of a Supabase project says about a wrong or missing key.
        return SettingsError(f"{_host(url)} does not accept the api_key: {ended(message, 300)}", _CONFIG_HINT)
    if status == 404 and not code:
        return SettingsError(f"There is no sign-in server at {url}.", _CONFIG_HINT)
    if code == "validation_failed":
        return SignInError(sentence(message, 300), kind="validation")
    if status >= 500:
        return SignInError(
            f"The sign-in server failed (HTTP {status}): {ended(message, 300)}",
            "Try again in a moment; if it stays, tell whoever runs the server.",
        )
    return SignInError(f"The sign-in server refused (HTTP {status}): {ended(message, 300)}")


_CONFIG_HINT = "`helpdesk config show` tells what is set, and where."


def _unreachable(cause: BaseException, url: str, status: int) -> HelpdeskError:
    if status:
        return Unreachable(
            f"The sign-in server at {_host(url)} is not there at the moment (HTTP {status}).", "Try again in a moment."
        )
    if _caused_by(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
        return Unreachable(
            f"The certificate of {_host(url)} is not to be trusted, so nothing was sent: {ended(str(cause), 300)}",
            "Something on the way may be listening, or this machine's clock or certificates are wrong.",
        )
    if isinstance(cause, httpx.TimeoutException):
        reason = "it does not answer in time"
    elif isinstance(cause, httpx.ConnectError):
        reason = ended(str(cause), 300).rstrip(".") or "no connection"
    else:
        reason = ended(str(cause), 300).rstrip(".") or type(cause).__name__
    return Unreachable(
        f"The sign-in server at {_host(url)} cannot be reached: {reason}.", "Check the network and auth_url."
    )


def _not_ours(error: Exception, url: str) -> HelpdeskError:
    """A page where JSON was due: a proxy, a hotel's portal, a wrong address."""
    response = getattr(error.__cause__, "response", None)
    what = ""
    if isinstance(response, httpx.Response):
        kind = response.headers.get("content-type", "").split(";")[0]
        what = f" (HTTP {response.status_code}{', ' + kind if kind else ''})"
    return SignInError(
        f"Something other than a sign-in server answered at {url}{what}.",
        "A proxy or a portal of the network may be in between; else check auth_url.",
    )


def _retry_after(error: AuthApiError) -> str | None:
    response = getattr(error.__cause__, "response", None)
    after = response.headers.get("retry-after") if isinstance(response, httpx.Response) else None
    return after if after and after.isdigit() else None


def _seconds_in(message: str) -> str | None:
    """How long to wait, where the server says it in its sentence alone."""
    found = re.search(r"after (\d{1,4}) seconds?", message)
    return found.group(1) if found else None


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _host(url: str) -> str:
    return urlsplit(url).netloc or url
