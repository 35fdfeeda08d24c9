"""The names of the options: pytest reads them at every start, so that nothing else is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HELP: Final[Mapping[str, str]] = {
    "region": "The region of the test; the default is us-east-1.",
    "account": "The account of the test, twelve digits; by default each test has another account.",
    "starts": "When the clock begins: 2026-03-01T09:00:00Z, or seconds since 1970.",
    "clock": "How time passes: virtual (the default), manual or wall.",
    "quotas": "Quotas in place of AWS's own: history_events=100.",
    "functions": "A folder of Lambda functions.",
    "functions_cluster": "The Dask cluster on whose workers functions run: tcp://HOST:PORT.",
    "wording": "The generation of AWS's messages in DynamoDB's refusals: mixed (the default), classic, 2026-05 or new.",
    "delays": "How long DynamoDB takes to change tables and indexes: none (the default) or lifelike.",
    "throttling": "Whether provisioned DynamoDB tables refuse what exceeds their capacity: off (the default) or on.",
    "iam": "Whether IAM is asked: off (the default), warn or enforce.",
    "seed": "A whole number; another number gives other ids.",
    "let_through": "Hosts of endpoints that clients may really call, such as localhost.",
}
"""Every option, with what pytest says of it."""
