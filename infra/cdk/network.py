"""The network: where functions that need the stores live, and who may talk to whom."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.cdk.installation import Installation, Nat
from infra.cdk.reviewed import accept

POSTGRES_PORT = 5432
VALKEY_PORT = 6379
CIDR = "10.0.0.0/16"
STORES = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
FUNCTIONS = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
_ENCRYPTED_ROOT = ec2.CfnInstance.BlockDeviceMappingProperty(
    device_name="/dev/xvda",
    ebs=ec2.CfnInstance.EbsProperty(encrypted=True, volume_type="gp3"),
)


class NetworkStack(Stack):
    """Two zones, each with a public, a private and an isolated subnet (no way out: the stores).

    S3 and DynamoDB are reached through gateway endpoints, which are free, unlike NAT traffic.
    """

    vpc: ec2.Vpc
    functions: ec2.SecurityGroup
    database: ec2.SecurityGroup
    cache: ec2.SecurityGroup

    def __init__(self, scope: Construct, id: str, *, installation: Installation) -> None:
        super().__init__(scope, id, description="AutoMoney: network")
        provider = _nat(installation.nat)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=2,
            nat_gateways=1 if installation.nat is Nat.INSTANCE else 2,
            nat_gateway_provider=provider,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name=name, subnet_type=kind, cidr_mask=22, map_public_ip_on_launch=public
                )
                for name, kind, public in (
                    ("public", ec2.SubnetType.PUBLIC, False),
                    ("functions", ec2.SubnetType.PRIVATE_WITH_EGRESS, None),
                    ("stores", ec2.SubnetType.PRIVATE_ISOLATED, None),
                )
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                ),
            },
        )
        self.vpc.add_flow_log(
            "Rejected",
            traffic_type=ec2.FlowLogTrafficType.REJECT,  # what was let through is only volume
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                logs.LogGroup(self, "RejectedLog", retention=logs.RetentionDays.ONE_MONTH)
            ),
        )
        if isinstance(provider, ec2.NatInstanceProviderV2):
            provider.connections.allow_from(
                ec2.Peer.ipv4(CIDR),
                ec2.Port.all_traffic(),
                "out through the NAT",
            )
            for instance in provider.gateway_instances:
                instance.instance.block_device_mappings = [_ENCRYPTED_ROOT]
                accept(instance, "AwsSolutions-EC28", "a NAT whose basic metrics are enough")
                accept(instance, "AwsSolutions-EC29", "a NAT holds nothing; it may be replaced")
        self.functions = self._group("Functions", "functions that need the stores", outbound=True)
        self.database = self._group("Database", "Postgres and its proxy")
        self.cache = self._group("Cache", "Valkey")
        for group, port in ((self.database, POSTGRES_PORT), (self.cache, VALKEY_PORT)):
            group.add_ingress_rule(self.functions, ec2.Port.tcp(port), "from the functions")
        if installation.scale.proxy:
            both_ways = ec2.Port.tcp(POSTGRES_PORT)
            self.database.add_ingress_rule(self.database, both_ways, "from the proxy")
            self.database.add_egress_rule(self.database, both_ways, "from the proxy")

    def _group(self, id: str, description: str, *, outbound: bool = False) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, id, vpc=self.vpc, description=description, allow_all_outbound=outbound
        )


def _nat(nat: Nat) -> ec2.NatProvider:
    if nat is Nat.GATEWAY:
        return ec2.NatProvider.gateway()
    return ec2.NatProvider.instance_v2(
        instance_type=ec2.InstanceType("t4g.nano"),
        default_allowed_traffic=ec2.NatTrafficDirection.OUTBOUND_ONLY,
    )
