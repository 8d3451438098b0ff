"""Passwords, kept as scrypt hashes in the PHC string format: ``$scrypt$ln=14,r=8,p=1$SALT$HASH``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re

_LOG_N, _R, _P = 14, 8, 1
_FORMAT = re.compile(r"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)")


def hash_password(password: str) -> str:
    """A new salted hash; takes some 40 ms, on purpose."""
    salt = os.urandom(16)
    digest = _scrypt(password, salt, _LOG_N, _R, _P)
    return f"$scrypt$ln={_LOG_N},r={_R},p={_P}${_encode(salt)}${_encode(digest)}"


def is_password(password: str, hashed: str | None) -> bool:
    """Whether the hash is this password's. An account without a password (None, empty) has none that fits."""
    parts = _FORMAT.fullmatch(hashed or "")
    if parts is None:
        return False
    log_n, r, p = (int(number) for number in parts.groups()[:3])
    return hmac.compare_digest(_scrypt(password, _decode(parts[4]), log_n, r, p), _decode(parts[5]))


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    memory = 256 * r * (1 << log_n)
    return hashlib.scrypt(password.encode(errors="surrogatepass"), salt=salt, n=1 << log_n, r=r, p=p, maxmem=memory)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
