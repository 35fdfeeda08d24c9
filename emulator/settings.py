"""Settings: flags over environment over defaults, read once into one frozen value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from asl_interpreter.loop.clock import MODES, Mode
from asl_interpreter.quotas import AWS, Quotas

HIGHEST_PORT = 65535

Wording: TypeAlias = Literal["mixed", "classic", "2026-05", "new"]
"""In which of AWS's words DynamoDB refuses requests, by generation; see ``emulator.dynamodb.generations``."""
Delays: TypeAlias = Literal["none", "lifelike"]
"""How long DynamoDB takes to create, change and delete tables and indexes, on the clock."""


IAM: TypeAlias = Literal["off", "warn", "enforce"]
"""Whether IAM is asked: nobody asks, what it would refuse is logged, or it is refused."""
Durability: TypeAlias = Literal["process", "power"]
"""What a write that was answered survives, in a data folder."""
LogFormat: TypeAlias = Literal["text", "json"]
"""How the lines of a server's log are written."""


class InvalidSetting(ValueError):
    """A setting has a value that it cannot have. The message names the setting, the value and what is wanted."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set from outside.

    The variable of ``dynamodb_endpoint`` is DYNASTEP_DYNAMODB_ENDPOINT, its flag ``--dynamodb-endpoint``; so for all.

    The metadata of a field is what the command line says of it.
    """

    host: str = field(default="127.0.0.1", metadata={"help": "Address to listen on; 0.0.0.0 is every address."})
    port: int = field(default=4566, metadata={"help": "Port to listen on; 0 takes any free port."})
    websocket_port: int = field(
        default=0, metadata={"help": "Port of WebSocket APIs, opened with the first such API; 0 takes any free port."}
    )
    allowed_hosts: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Further host names to answer to: requests to these names, and web pages from them, are answered.",
            "metavar": "NAME[,NAME...]",
            "shown": "none",
        },
    )
    account: str = field(
        default="000000000000",
        metadata={"help": "Account of callers whose access key is not an account of twelve digits.", "metavar": "ID"},
    )
    clock: Mode = field(default="wall", metadata={"help": "How time passes.", "metavar": "|".join(MODES)})
    functions: Path | None = field(
        default=None,
        metadata={
            "help": "Lambda functions: a folder, or a template of SAM, CDK or CloudFormation.",
            "metavar": "DIR|FILE",
        },
    )
    function_url: Mapping[str, str] = field(
        default_factory=dict,
        metadata={
            "help": "Where a function runs that this server does not run; may be given several times.",
            "metavar": "NAME=URL",
            "several": True,
            "shown": "none",
        },
    )
    """URLs of functions that run elsewhere, by their names or patterns of them."""
    functions_cluster: str | None = field(
        default=None,
        metadata={"help": "Dask cluster on whose workers functions run.", "metavar": "tcp://HOST:PORT"},
    )
    dynamodb_endpoint: str | None = field(
        default=None,
        metadata={"help": "URL of another engine that answers all DynamoDB calls.", "metavar": "URL"},
    )
    dynamodb_wording: Wording = field(
        default="mixed",
        metadata={
            "help": "Which generation of AWS's wording DynamoDB refuses requests in.",
            "metavar": "|".join(get_args(Wording)),
        },
    )
    dynamodb_delays: Delays = field(
        default="none",
        metadata={
            "help": "How long DynamoDB takes to change tables and indexes.",
            "metavar": "|".join(get_args(Delays)),
        },
    )
    dynamodb_throttling: bool = field(
        default=False,
        metadata={
            "help": "Whether provisioned DynamoDB tables refuse what exceeds their capacity.",
            "metavar": "on|off",
            "shown": "off",
        },
    )
    iam: IAM = field(
        default="off",
        metadata={
            "help": "What happens to a call that IAM would not allow: nothing, a line of the log, or a refusal.",
            "metavar": "|".join(get_args(IAM)),
        },
    )
    mock_config: Path | None = field(
        default=None,
        metadata={"help": "MockConfigFile of Step Functions Local.", "metavar": "FILE", "also": "SFN_MOCK_CONFIG"},
    )

    init: Path | None = field(
        default=None,
        metadata={
            "help": "Folder of scripts and files (.sh, .py, .json) that make tables, machines and more at the start.",
            "metavar": "DIR",
        },
    )
    keep_executions: int = field(
        default=64 * 1024 * 1024,
        metadata={
            "help": "Memory for executions that have ended, and 16 times as much on disk; the oldest are dropped.",
            "metavar": "SIZE",
            "shown": "64MB",
        },
    )
    """In bytes."""
    data_dir: Path | None = field(
        default=None,
        metadata={
            "help": "Folder in which everything is kept, so that a restarted server goes on.",
            "metavar": "DIR",
            "shown": "none, all is in memory",
        },
    )
    durability: Durability = field(
        default="process",
        metadata={
            "help": "What an answered write survives: a killed process, or a loss of power, too.",
            "metavar": "|".join(get_args(Durability)),
        },
    )
    log_requests: bool = field(
        default=False,
        metadata={
            "help": "Whether the log has a line for each request and each execution that ends.",
            "metavar": "on|off",
            "shown": "off",
        },
    )
    log_format: LogFormat = field(
        default="text",
        metadata={"help": "Form of the log.", "metavar": "|".join(get_args(LogFormat))},
    )
    quotas: Quotas = field(
        default=AWS,
        metadata={
            "help": "Quotas that are not AWS's own.",
            "metavar": "NAME=VALUE[,NAME=VALUE...]",
            "shown": "AWS's",
        },
    )

    @classmethod
    def read(cls, environ: Mapping[str, str], flags: Mapping[str, str | None] | None = None) -> Settings:
        """Settings from flags and environment, both as text; a flag that is None was not given.

        Raises:
            InvalidSetting: a value is not one that its setting can have.
        """
        values: dict[str, Any] = {}
        for setting in fields(cls):
            flag = (flags or {}).get(setting.name)
            given = [(flag_of(setting.name), flag)] if flag is not None else []
            given += [(variable, environ[variable]) for variable in variables_of(setting) if environ.get(variable)]
            if given:
                values[setting.name] = _READERS[setting.name](*given[0])
        return cls(**values)


def flag_of(setting: str) -> str:
    """The command line's flag of a setting."""
    return f"--{setting.replace('_', '-')}"


def variable_of(setting: str) -> str:
    """The environment variable of a setting."""
    return f"DYNASTEP_{setting.upper()}"


def variables_of(setting: Field[Any]) -> list[str]:
    """The environment variables that a setting is read from: ours, and one that other emulators have for it."""
    return [variable_of(setting.name), *([setting.metadata["also"]] if "also" in setting.metadata else [])]


def _host(_source: str, text: str) -> str:
    return text


_HOSTS: Final = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""What ``allowed_hosts`` may be, each: see emulator/wire/hosts.py."""


def _account(source: str, text: str) -> str:
    if re.fullmatch(r"[0-9]{12}", text) is None:
        raise InvalidSetting(f"{source} must be an account: twelve digits, such as 123456789012, not {text!r}")
    return text


def _allowed_hosts(source: str, text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(","))
    for name in names:
        if _HOSTS.fullmatch(name) is None:
            raise InvalidSetting(f"{source} is {text!r}: names such as dynastep.example.com,*.example.org are wanted")
    return names


def _port(source: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST_PORT):
        raise InvalidSetting(f"{source} is {text!r}: a number from 0 to {HIGHEST_PORT} is wanted")
    return int(text)


def _one_of(values: Sequence[str]) -> Callable[[str, str], str]:
    def read(source: str, text: str) -> str:
        if text not in values:
            raise InvalidSetting(f"{source} is {text!r}: {', '.join(values[:-1])} or {values[-1]} is wanted")
        return text

    return read


def _switch(source: str, text: str) -> bool:
    return _one_of(("on", "off"))(source, text) == "on"


def _folder(source: str, text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise InvalidSetting(f"{source} is {text!r}: there is no such folder")
    return folder


def _functions(source: str, text: str) -> Path:
    path = Path(text)
    if not path.is_dir() and not (path.is_file() and path.suffix in (".yaml", ".yml", ".json", ".template")):
        raise InvalidSetting(f"{source} is {text!r}: there is no such folder or template")
    return path


def _mock_config(source: str, text: str) -> Path:
    file = Path(text)
    if not file.is_file():
        raise InvalidSetting(f"{source} is {text!r}: there is no such file")
    return file


def _cluster(source: str, text: str) -> str:
    if not re.fullmatch(r"(tcp|tls|ws|wss)://[^\s/]+:\d+", text):
        raise InvalidSetting(f"{source} is {text!r}: the address of a Dask scheduler is wanted, tcp://HOST:PORT")
    return text


def _function_url(source: str, text: str) -> dict[str, str]:
    urls: dict[str, str] = {}
    for entry in text.split():
        name, equals, url = entry.partition("=")
        if not (name and equals):
            raise InvalidSetting(f"{source} is {text!r}: NAME=URL is wanted")
        urls[name] = _url(f"the URL of {name} in {source}", url)
    return urls


def _url(source: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidSetting(f"{source} is {text!r}: an http or https URL is wanted")
    return text


_UNITS = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}


def _size(source: str, text: str) -> int:
    number, unit = (text[:-2], text[-2:]) if text[-2:] in _UNITS else (text, "")
    if not (number.isascii() and number.isdigit()):
        raise InvalidSetting(f"{source} is {text!r}: a number of bytes is wanted, such as 50MB")
    return int(number) * _UNITS.get(unit, 1)


def _quotas(source: str, text: str) -> Quotas:
    names = [quota.name for quota in fields(Quotas)]
    values = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in names:
            raise InvalidSetting(f"{source} is {text!r}: there is no quota {name!r}; there are {', '.join(names)}")
        if not (value.isascii() and value.isdigit()):
            raise InvalidSetting(f"{source} is {text!r}: a whole number is wanted for {name}")
        values[name] = int(value)
    try:
        return Quotas(**values)
    except ValueError as error:
        raise InvalidSetting(f"{source} is {text!r}: {error}") from None


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "host": _host,
    "allowed_hosts": _allowed_hosts,
    "port": _port,
    "account": _account,
    "clock": _one_of(MODES),
    "functions": _functions,
    "function_url": _function_url,
    "functions_cluster": _cluster,
    "dynamodb_endpoint": _url,
    "dynamodb_wording": _one_of(get_args(Wording)),
    "dynamodb_delays": _one_of(get_args(Delays)),
    "dynamodb_throttling": _switch,
    "iam": _one_of(get_args(IAM)),
    "mock_config": _mock_config,
    "init": _folder,
    "data_dir": lambda _source, text: Path(text),
    "durability": _one_of(get_args(Durability)),
    "keep_executions": _size,
    "log_requests": _switch,
    "log_format": _one_of(get_args(LogFormat)),
    "quotas": _quotas,
}
