"""POST JSON to an endpoint within a span of time, and say what became of it."""

from time import monotonic

import httpx

from automoney.answers import Answer
from automoney.llm.provider import ModelFailed

LARGEST_BODY = 4 * 2**20  # bytes, after decompression: far beyond any answer that is asked for
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "User-Agent": "automoney",
}


def http_client() -> httpx.Client:
    """Kept-alive connections, straight: no proxy or key from the environment, no redirect."""
    limits = httpx.Limits(
        max_connections=32,
        max_keepalive_connections=8,
        keepalive_expiry=4.0,  # seconds; below the 5 after which common servers hang up
    )
    return httpx.Client(trust_env=False, limits=limits)


def post_json(
    client: httpx.Client,
    provider: str,
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    seconds: float,
) -> Answer:
    """The whole answer, of whatever status.  Raises ModelFailed if there is none in time."""
    ends = monotonic() + seconds
    late = f"no whole answer within {seconds:.1f} s"
    got = bytearray()
    try:
        with client.stream(
            "POST", url, content=body, headers={**_HEADERS, **headers}, timeout=seconds
        ) as response:
            for part in response.iter_bytes():
                got += part
                if len(got) > LARGEST_BODY:
                    reason = f"sent more than {LARGEST_BODY // 2**20} MB"
                    raise ModelFailed(provider, reason, status=response.status_code, billed=True)
                if monotonic() > ends:  # a drip: each byte came in time
                    raise ModelFailed(provider, late, billed=True)
            return Answer(response.status_code, response.headers, bytes(got))
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise ModelFailed(provider, f"no connection within {seconds:.1f} s") from error
    except httpx.ConnectError as error:
        raise ModelFailed(provider, "cannot be reached") from error
    except httpx.TimeoutException as error:
        raise ModelFailed(provider, late, billed=True) from error
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL):
        # The client's own words quote what it refuses to send.
        raise ModelFailed(provider, "the request could not be sent") from None
    except httpx.TransportError as error:
        reason = f"broke the connection off ({type(error).__name__})"
        raise ModelFailed(provider, reason, billed=True) from error
    except httpx.DecodingError as error:
        raise ModelFailed(provider, "sent a body that does not unpack", billed=True) from error
