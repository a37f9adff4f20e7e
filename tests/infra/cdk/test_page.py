"""The page's files: private, over TLS alone, beside the API, as strict as the local gateway."""

import json
from typing import Any

from infra.cdk.page import POLICY
from infra.local.gateway.pages import HEADERS
from tests.infra.cdk.conftest import Synthesised


def only(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (properties,) = found.values()
    return properties


def test_the_files_are_private_and_shown_by_one_distribution_alone(plain: Synthesised) -> None:
    bucket = only(plain.resources("page", "AWS::S3::Bucket"))
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    policy = json.dumps(only(plain.resources("page", "AWS::S3::BucketPolicy")))
    assert '"aws:SecureTransport": "false"' in policy
    assert "cloudfront.amazonaws.com" in policy
    assert '"AWS:SourceArn"' in policy


def test_page_and_api_have_one_name_and_only_the_page_is_cached(plain: Synthesised) -> None:
    config = only(plain.resources("page", "AWS::CloudFront::Distribution"))["DistributionConfig"]
    page, (api,) = config["DefaultCacheBehavior"], config["CacheBehaviors"]
    assert config["DefaultRootObject"] == "index.html"
    assert api["PathPattern"] == "/api/*"
    assert "POST" in api["AllowedMethods"]
    assert api["CachePolicyId"] != page["CachePolicyId"]
    assert {one["ViewerProtocolPolicy"] for one in (page, api)} == {"redirect-to-https"}
    assert page["Compress"] is True


def test_the_policy_is_as_strict_as_on_the_local_runtime(plain: Synthesised) -> None:
    found = only(plain.resources("page", "AWS::CloudFront::ResponseHeadersPolicy"))
    headers = found["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["ContentSecurityPolicy"]["ContentSecurityPolicy"] == POLICY
    assert "unsafe" not in POLICY
    assert POLICY.replace("wss:", "ws: wss:") == HEADERS["Content-Security-Policy"]
    assert headers["FrameOptions"]["FrameOption"] == "DENY"


def test_the_files_are_shipped_and_what_was_cached_of_them_is_dropped(plain: Synthesised) -> None:
    shipped = only(plain.resources("page", "Custom::CDKBucketDeployment"))
    assert shipped["DistributionPaths"] == ["/*"]
    assert shipped["SystemMetadata"] == {"cache-control": "no-cache"}
    assert shipped["Prune"] is True
