"""Who is asking: the token alone says it, so no route can be talked into another user's data."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from automoney.api.services import Here
from automoney.errors import Unauthorized
from automoney.identity import Identity

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A JSON Web Token")


async def identify(
    request: Request,
    services: Here,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Identity:
    """The caller, from `Authorization: Bearer TOKEN`; Unauthorized without a good one.

    Raises TooManyRequests for who has had his share; who has no good token is known by address.
    """
    now = services.clock()
    try:
        if credentials is None:
            raise Unauthorized("send the header Authorization: Bearer TOKEN")
        caller = services.verifier.verify(credentials.credentials, now=now)
    except Unauthorized:
        address = request.client.host if request.client else "unknown"
        services.limiter.admit(f"address:{address}", now=now)
        raise
    services.limiter.admit(f"user:{caller.user_id}", now=now)
    return caller


Caller = Annotated[Identity, Depends(identify)]
