"""What tells people that something is wrong: failing functions and messages that nobody took."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from automoney.manifest import Cron, Function
from infra.cdk.functions import FunctionsStack
from infra.cdk.storage import StorageStack

_SHORTEST: Final = timedelta(minutes=5)
_OFTEN: Final = timedelta(hours=1)
_A_DAY: Final = datetime(2025, 1, 1, tzinfo=UTC)  # any: only the gap between due times counts


class AlarmsStack(Stack):
    """Warnings go to the `alerts` topic, what is lost unless somebody acts to `critical`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        rows: Sequence[Function],
        functions: FunctionsStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, id, description="AutoMoney: alarms")
        for row in rows:
            self._failing(row, functions.functions[row.name], storage.alerts)
        for queue, dead in storage.dead_letters.items():
            alarm = cloudwatch.Alarm(
                self,
                f"{queue.value}-dead-letters",
                alarm_description=f"Messages of `{queue.value}` failed five times and lie aside",
                metric=dead.metric_approximate_number_of_messages_visible(
                    period=Duration.minutes(5), statistic="Maximum"
                ),
                threshold=0,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            alarm.add_alarm_action(actions.SnsAction(storage.critical))

    def _failing(self, row: Function, function: lambda_.Function, topic: sns.Topic) -> None:
        """Errors three times in a row; at once for what runs too rarely to wait for a third."""
        gap = _gap(row)
        often = gap <= _OFTEN
        alarm = cloudwatch.Alarm(
            self,
            f"{row.name}-failing",
            alarm_description=f"{row.name} keeps failing: {row.purpose}",
            metric=function.metric_errors(
                period=Duration.seconds(int(min(gap, _OFTEN).total_seconds())), statistic="Sum"
            ),
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=3 if often else 1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic))
        alarm.add_ok_action(actions.SnsAction(topic))


def _gap(row: Function) -> timedelta:
    """The time between two runs of the row's quickest schedule, at least five minutes."""
    gaps = []
    for trigger in row.triggers:
        if isinstance(trigger, Cron):
            first = trigger.schedule.next_after(_A_DAY)
            gaps.append(trigger.schedule.next_after(first) - first)
    return max(min(gaps, default=_SHORTEST), _SHORTEST)
