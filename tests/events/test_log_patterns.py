"""Filter patterns of CloudWatch Logs. Source: AWS, Filter pattern syntax (its own examples among them)."""

from __future__ import annotations

import json

import pytest

from emulator.events.log_patterns import InvalidLogPattern, compile_log_pattern

EVENT = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "cluster.name": "c",
        "success": False,
        "code": 404,
        "bytes": "1534",
    }
)
LINE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'

WANTED = [
    ("", "anything", True),
    ("ERROR", "[ERROR 400] BAD REQUEST", True),
    ("ERROR", "an error", False),
    ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
    ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED", False),
    ("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED", True),
    ("?ERROR ?ARGUMENTS", "all is well", False),
    ("ERROR -ARGUMENTS", "[ERROR 401] UNAUTHORIZED", True),
    ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
    ("-ERROR", "all is well", True),
    ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
    ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR", False),
    ('"a \\"b\\""', 'say a "b"', True),
    ("%[hc]at%", "a hat", True),
    ("%^[hc]at%", "a hat", False),
    ('{ $.eventType = "UpdateTrail" }', EVENT, True),
    ('{ $.eventType = "UpdateTrail" }', "no JSON", False),
    ('{ $.eventType != "UpdateTrail" }', EVENT, False),
    ('{ $.none != "UpdateTrail" }', EVENT, False),
    ("{ $.sourceIPAddress = 111.111.* }", EVENT, True),
    ("{ $.sourceIPAddress != 123.123.* }", EVENT, True),
    ('{ $.arrayKey[0] = "value" }', EVENT, True),
    ('{ $.arrayKey[2] = "value" }', EVENT, False),
    ("{ $.objectList[*].id = 2 }", EVENT, True),
    ("{ $.objectList[1].id > 2 }", EVENT, False),
    ("{ $.SomeObject IS NULL }", EVENT, True),
    ("{ $.eventType IS NULL }", EVENT, False),
    ("{ $.SomeOtherObject NOT EXISTS }", EVENT, True),
    ("{ $.code NOT EXISTS }", EVENT, False),
    ("{ $.code EXISTS }", EVENT, True),
    ("{ $.success IS FALSE }", EVENT, True),
    ("{ $.success IS TRUE }", EVENT, False),
    ("{ $.code = 4.04e2 }", EVENT, True),
    ("{ $.code >= 404 && $.code < 405 }", EVENT, True),
    ("{ ($.code = 500 || $.code = 404) && $.eventType = Update* }", EVENT, True),
    ("{ $.code = 404 || $.code = 500 && $.eventType = x }", EVENT, True),
    ("{ $.['cluster.name'] = c }", EVENT, True),
    ("{ $.eventType = %^Update% }", EVENT, True),
    ("[ip, server, username, timestamp, request, status_code, bytes]", LINE, True),
    ("[ip, server, username]", LINE, False),
    ("[ip, server, username, timestamp, request=*html*, status_code=4*, bytes > 1000]", LINE, True),
    ("[..., status_code=4*, bytes]", LINE, True),
    ("[ip=%127\\.0\\.0\\.[1-9]%, ..., bytes < 1000]", LINE, False),
    ("[w1=Warn || w1=Error, w2]", "Error here", True),
    ("[w1=Warn || w1=Error, w2]", "Info here", False),
    ("[w1!=Warn && w1!=Error, w2]", "Info here", True),
]


@pytest.mark.parametrize(("pattern", "message", "wanted"), WANTED)
def test_a_pattern_wants_a_message_or_not(pattern, message, wanted):
    assert compile_log_pattern(pattern)(message) is wanted


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a",
        "{ $.a = }",
        "{ $.a = 1 && }",
        "{ ($.a = 1 }",
        "{ $.a > x }",
        "[a",
        "[..., ..., a]",
        '"open',
        "%(a)%",
        "%[%",
    ],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(InvalidLogPattern):
        compile_log_pattern(pattern)
