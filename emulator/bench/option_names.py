"""The names of the options: pytest reads them at every start, so that nothing else is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HELP: Final[Mapping[str, str]] = {
    "region": "The region of the test: us-east-1 unless it is set.",
    "account": "The account of the test, twelve digits; another one for each test unless it is set.",
    "starts": "When the clock begins: 2026-03-01T09:00:00Z, or seconds since 1970.",
    "clock": "How time passes: virtual (the default), manual or wall.",
    "quotas": "Quotas that are not AWS's own: history_events=100.",
    "functions": "A folder of Lambda functions.",
    "functions_cluster": "The Dask cluster on whose workers functions run: tcp://HOST:PORT.",
    "wording": "Which generation of AWS's wording DynamoDB refuses requests in: mixed, classic, 2026-05 or new.",
    "delays": "How long DynamoDB takes to change tables and indexes: none (the default) or lifelike.",
    "throttling": "Whether provisioned DynamoDB tables refuse what exceeds their capacity: off (the default) or on.",
    "iam": "Whether IAM is asked: off (the default), warn or enforce.",
    "seed": "A whole number: with another one, the ids that are made up are others.",
    "let_through": "Names of hosts that are called after all, such as localhost.",
}
"""Every option, with what pytest says of it."""
