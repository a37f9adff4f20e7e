"""The web page: its files in a private bucket, shown by CloudFront beside the REST API.

One name for both, so the page needs no CORS: `/api/*` goes to the HTTP API uncached, everything
else is a file.  The WebSocket API keeps its own name, which its tickets tell; that it accepts the
page's origin is `allowedOrigins` in cdk.json.
"""

from pathlib import Path
from typing import Final

from aws_cdk import CfnElement, CfnOutput, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from infra.cdk.installation import Installation
from infra.cdk.rest import RestStack
from infra.cdk.reviewed import accept

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# What CDK's function may do with the two buckets, each followed by a star.
_SHIPPING: Final = ("GetBucket", "GetObject", "List", "Abort", "DeleteObject")


class PageStack(Stack):
    """The page at `url`."""

    url: str

    def __init__(
        self, scope: Construct, id: str, *, installation: Installation, rest: RestStack, files: Path
    ) -> None:
        super().__init__(scope, id, description="AutoMoney: web page")
        self._protect = installation.protect
        bucket = self._bucket()
        page = origins.S3BucketOrigin.with_origin_access_control(bucket)
        api = origins.HttpOrigin(Fn.select(2, Fn.split("/", rest.url)))
        https = cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{installation.name}: page and REST API",
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=page,
                viewer_protocol_policy=https,
                response_headers_policy=self._headers(installation),
                compress=True,
            ),
            additional_behaviors={
                "/api/*": cloudfront.BehaviorOptions(
                    origin=api,
                    viewer_protocol_policy=https,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                )
            },
        )
        self._reviewed(distribution)
        self._ship(bucket, distribution, files)
        self.url = f"https://{distribution.distribution_domain_name}"
        CfnOutput(self, "PageUrl", value=self.url)

    def _bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN if self._protect else RemovalPolicy.DESTROY,
        )
        accept(
            bucket, "AwsSolutions-S1", "public files of the page; who asks for them asks CloudFront"
        )
        return bucket

    def _headers(self, installation: Installation) -> cloudfront.ResponseHeadersPolicy:
        """As the local gateway's pages.py sends them, but that every visit asks what is new."""
        frames = cloudfront.ResponseHeadersFrameOptions(
            frame_option=cloudfront.HeadersFrameOption.DENY, override=True
        )
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"{installation.name}-page",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=POLICY, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=frames,
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365),
                    include_subdomains=True,
                    override=True,
                ),
            ),
        )

    def _ship(self, bucket: s3.Bucket, distribution: cloudfront.Distribution, files: Path) -> None:
        deployment.BucketDeployment(
            self,
            "Ship",
            sources=[deployment.Source.asset(str(files))],
            destination_bucket=bucket,
            distribution=distribution,
            distribution_paths=["/*"],
            cache_control=[deployment.CacheControl.from_string("no-cache")],
        )
        shipper = "CDK's own function, which runs while a stack is deployed and at no other time"
        assets = "arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>"
        for found in (
            "L1",
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AWSLambdaBasicExecutionRole]",
            *(f"IAM5[Action::s3:{action}*]" for action in _SHIPPING),
            f"IAM5[Resource::{assets}/*]",
            f"IAM5[Resource::<{self.get_logical_id(_element(bucket))}.Arn>/*]",
            "IAM5[Resource::*]",
        ):
            accept(self, f"AwsSolutions-{found}", shipper)

    @staticmethod
    def _reviewed(distribution: cloudfront.Distribution) -> None:
        accept(distribution, "AwsSolutions-CFR1", "paper money and public prices, for everywhere")
        accept(
            distribution,
            "AwsSolutions-CFR2",
            "files alone are served without a token; the API has limits of its own",
        )
        accept(
            distribution,
            "AwsSolutions-CFR3",
            "the API logs each call; visits to public files are nobody's business",
        )
        accept(
            distribution,
            "AwsSolutions-CFR4",
            "TLS 1.2 at least takes a certificate for a name that the installation owns",
        )


def _element(bucket: s3.Bucket) -> CfnElement:
    element = bucket.node.default_child
    if not isinstance(element, CfnElement):
        raise AssertionError("a bucket without a CloudFormation bucket")
    return element
