"""Findings of cdk-nag that were looked at and accepted, each with its reason, beside its cause."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, rule: str, reason: str) -> None:
    """Accept what `rule` (`AwsSolutions-IAM5[Resource::*]`, say) finds at `construct` or below."""
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
