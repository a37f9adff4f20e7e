"""The wire formats: one module per API, each a pure function of data, request and moment."""
