"""API Gateway's and Lambda's limits.

Source: AWS, "Amazon API Gateway quotas" and "Lambda quotas".
"""

from dataclasses import dataclass
from datetime import timedelta

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes.  The last three are not AWS's: it documents that a socket's buffer can be
    full, but not when.
    """

    http_request: int = 10 * 1024 * KIB
    function_payload: int = 6 * 1024 * KIB
    socket_message: int = 128 * KIB
    socket_idle: timedelta = timedelta(minutes=10)
    socket_total: timedelta = timedelta(hours=2)

    queued_frames: int = 1000
    queued_bytes: int = 4 * 1024 * KIB
    stalled: timedelta = timedelta(seconds=10)  # one frame may take so long to leave
