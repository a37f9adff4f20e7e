"""Fixtures that give tests real services: one Postgres, Valkey and AWS stand-in a session.

They start when the first test asks for one.  Tests share them: take `database_url` for a database
of your own, and names of your own (a key prefix, a table item) in Valkey and AWS.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from infra.local.services import Services, State, start_services


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """All of them; the name is for tests that want DynamoDB, SQS or SNS."""
    with start_services(State(tmp_path_factory.mktemp("services") / "state")) as services:
        yield services


@pytest.fixture(scope="session")
def postgres_url(aws: Services) -> str:
    """A database that all tests share: use it to make others."""
    return aws.database_url


@pytest.fixture(scope="session")
def redis_url(aws: Services) -> str:
    return aws.redis_url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """An empty database for this test alone."""
    with fresh_database(postgres_url) as url:
        yield url


@contextmanager
def fresh_database(postgres_url: str, template: str | None = None) -> Iterator[str]:
    """The URL of a new database on that server, dropped when the block ends.

    It begins as a copy of the database named `template`, which nobody may be connected to then.
    """
    name = f"test_{uuid.uuid4().hex[:12]}"
    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        create += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(create)
    try:
        yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(drop)
