"""Keep: Postgres is the truth, Redis the cache, DynamoDB leases and sockets; one noun a file."""
