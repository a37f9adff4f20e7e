"""Telling the people who run this: a topic that pagers and chats subscribe to, or the log."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from automoney.errors import SourceUnavailable
from automoney.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_LONGEST_SUBJECT = 100  # SNS: below 100 characters, printable ASCII, on one line


@dataclass(frozen=True, slots=True)
class SnsAlerts:
    """Meets ports.Alerts.  Subscribers filter by the message attribute `severity`."""

    client: "SNSClient"
    topic_arn: str

    def warn(self, subject: str, detail: str) -> None:
        """Something is worth a look today.  Raises SourceUnavailable if SNS does not take it."""
        self._publish("warning", subject, detail)

    def page(self, subject: str, detail: str) -> None:
        """Somebody has to get up.  Raises SourceUnavailable if SNS does not take it."""
        self._publish("critical", subject, detail)

    def _publish(self, severity: str, subject: str, detail: str) -> None:
        try:
            self.client.publish(
                TopicArn=self.topic_arn,
                Subject=_subject(subject),
                Message=f"{subject}\n\n{detail}",
                MessageAttributes={"severity": {"DataType": "String", "StringValue": severity}},
            )
        except (ClientError, BotoCoreError) as error:
            # the log is then the only place where it can still be read
            logger.critical(
                "alert not sent", extra={"severity": severity, "subject": subject, "detail": detail}
            )
            raise SourceUnavailable("alerts topic", str(error)) from error


class LogAlerts:
    """Meets ports.Alerts where no topic is set up: the log is read by whoever runs it."""

    def warn(self, subject: str, detail: str) -> None:
        logger.warning(subject, extra={"severity": "warning", "detail": detail})

    def page(self, subject: str, detail: str) -> None:
        logger.critical(subject, extra={"severity": "critical", "detail": detail})


def _subject(text: str) -> str:
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in " ".join(text.split()))
    return plain[: _LONGEST_SUBJECT - 1] or "AutoMoney"
