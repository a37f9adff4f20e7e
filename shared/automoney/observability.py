"""The one logger.  JSON lines with the invocation's ids; no token, key or payload ever in one."""

from aws_lambda_powertools import Logger

logger = Logger(service="automoney", use_rfc3339=True, utc=True)
