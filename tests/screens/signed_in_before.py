"""A helpdesk set up on a machine, and a sign-in kept from an earlier run, for programs that tests start."""

from __future__ import annotations

import base64
import json
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from helpdesk_tui.core.settings import Settings
from helpdesk_tui.core.tokens import FileStore
from tests.screens.opened import Team


def set_up(team: Team, folder: Path) -> Path:
    """The settings file of the team's helpdesk; the agent is signed in where HELPDESK_STATE_DIR is ``folder``/state."""
    settings = replace(team.database.settings, auth_url="https://desk.test/auth/v1")
    config = folder / "config.toml"
    config.write_text(
        textwrap.dedent(
            f"""
            default_profile = "{settings.profile}"
            [profile.{settings.profile}]
            auth_url = "{settings.auth_url}"
            api_key = "test"
            db_host = "{settings.db_host}"
            db_port = {settings.db_port}
            db_name = "{settings.db_name}"
            sslmode = "disable"
            token_store = "file"
            """
        )
    )
    keep(settings, team, folder / "state")
    return config


def token(claims: dict[str, Any]) -> str:
    """An access token as the client reads it: it leaves looking at the signature to the server."""
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".-"


def keep(settings: Settings, team: Team, state: Path) -> None:
    """A sign-in that is kept from an earlier run, good for an hour."""
    agent = team.agent
    expires = time.time() + 3600
    claims = agent.claims | {
        "sub": str(agent.id),
        "email": agent.email,
        "session_id": str(agent.session_id),
        "helpdesk_key": agent.db_password,
        "iat": time.time(),
        "exp": expires,
    }
    FileStore(state / "sign-in", settings.profile).write(
        {
            "v": 1,
            "auth_url": settings.auth_endpoint,
            "access_token": token(claims),
            "refresh_token": "none",
            "expires_at": expires,
            "saved_at": time.time(),
        }
    )
