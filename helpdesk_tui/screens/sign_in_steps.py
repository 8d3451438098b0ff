"""The steps of getting in: what each asks for, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["STEPS", "Name", "Step"]

Name = Literal[
    "in", "factor", "up", "confirm", "forgot", "code", "new", "reset_factor", "mail", "mailed", "lead", "enroll"
]
Field = Literal["name", "email", "password", "code", "new_password"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Args:
        title: what it is, before the helpdesk's name.
        fields: what is asked for, in this order.
        button: what Enter in the last field does.
        working: what is said meanwhile.
        back: where Esc leads; None: nowhere.
    """

    title: str
    fields: tuple[Field, ...]
    button: str
    working: str
    back: Name | None = "in"


STEPS: Final[dict[Name, Step]] = {
    "in": Step("Sign in to", ("email", "password"), "Sign in", "Signing in …", None),
    "factor": Step("Sign in to", ("code",), "Sign in", "Signing in …"),
    "up": Step("Sign up at", ("name", "email", "new_password"), "Sign up", "Signing up …"),
    "confirm": Step("Sign up at", ("code",), "Confirm", "Looking at the code …"),
    "forgot": Step("A new password for", ("email",), "Send me a code", "Asking for a code …"),
    "code": Step("A new password for", ("code",), "Go on", "Looking at the code …", "forgot"),
    "reset_factor": Step("A new password for", ("code",), "Go on", "Looking at the code …"),
    "mail": Step("A code to sign in to", ("email",), "Send me a code", "Asking for a code …"),
    "mailed": Step("Sign in to", ("code",), "Sign in", "Looking at the code …", "mail"),
    "lead": Step("A second factor for", (), "Try again", "Asking the sign-in server …"),
    "enroll": Step("A second factor for", ("code",), "Add it", "Looking at the code …"),
    "new": Step("A new password for", ("new_password",), "Set it and sign in", "Setting the password …"),
}
