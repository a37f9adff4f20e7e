import io
import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.channels.alerts import LogAlerts, SnsAlerts
from automoney.errors import SourceUnavailable
from automoney.observability import logger
from infra.local.services import Services
from infra.local.services.aws import own_session

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What goes to the log, as JSON lines."""
    lines = io.StringIO()
    (handler,) = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(lines)
    yield lines
    handler.setStream(before)


class Topic:
    """A topic of this test's own, with a queue subscribed to it."""

    def __init__(self, services: Services) -> None:
        session = own_session(services.aws_access_key, services.aws_secret_key)
        name = f"alerts-{uuid4().hex[:8]}"
        self.sns: SNSClient = session.client("sns", endpoint_url=services.aws_endpoint_url)
        self._sqs: SQSClient = session.client("sqs", endpoint_url=services.aws_endpoint_url)
        self.arn = self.sns.create_topic(Name=name)["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["All"])
        self.sns.subscribe(
            TopicArn=self.arn, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"]
        )

    def received(self) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture(scope="module")
def topic(aws: Services) -> Topic:
    return Topic(aws)


def test_alerts_arrive_with_their_severity(topic: Topic) -> None:
    alerts = SnsAlerts(topic.sns, topic.arn)
    alerts.warn("Binance does not answer", "3 tries, last: timeout")
    alerts.page("所有 LLM down\n\n" + "x" * 200, "strategy paused")
    first, second = topic.received()
    assert first["Subject"] == "Binance does not answer"
    assert first["Message"] == "Binance does not answer\n\n3 tries, last: timeout"
    assert first["MessageAttributes"]["severity"] == {"Type": "String", "Value": "warning"}
    assert second["Subject"].startswith("?? LLM down xxx")
    assert "所有 LLM down" in second["Message"]
    assert second["MessageAttributes"]["severity"]["Value"] == "critical"


def test_an_alert_that_sns_does_not_take_is_in_the_log_and_raises(
    topic: Topic, log: io.StringIO
) -> None:
    with pytest.raises(SourceUnavailable, match="alerts topic"):
        SnsAlerts(topic.sns, f"{topic.arn}-gone").page("Redis is gone", "connection refused")
    line = json.loads(log.getvalue())
    assert (line["level"], line["subject"], line["detail"]) == (
        "CRITICAL",
        "Redis is gone",
        "connection refused",
    )


class Recording:
    """Takes what would be published."""

    def __init__(self) -> None:
        self.published: dict[str, Any] = {}

    def publish(self, **message: Any) -> None:
        self.published = message


@given(st.text())
def test_any_subject_is_one_that_sns_accepts(text: str) -> None:
    client = Recording()
    SnsAlerts(client, "arn").warn(text, "detail")  # type: ignore[arg-type]
    subject = client.published["Subject"]
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()


def test_without_a_topic_the_log_says_it(log: io.StringIO) -> None:
    alerts = LogAlerts()
    alerts.warn("Binance does not answer", "timeout")
    alerts.page("No model answers", "strategy paused")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["level"], line["message"], line["detail"]) for line in lines] == [
        ("WARNING", "Binance does not answer", "timeout"),
        ("CRITICAL", "No model answers", "strategy paused"),
    ]
