"""AWS's managed policies, which every account has: read once in a process, and copied for an account that asks.

moto reads some 1,600 documents whenever an account has its first request, whatever the service, and gives the policies
other ids each time. On AWS they have the same ids in every account.
"""

from __future__ import annotations

import copy
import json
from collections import UserDict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any


class _Policies(Sequence[Any]):
    """The managed policies as an account has them, made when somebody first looks."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    @property
    def _all(self) -> list[Any]:
        made: list[Any] | None = self.__dict__.get("made")
        if made is None:
            made = [_of_account(policy, self._account) for policy in _known(self._region)]
            made = self.__dict__.setdefault("made", made)  # another thread may have been first
        return made

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    def __add__(self, others: list[Any]) -> list[Any]:
        return self._all + others


class _ByARN(UserDict[str, Any]):
    """The managed policies by their ARNs; those that the account makes come beside them."""

    def __init__(self, policies: _Policies) -> None:
        self._policies = policies

    @property
    def data(self) -> dict[str, Any]:  # type: ignore[override]  # a value in UserDict
        made: dict[str, Any] | None = self.__dict__.get("made")
        if made is None:
            made = self.__dict__.setdefault("made", {policy.arn: policy for policy in self._policies})
        return made


@cache
def _known(region: str) -> list[Any]:
    """All of them, with ids that are the same in every process, and without touching where moto draws its other ids."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy
    from moto.moto_api._internal import mock_random

    documents = json.loads(aws_managed_policies_data)
    state = mock_random.getstate()
    mock_random.seed(0)
    try:
        return [AWSManagedPolicy.from_data(name, "aws", region, data) for name, data in documents.items()]
    finally:
        mock_random.setstate(state)


def _of_account(policy: Any, account: str) -> Any:
    own = copy.copy(policy)
    own.account_id, own.versions, own.tags = account, [*policy.versions], {}
    return own


def init_aws_policies(_theirs: Callable[..., Any]) -> Callable[..., Any]:
    """The managed policies of a backend."""
    return lambda backend: _Policies(backend.account_id, backend.region_name)


def init_managed_policies(_theirs: Callable[..., Any]) -> Callable[..., Any]:
    """The same by their ARNs."""
    return lambda backend: _ByARN(backend.aws_managed_policies)
