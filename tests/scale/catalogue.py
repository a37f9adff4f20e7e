"""What the tables and indexes of the grown database are, partitions under their parent's name."""

from dataclasses import dataclass

import psycopg

_TABLES = """
SELECT relname, pg_partition_root(oid)::regclass::text, reltuples FROM pg_class
WHERE relkind = 'r' AND relispartition AND relnamespace = 'public'::regnamespace
UNION ALL
SELECT relname, relname, reltuples FROM pg_class
WHERE relkind = 'r' AND NOT relispartition AND relnamespace = 'public'::regnamespace
"""
_INDEXES = """
SELECT index.relname, coalesce(pg_partition_root(index.oid)::regclass::text, index.relname),
       coalesce(pg_partition_root(indrelid)::regclass::text, indrelid::regclass::text)
FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
WHERE index.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`table_of` a table or partition, `index_of` an index or a partition's; rows of each."""

    table_of: dict[str, str]
    rows: dict[str, float]
    index_of: dict[str, str]
    indexed: dict[str, str]  # index or partition's index -> table

    @classmethod
    def read(cls, url: str) -> "Catalogue":
        with psycopg.connect(url) as connection:
            tables = connection.execute(_TABLES).fetchall()
            indexes = connection.execute(_INDEXES).fetchall()
        return cls(
            {name: table for name, table, _ in tables},
            {name: rows for name, _, rows in tables},
            {name: index for name, index, _ in indexes},
            {name: table for name, _, table in indexes},
        )
