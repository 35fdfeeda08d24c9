"""Pools: user pools of Cognito, which issue tokens on the emulator's clock."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Final

from emulator.moto_door.clock import now

_ISSUER: Final = re.compile(r"https://cognito-idp\.([\w-]+)\.amazonaws\.com/([\w-]+)")


def issuer_of(pool: str) -> str:
    """What tokens of a user pool, by its ARN, say that they are issued by."""
    region, name = pool.split(":")[3], pool.rpartition("/")[2]
    return f"https://cognito-idp.{region}.amazonaws.com/{name}"


def keys_of_pool(issuer: str, account: str) -> list[dict[str, Any]] | None:
    """The public keys of a user pool of an account; None if an issuer is none of Cognito's.

    A pool that is not there has none.
    """
    match = _ISSUER.fullmatch(issuer)
    if match is None:
        return None
    if "moto.cognitoidp.models" not in sys.modules:
        return []
    from moto.cognitoidp.models import cognitoidp_backends
    from moto.cognitoidp.responses import CognitoIdpJsonWebKeyResponse

    if match[2] not in cognitoidp_backends[account][match[1]].user_pools:
        return []
    keys: list[dict[str, Any]] = json.loads(CognitoIdpJsonWebKeyResponse.json_web_key)["keys"]
    return keys


def create_jwt(theirs: Any) -> Any:
    """Have a token hold from now on by the clock, which moto does not know; what it is given goes before its own."""

    def create_jwt(self: Any, *given: Any, expires_in: int = 3600, extra_data: Any = None, **named: Any) -> Any:
        begins = int(now(self.account_id))
        times = {"iat": begins, "auth_time": begins, "exp": begins + expires_in}
        return theirs(self, *given, expires_in=expires_in, extra_data={**times, **(extra_data or {})}, **named)

    return create_jwt
