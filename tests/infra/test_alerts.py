"""Alerts as the local runtime gets to see them: published to the real topic, received over HTTP."""

import json
from queue import SimpleQueue

import pytest

from automoney.channels.alerts import SnsAlerts
from infra.local.alerts import Alert, Inbox, read
from infra.local.services import Services
from infra.local.services.aws import own_session


def test_each_alert_comes_once_with_its_severity(aws: Services) -> None:
    session = own_session(aws.aws_access_key, aws.aws_secret_key)
    sns = session.client("sns", endpoint_url=aws.aws_endpoint_url)
    topic = sns.create_topic(Name="alerts-to-be-seen")["TopicArn"]
    came: SimpleQueue[Alert] = SimpleQueue()
    with Inbox(came.put) as inbox:
        inbox.subscribe(sns, topic)
        alerts = SnsAlerts(sns, topic)
        alerts.warn("HODL-Wave was slow", "21 s")
        alerts.page("Redis cannot be reached", "TimeoutError.\n\nTwo lines.")

        found = [came.get(timeout=10) for _ in range(2)]
    assert found == [
        Alert("warning", "HODL-Wave was slow", "21 s"),
        Alert("critical", "Redis cannot be reached", "TimeoutError.\n\nTwo lines."),
    ]
    assert str(found[1]) == "CRITICAL: Redis cannot be reached"
    assert came.empty()


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_what_is_no_notification_is_no_alert(kind: str) -> None:
    assert read("warning", json.dumps({"Type": kind, "Message": "confirm"}).encode()) is None
