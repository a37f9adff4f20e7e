"""What is kept, handed on and said: database, cache, tables, queues, topics and secrets."""

import json
from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from automoney.manifest import SHAPES, Consume, Function, Queue, Table
from automoney.sources.table import SOURCES
from infra.cdk.installation import Installation
from infra.cdk.network import POSTGRES_PORT, STORES, VALKEY_PORT, NetworkStack
from infra.cdk.reviewed import accept

DATABASE_NAME = "automoney"
# As wiring reads them; filled in by hand after deploying.
KEYS: Final = tuple(source.name for source in SOURCES if source.keyed)
CACHE_PASSWORD: Final = "token"  # noqa: S105  the field of the secret, not what is in it


class StorageStack(Stack):
    """The stores, made for `rows`: a queue waits for as long as its consumer may need."""

    database_host: str
    database_secret: secretsmanager.ISecret
    cache_url: str
    cache_secret: secretsmanager.Secret
    keys_secret: secretsmanager.Secret
    tables: dict[Table, dynamodb.TableV2]
    queues: dict[Queue, sqs.Queue]
    dead_letters: dict[Queue, sqs.Queue]
    alerts: sns.Topic
    critical: sns.Topic

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        installation: Installation,
        network: NetworkStack,
        rows: Sequence[Function],
    ) -> None:
        super().__init__(scope, id, description="AutoMoney: storage")
        self._installation = installation
        self._network = network
        self._kept = RemovalPolicy.RETAIN if installation.protect else RemovalPolicy.DESTROY
        self.database_host, self.database_secret = self._database()
        self.cache_url, self.cache_secret = self._cache()
        self.keys_secret = self._keys()
        self.tables = {table: self._table(table) for table in Table}
        self.queues, self.dead_letters = {}, {}
        for queue in Queue:
            self._queue(queue, rows)
        self.alerts, self.critical = self._topics()

    def _database(self) -> tuple[str, secretsmanager.ISecret]:
        """The host to connect to (the proxy's, if there is one) and the secret with the login."""
        scale, protect = self._installation.scale, self._installation.protect
        # As it is: a proxy would add rules with our port to it, and so to the stack below.
        group = ec2.SecurityGroup.from_security_group_id(
            self, "DatabaseGroup", self._network.database.security_group_id, mutable=False
        )
        instance = rds.DatabaseInstance(
            self,
            "Database",
            engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18_3),
            instance_type=ec2.InstanceType(scale.database),
            vpc=self._network.vpc,
            vpc_subnets=STORES,
            security_groups=[group],
            publicly_accessible=False,
            multi_az=scale.standby,
            credentials=rds.Credentials.from_generated_secret("automoney"),
            database_name=DATABASE_NAME,
            port=POSTGRES_PORT,
            parameters={"rds.force_ssl": "1", "shared_preload_libraries": "pg_stat_statements"},
            storage_type=rds.StorageType.GP3,
            allocated_storage=20,
            max_allocated_storage=100,
            storage_encrypted=True,
            backup_retention=Duration.days(7),
            copy_tags_to_snapshot=True,
            deletion_protection=protect,
            removal_policy=RemovalPolicy.SNAPSHOT if protect else RemovalPolicy.DESTROY,
        )
        secret = instance.secret
        if secret is None:  # only without generated credentials, which are asked for above
            raise AssertionError("the database has no secret")
        accept(
            instance,
            "AwsSolutions-RDS11",
            "only the functions' security group gets there; another port would hide nothing",
        )
        if not scale.standby:
            accept(
                instance,
                "AwsSolutions-RDS3",
                "a small installation restores from a backup of the last five minutes instead of"
                " paying for a standby",
            )
        if not protect:
            accept(instance, "AwsSolutions-RDS10", "an installation to try out, made to be deleted")
        accept(
            instance,
            "AwsSolutions-SMG4",
            "rotation would be a function outside the manifest, and running functions hold"
            " connections opened with the old password; operators rotate it, then redeploy",
        )
        if not scale.proxy:
            return instance.db_instance_endpoint_address, secret
        proxy = rds.DatabaseProxy(
            self,
            "DatabaseProxy",
            proxy_target=rds.ProxyTarget.from_instance(instance),
            secrets=[secret],
            vpc=self._network.vpc,
            vpc_subnets=STORES,
            security_groups=[group],
            require_tls=True,
        )
        return proxy.endpoint, secret

    def _cache(self) -> tuple[str, secretsmanager.Secret]:
        """The URL without its password, and the secret with the password."""
        password = secretsmanager.Secret(
            self,
            "CachePassword",
            description="The password of the cache",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({}),
                generate_string_key=CACHE_PASSWORD,
                exclude_punctuation=True,
                password_length=64,
            ),
        )
        accept(
            password,
            "AwsSolutions-SMG4",
            "the cache's password is set when it is made; a new one means a new cache, and losing"
            " the cache costs time, not data",
        )
        subnets = elasticache.CfnSubnetGroup(
            self,
            "CacheSubnets",
            description="Where the cache may be",
            subnet_ids=self._network.vpc.select_subnets(subnet_type=STORES.subnet_type).subnet_ids,
        )
        cache = elasticache.CfnReplicationGroup(
            self,
            "Cache",
            replication_group_description="AutoMoney's cache",
            engine="valkey",
            engine_version="8.0",
            cache_node_type=self._installation.scale.cache,
            num_node_groups=1,
            replicas_per_node_group=0,
            automatic_failover_enabled=False,
            snapshot_retention_limit=0,  # its content can always be made again
            port=VALKEY_PORT,
            cache_subnet_group_name=subnets.ref,
            security_group_ids=[self._network.cache.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            # A reference that CloudFormation resolves while it deploys: not the password itself.
            auth_token=password.secret_value_from_json(CACHE_PASSWORD).unsafe_unwrap(),
        )
        accept(cache, "AwsSolutions-AEC4", "losing the cache costs time, never data")
        accept(
            cache,
            "AwsSolutions-AEC5",
            "only the functions' security group gets there; another port would hide nothing",
        )
        host, port = cache.attr_primary_end_point_address, cache.attr_primary_end_point_port
        return f"rediss://{host}:{port}", password

    def _keys(self) -> secretsmanager.Secret:
        """The outside APIs' keys, all empty at first: then the keyless sources are used.

        A generated secret must generate something, and so it has a field that nobody reads.
        """
        secret = secretsmanager.Secret(
            self,
            "Keys",
            description="Keys of outside APIs; fill in those that you have",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps(dict.fromkeys(KEYS, "")),
                generate_string_key="unused",
            ),
        )
        accept(secret, "AwsSolutions-SMG4", "others hand these keys out; we cannot rotate them")
        return secret

    def _table(self, table: Table) -> dynamodb.TableV2:
        shape = SHAPES[table]
        return dynamodb.TableV2(
            self,
            f"{table.value.capitalize()}Table",
            table_name=f"{self._installation.name}-{table.value}",
            partition_key=_text(shape.key),
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(index_name=name, partition_key=_text(key))
                for name, key in ([shape.index] if shape.index else [])
            ],
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.dynamo_owned_key(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires" if shape.expiring else None,
            deletion_protection=self._installation.protect,
            removal_policy=self._kept,
        )

    def _queue(self, queue: Queue, rows: Sequence[Function]) -> None:
        """A queue with its dead letters.  AWS asks for six times the consumer's time limit."""
        name = f"{self._installation.name}-{queue.value}"
        limits = [row.timeout for row in rows if any(_takes(t, queue) for t in row.triggers)]
        dead = self.dead_letters[queue] = sqs.Queue(
            self,
            f"{queue.value.capitalize()}DeadLetters",
            queue_name=f"{name}-dead-letters",
            retention_period=Duration.days(14),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        self.queues[queue] = sqs.Queue(
            self,
            f"{queue.value.capitalize()}Queue",
            queue_name=name,
            visibility_timeout=Duration.seconds(6 * max(limits, default=5)),
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=5),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )

    def _topics(self) -> tuple[sns.Topic, sns.Topic]:
        """`alerts` is for everything, `critical` for what must wake somebody up.

        Functions know `alerts` alone and mark what they say with `severity`, so the pager hears
        all of `critical` (CloudWatch's alarms cannot mark anything) and, by filter, the rest.
        """
        alerts, critical = (
            sns.Topic(
                self,
                f"{level.capitalize()}Topic",
                topic_name=f"{self._installation.name}-{level}",
                enforce_ssl=True,
            )
            for level in ("alerts", "critical")
        )
        if self._installation.alarm_email:
            for topic in (alerts, critical):
                topic.add_subscription(
                    subscriptions.EmailSubscription(self._installation.alarm_email)
                )
        if self._installation.pager_url:
            pager = self._installation.pager_url
            critical.add_subscription(subscriptions.UrlSubscription(pager))
            grave = sns.SubscriptionFilter.string_filter(allowlist=["critical"])
            alerts.add_subscription(
                subscriptions.UrlSubscription(pager, filter_policy={"severity": grave})
            )
        return alerts, critical


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _takes(trigger: object, queue: Queue) -> bool:
    return isinstance(trigger, Consume) and trigger.queue is queue
