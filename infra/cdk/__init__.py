"""The manifest as AWS resources: `python -m infra.cdk.app` writes the templates to `cdk.out/`.

Six stacks, each of which only looks at those before it:

    network     VPC in two zones, a NAT, gateway endpoints, security groups
    storage     Postgres, Valkey, DynamoDB tables, queues with dead letters, topics, secrets
    websocket   the WebSocket API, its stage and its `ping` route, which costs no function call
    rest        the HTTP API and its stage
    functions   a Lambda a row of `automoney.manifest.FUNCTIONS`, with its grants and triggers
    alarms      what wakes somebody up

Crons, timeouts, memory, tables and queues are read from the manifest and named nowhere else.
What may differ between two installations is in `cdk.json` under `automoney:`, and
`-c automoney:KEY=VALUE` on the CDK command line overrides it: see `installation`.
"""
