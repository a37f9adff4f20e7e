"""Who is asking: the token alone says it, so no route can be talked into another user's data."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from automoney.api.services import Here
from automoney.errors import Unauthorized
from automoney.identity import Identity

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A JSON Web Token")


async def identify(
    services: Here,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Identity:
    """The caller, from `Authorization: Bearer TOKEN`; Unauthorized without a good one."""
    if credentials is None:
        raise Unauthorized("send the header Authorization: Bearer TOKEN")
    return services.verifier.verify(credentials.credentials, now=services.clock())


Caller = Annotated[Identity, Depends(identify)]
