"""The key that signs access tokens: ES256, made once for a desk, kept beside its data, for its owner's eyes only."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from helpdesk_tui.local.sign_in.errors import ApiError

ALGORITHM = "ES256"


class SigningKey:
    """Signs claims and reads them back.

    Args:
        jwk: the private key as a JSON Web Key with a ``kid``.
    """

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        key = ECAlgorithm.from_jwk(dict(jwk))
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the signing key is not a private key")
        self.kid = str(jwk["kid"])
        self._private = key
        self._public = key.public_key()

    @classmethod
    def of(cls, file: Path) -> SigningKey:
        """The key in the file, which is made if it is not there. Several programs may do this at once."""
        if not file.exists():
            new = file.with_name(f".{file.name}.{uuid4().hex}")
            jwk = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                json.dump({"kid": str(uuid4()), "alg": ALGORITHM, **jwk}, out)
            try:
                # Unlike a rename, a link loses to whoever was first.
                os.link(new, file)
            except FileExistsError:
                pass
            finally:
                new.unlink()
        return cls(json.loads(file.read_text()))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """An access token."""
        return jwt.encode(dict(claims), self._private, algorithm=ALGORITHM, headers={"kid": self.kid})

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token that this key signed and that has not expired.

        Raises:
            ApiError: 403 ``bad_jwt``, saying what is wrong with it.
        """
        try:
            return jwt.decode(token, self._public, algorithms=[ALGORITHM], options={"verify_aud": False})
        except jwt.ExpiredSignatureError:
            raise _bad_jwt("token has invalid claims: token is expired") from None
        except jwt.InvalidSignatureError:
            raise _bad_jwt("token signature is invalid: crypto/ecdsa: verification error") from None
        except jwt.InvalidTokenError as error:
            raise _bad_jwt(f"token is malformed: {_malformed(token) or error}") from None

    def jwks(self) -> dict[str, Any]:
        """What ``/.well-known/jwks.json`` says: the public half."""
        public = ECAlgorithm.to_jwk(self._public, as_dict=True)
        return {"keys": [{"alg": ALGORITHM, "kid": self.kid, "key_ops": ["verify"], "use": "sig", **public}]}


def _bad_jwt(why: str) -> ApiError:
    message = f"invalid JWT: unable to parse or verify signature, {why}"
    return ApiError(403, "bad_jwt", message)


def _malformed(token: str) -> str | None:
    """What the server's JWT library says about a token that is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return "token contains an invalid number of segments"
    try:
        header = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))
    except ValueError:
        return "could not base64 decode header: illegal base64 data at input byte 0"
    try:
        json.loads(header)
    except ValueError:
        found = chr(header[0]) if header else ""
        return f"could not JSON decode header: invalid character '{found}' looking for beginning of value"
    return None
