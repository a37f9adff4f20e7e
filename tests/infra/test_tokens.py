import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from automoney.errors import InvalidInput, Unauthorized
from automoney.identity import Identity, Verifier
from infra.local import tokens

NOON = datetime(2025, 11, 5, 12, 0, 0, 700_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


def verifier(folder: Path) -> Verifier:
    return Verifier(tokens.ISSUER, tokens.AUDIENCE, tokens.key_set(folder))


def test_a_minted_token_is_good_until_its_end_and_after_a_restart(tmp_path: Path) -> None:
    session = tokens.session(tmp_path, "ada", ["user", "ops"], now=NOON, ttl=HOUR)
    assert session.expires_at == NOON.replace(microsecond=0) + HOUR
    assert session.token not in repr(session)
    found = verifier(tmp_path).verify(session.token, now=session.expires_at - timedelta(seconds=1))
    assert found == Identity("ada", frozenset({"user", "ops"}))
    with pytest.raises(Unauthorized, match="expired"):
        verifier(tmp_path).verify(session.token, now=session.expires_at)


def test_two_folders_do_not_trust_each_other(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    token = tokens.mint(mine, "ada", ["user"], now=NOON, ttl=HOUR)
    with pytest.raises(Unauthorized):
        verifier(other).verify(token, now=NOON)


def test_the_key_is_for_its_owner_alone_and_public_only_in_part(tmp_path: Path) -> None:
    public = tokens.key_set(tmp_path)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert '"d"' not in public


def test_of_two_that_start_at_once_one_makes_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: tokens.key_set(tmp_path), range(16)))
    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("user", ["", "a b", "ada\n", "x" * 129, "../ada", "<b>"])
def test_what_is_no_user_id_gets_no_token(tmp_path: Path, user: str) -> None:
    with pytest.raises(InvalidInput, match="user"):
        tokens.mint(tmp_path, user, ["user"], now=NOON, ttl=HOUR)
