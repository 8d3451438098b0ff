"""The local sign-in answers what a real Supabase Auth server answered, request by request.

The recorded exchange is read from ``auth-contract/transcripts.json`` in the directory that ``HELPDESK_SHARED`` names,
or in ``shared`` beside the repository.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pyotp
import pytest

from helpdesk_tui.local.sign_in.transport import ISSUER, LocalSignIn
from tests.parts import REPOSITORY
from tests.world import DeskDatabase

SHARED = Path(os.environ.get("HELPDESK_SHARED", REPOSITORY.parent / "shared"))
FILE = SHARED / "auth-contract" / "transcripts.json"
TRANSCRIPTS: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.exists() else []
NAMES = [transcript["name"] for transcript in TRANSCRIPTS]

ISSUER_OF_THE_RECORDING = "https://project.example/auth/v1"
OLD_CLIENTS_TOKEN = "not a refresh token"

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PLACEHOLDERS: dict[str, Callable[[Any], bool]] = {
    "<uuid>": lambda value: bool(_UUID.fullmatch(value)),
    "<jwt>": lambda value: value.count(".") == 2,
    "<timestamp>": lambda value: value.endswith("Z") and datetime.fromisoformat(value) is not None,
    "<unix time>": lambda value: isinstance(value, int) and value > 1_700_000_000,
    "<refresh token>": lambda value: bool(re.fullmatch(r"[a-z0-9]{12}", value)),
    "<64 hex digits>": lambda value: bool(re.fullmatch(r"[0-9a-f]{64}", value)),
    "<qr_code>": lambda value: value.startswith("<svg"),
    "<secret>": lambda value: bool(re.fullmatch(r"[A-Z2-7]{32}", value)),
    "<uri>": lambda value: value.startswith("otpauth://totp/"),
    "<x>": lambda value: len(value) == 43,
    "<y>": lambda value: len(value) == 43,
}


class Replay:
    """Sends the recorded requests with this run's tokens and ids in the places of the recorded ones."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.access_token = ""
        self.refresh_tokens: list[str] = []
        self.factor: dict[str, Any] = {}
        self.challenge = ""

    async def send(self, name: str, request: dict[str, Any]) -> httpx.Response:
        headers = {"X-Supabase-Api-Version": "2024-01-01", **request.get("headers", {})}
        if "<jwt>" in headers.get("Authorization", ""):
            headers["Authorization"] = f"Bearer {self.access_token}"
        body = dict(request.get("body") or {})
        if "refresh_token" in body:
            body["refresh_token"] = self._refresh_token(name)
        if "challenge_id" in body:
            body["challenge_id"] = self.challenge
        if name == "verify totp":
            body["code"] = pyotp.TOTP(self.factor["totp"]["secret"]).now()
        path = request["path"].replace("<uuid>", self.factor.get("id", ""))
        response = await self.client.request(
            request["method"], path, headers=headers, json=body if "body" in request else None
        )
        self._remember(name, response)
        return response

    def _refresh_token(self, name: str) -> str:
        if name == "refresh, unknown token":
            return OLD_CLIENTS_TOKEN
        return self.refresh_tokens[-2 if "parent" in name else -1]

    def _remember(self, name: str, response: httpx.Response) -> None:
        if response.is_error or not response.content:
            return
        answer = response.json()
        if "access_token" in answer:
            self.access_token = answer["access_token"]
            self.refresh_tokens.append(answer["refresh_token"])
        if name == "enroll totp":
            self.factor = answer
        if name == "challenge totp":
            self.challenge = answer["id"]


@pytest.fixture(scope="module")
def answers(module_database: DeskDatabase, tmp_path_factory: pytest.TempPathFactory) -> dict[str, httpx.Response]:
    """The answer to each recorded request, sent in the recorded order."""
    transport = LocalSignIn(module_database.owner_dsn, tmp_path_factory.mktemp("sign-in"))

    async def replay() -> dict[str, httpx.Response]:
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER.removesuffix("/auth/v1")) as client:
            sender = Replay(client)
            return {each["name"]: await sender.send(each["name"], each["request"]) for each in TRANSCRIPTS}

    return asyncio.run(replay())


def same(recorded: Any, answered: Any, where: str = "body") -> None:
    """Asserts equality, place by place, where a placeholder equals anything of its kind."""
    if isinstance(recorded, str) and recorded in PLACEHOLDERS:
        assert PLACEHOLDERS[recorded](answered), f"{where}: {answered!r} is no {recorded}"
    elif isinstance(recorded, dict):
        assert isinstance(answered, dict), where
        assert sorted(answered) == sorted(recorded), where
        for name, value in recorded.items():
            same(value, answered[name], f"{where}.{name}")
    elif isinstance(recorded, list):
        assert isinstance(answered, list), where
        assert len(answered) == len(recorded), where
        for index, value in enumerate(recorded):
            same(value, answered[index], f"{where}[{index}]")
    else:
        assert answered == (ISSUER if recorded == ISSUER_OF_THE_RECORDING else recorded), where


@pytest.mark.skipif(not TRANSCRIPTS, reason=f"{FILE} is not here")
@pytest.mark.parametrize("name", NAMES)
def test_local_sign_in_answers_as_the_recorded_server(name: str, answers: dict[str, httpx.Response]) -> None:
    transcript = TRANSCRIPTS[NAMES.index(name)]
    recorded, answer = transcript["response"], answers[name]
    assert answer.status_code == recorded["status"], answer.text
    told = {"content-type", "cache-control", "x-sb-error-code", "x-supabase-api-version"}
    assert {name: value for name, value in answer.headers.items() if name in told} == recorded["headers"]
    same(recorded["body"], answer.json() if answer.content else None)
    if "access_token" in transcript:
        token = answer.json()["access_token"]
        same(transcript["access_token"]["header"], jwt.get_unverified_header(token), "header")
        same(transcript["access_token"]["claims"], jwt.decode(token, options={"verify_signature": False}), "claims")


@pytest.mark.skipif(not TRANSCRIPTS, reason=f"{FILE} is not here")
def test_parent_refresh_token_answers_the_same_child(answers: dict[str, httpx.Response]) -> None:
    child = answers["refresh"].json()["refresh_token"]
    assert answers["refresh with the parent token inside the reuse interval"].json()["refresh_token"] == child


@pytest.mark.skipif(not TRANSCRIPTS, reason=f"{FILE} is not here")
def test_published_key_verifies_the_access_tokens(answers: dict[str, httpx.Response]) -> None:
    key = jwt.PyJWK(answers["jwks"].json()["keys"][0])
    claims = jwt.decode(answers["password"].json()["access_token"], key, audience="authenticated", issuer=ISSUER)
    assert claims["email"] == "carol@example.com"
