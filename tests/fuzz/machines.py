"""What the fuzz of the language starts from: valid definitions, documents, paths, calls and expressions; and how they go
wrong, from a character of a text to a state of another machine.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

JSON: TypeAlias = Any

TESTS = Path(__file__).resolve().parents[1]
TASK = "arn:aws:states:::echo:task"
DOCUMENT: JSON = {
    "n": 2,
    "text": "a,b*é😀",
    "yes": True,
    "none": None,
    "when": "2026-01-01T00:00:03Z",
    "items": [3, 1, 2],
    "deep": {"n": 1.5, "list": [{"x": 1, "y": "b"}, {"x": 2}], "a b": {"c": []}},
}


def one(kind: str, **fields: JSON) -> JSON:
    """A machine in JSONata that does one thing."""
    ends = {} if kind in ("Succeed", "Fail") else {"End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": kind, **fields, **ends}}}


INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
DISTRIBUTED = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "E", "Assign": {"e": "{% $states.errorOutput.Error %}"}}]
QUERIES: list[JSON] = [
    one("Pass", Output={"a": "{% $states.input.n + 1 %}", "b": ["{% $states.context.State.Name %}", 1]}),
    one("Pass", Assign={"v": "{% $states.input.items %}", "w": 1}, Output="{% $states.input %}"),
    one("Task", Resource=TASK, Arguments={"n": "{% $states.input.n %}"}, Output="{% $states.result.n %}"),
    one("Task", Resource=TASK, Arguments="{% $states.input %}", TimeoutSeconds="{% $states.input.n %}"),
    one("Wait", Seconds="{% $states.input.n %}"),
    one("Wait", Timestamp="{% $states.input.when %}"),
    one("Fail", Error="{% $states.input.text %}", Cause="{% $string($states.input) %}"),
    one("Succeed", Output={"n": "{% $sum($states.input.items) %}"}),
    one("Map", Items="{% $states.input.items %}", ItemSelector={"x": "{% $states.context.Map.Item.Value %}"},
        ItemProcessor=INNER, MaxConcurrency="{% $states.input.n %}", Output="{% $states.result %}"),
    one("Map", Items="{% $states.input.deep %}", ItemProcessor=DISTRIBUTED, ToleratedFailurePercentage=50, Label="L",
        ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"n": "{% $states.input.n %}"}}),
    one("Parallel", Branches=[INNER, {"StartAt": "J", "States": {"J": {"Type": "Fail", "Error": "X"}}}],
        Arguments="{% $states.input %}", Retry=[{"ErrorEquals": ["X"], "MaxAttempts": 1}]),
    {"QueryLanguage": "JSONata", "StartAt": "C", "States": {
        "C": {"Type": "Choice", "Default": "E", "Choices": [
            {"Condition": "{% $states.input.n > 1 %}", "Next": "T", "Assign": {"k": "{% $states.input.n %}"}},
            {"Condition": True, "Next": "E", "Output": "{% $exists($k) %}"}]},
        "T": {"Type": "Task", "Resource": TASK, "Assign": {"r": "{% $states.result %}"}, "Catch": CATCH, "Next": "C2"},
        "C2": {"Type": "Choice", "Choices": [{"Condition": "{% $count($r.items) > 9 %}", "Next": "T"}], "Default": "E"},
        "E": {"Type": "Succeed"}}},
    {"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Parameters": {"a.$": "$.deep.list[*].x", "b.$": "States.Format('{}', $.n)"},
              "Assign": {"v.$": "$.a", "w": 1}, "ResultPath": "$.out", "Next": "B"},
        "B": {"Type": "Map", "ItemsPath": "$v", "ItemProcessor": INNER, "ResultSelector": {"n.$": "States.ArrayLength($)"},
              "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$w", "NumericEqualsPath": "$.n", "Next": "D"}], "Default": "D"},
        "D": {"Type": "Task", "Resource": TASK, "Parameters": {"x.$": "$$.Execution.Input.deep['a b']"}, "End": True}}},
]  # fmt: skip

PATHS = [
    *(
        "$",
        "$.n",
        "$.deep.list[0].x",
        "$.deep['a b'].c",
        "$..x",
        "$.items[1:]",
        "$.items[-1:]",
        "$.deep.*",
        "$$.State.Name",
    ),
    *("$.deep.list[?(@.x > 1)]", "$.deep.list[?(@.y == 'b' && @.x < 2)].x", "$.items[(@.length-1)]", "$v.a[0]", "$..*"),
    *("$.items[0,2]", "$.deep['n','list']", "$.deep.list[?(!@.y)]", "$.deep.list[?(@.x == $.n)]", "$.text.length()"),
]
CALLS = [
    *("States.Format('{} {}', $.n, 'x')", "States.StringToJson('{\"a\":1}')", "States.JsonToString($.deep)"),
    *("States.Array($.n, 1, null, 'x')", "States.ArrayPartition($.items, 2)", "States.ArrayContains($.items, 3)"),
    *("States.ArrayRange(1, 9, 2)", "States.ArrayGetItem($.items, 1)", "States.ArrayLength($.items)"),
    *("States.ArrayUnique($.items)", "States.Base64Encode($.text)", "States.Base64Decode('YQ==')", "States.UUID()"),
    *("States.Hash('x', 'SHA-256')", "States.JsonMerge($.deep, $.deep, false)", "States.MathRandom(1, 9, 5)"),
    *("States.MathAdd($.n, -1)", "States.StringSplit($.text, ',')", "States.Array(States.Array($.n), States.UUID())"),
]
EXPRESSIONS = [
    *("$states.input.n + 1", "$x.items[$ > 1]", "$x.deep.list.x", "$sum($x.items) / 2", "$string($x)", "$uuid()"),
    *("$match($x.text, /[a-z]+/i)", '$replace($x.text, /(a),(b)/, "$2$1")', "$split($x.text, ',')", "$pad('x', 5)"),
    *("[1..9].{'a': $}", "$map($x.items, function($v, $i){ $v * $i })", "$reduce($x.items, function($a, $b){ $a + $b })"),
    *("$x.deep.list^(>x)", "$x.deep.list{y: x}", "$x ~> |deep|{'n': 2}|", "($f := function($n){ $n < 1 ? 0 : $f($n - 1) }; $f(9))"),
    *("$formatNumber(1234.5, '#,##0.00')", "$fromMillis(0, '[Y]-[M01]')", "$toMillis('2026', '[Y]')", "$parse('[1]')"),
    *("$partition([1..9], 2)", "$range(1, 9, 2)", "$hash('x', 'SHA-1')", "$random(5)", "$sort($x.items, function($l, $r){ $l > $r })"),
    *("$spread($x)", "$merge([$x, $x.deep])", "$each($x, function($v, $k){ $k })", "$sift($x, function($v){ $exists($v) })"),
    *("$x.**.x", "$x.deep.list@$l#$i.{'i': $i, 'l': $l.x}", "$x.deep.list.%", "$zip($x.items, [1, 2])", "$eval('1')", "$lookup($x, 'n')"),
    *("$formatInteger(7, 'w')", "$parseInteger('12', '#0')", "$base64encode($x.text)", "$encodeUrl($x.text)", "$number('0x1f')"),
    *("$distinct([1, 1])", "$shuffle([1])", "$type($x)", "$boolean([0])", "$not(null)", "$assert(true, 'm')", "$error('e')", "$now()"),
    *("function($a, $b)<n-s?:s>{ $a & $b }(1)", "$join(['a', 'b'], '-')", "$average($x.items)", "$power(2, 8)", "$round(2.5, 0)"),
]  # fmt: skip
STRANGE: list[JSON] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**31,
        2**63,
        -(2**70),
        1.5,
        1e300,
        99_999_999,
        100_000_000,
        801,
        [],
        {},
        [[]],
        [{}],
    ),
    *(
        "",
        " ",
        "a",
        "$",
        "$$",
        "$.",
        "$.x",
        "$$.Task.Token",
        "$v",
        "{% 1 %}",
        "{% $states.result %}",
        "{% ",
        "%}",
        "\x00",
    ),
    *(
        "States.ALL",
        "States.Format('{}')",
        "2026-01-01T00:00:00Z",
        "x" * 300,
        "😀",
        "\u2028",
        TASK,
        "JSONata",
        "JSONPath",
    ),
    *({"a.$": "$"}, {"a.$": 1}, {"": 1}, {"Type": "Pass"}, ["States.ALL"], [None], {"x": "{% $x %}"}, [[[[[[1]]]]]]),
]
FIELDS = [
    *(
        "Type",
        "Next",
        "End",
        "Comment",
        "QueryLanguage",
        "InputPath",
        "OutputPath",
        "ResultPath",
        "Parameters",
        "Result",
    ),
    *(
        "ResultSelector",
        "Arguments",
        "Output",
        "Assign",
        "Retry",
        "Catch",
        "Resource",
        "TimeoutSeconds",
        "HeartbeatSeconds",
    ),
    *(
        "Seconds",
        "SecondsPath",
        "Timestamp",
        "TimestampPath",
        "Choices",
        "Default",
        "Branches",
        "ItemProcessor",
        "Iterator",
    ),
    *(
        "Items",
        "ItemsPath",
        "ItemSelector",
        "MaxConcurrency",
        "ItemReader",
        "ItemBatcher",
        "ResultWriter",
        "Label",
        "Error",
    ),
    *(
        "Cause",
        "ErrorPath",
        "CausePath",
        "Condition",
        "Variable",
        "And",
        "Or",
        "Not",
        "IsPresent",
        "StringEquals",
        "Version",
    ),
    *(
        "ErrorEquals",
        "MaxAttempts",
        "BackoffRate",
        "ProcessorConfig",
        "StartAt",
        "States",
        "ToleratedFailureCount",
        "x.$",
    ),
]
PIECES = re.compile(r"[$\w]+|\s+|.", re.DOTALL)
WORDS = [
    *(
        "$",
        "$$",
        "@",
        "#",
        "%",
        "*",
        "**",
        "..",
        ".",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        ":",
        ":=",
        "~>",
        "^",
        "|",
        "?",
        "&",
    ),
    *(
        "'",
        '"',
        "/",
        "\\",
        "-",
        "+",
        "=",
        "!=",
        "<",
        ">",
        "and",
        "or",
        "in",
        "function",
        "null",
        "true",
        "0",
        "1e9",
        "-1",
    ),
    *(
        "$x",
        "$states",
        "$sum",
        "$map",
        "$string",
        "States.Format",
        "States.Array",
        "{}",
        "''",
        "/(a+)+$/",
        "[?(@.a)]",
        "\n",
    ),
]


def definitions() -> list[JSON]:
    """Valid definitions: those of the language's cases, of JSONata, and the real ones where they are at hand."""
    cases = [
        case
        for file in sorted((TESTS / "asl" / "cases").glob("*.json"))
        for case in json.loads(file.read_text("utf-8"))
    ]
    found = [*(case["definition"] for case in cases), *QUERIES]
    for file in sorted((TESTS.parents[1] / "shared" / "machines" / "workflows").glob("*.json")):
        text = re.sub(r'(?<!")\$\{[^}]+\}(?=\s*[,}\]\n])', "5", file.read_text("utf-8"))
        found.append(json.loads(re.sub(r'"Resource":\s*"[^"]*"', f'"Resource": "{TASK}"', text)))
    return found


def mutated(random: Random, value: JSON, others: list[JSON]) -> JSON:
    """A value with a few things changed in it."""
    value = copy.deepcopy(value)
    for _ in range(random.choice((0, 1, 1, 1, 1, 2, 4))):
        places = list(_places(value))
        if not places:
            return random.choice(STRANGE)
        parent, key = random.choice(places)
        _change(random, parent, key, others)
    return value


def _places(value: JSON) -> Iterator[tuple[JSON, Any]]:
    if isinstance(value, dict):
        for key, content in value.items():
            yield value, key
            yield from _places(content)
    elif isinstance(value, list):
        for index, content in enumerate(value):
            yield value, index
            yield from _places(content)


def _change(random: Random, parent: JSON, key: Any, others: list[JSON]) -> None:
    what = random.choice((0, 1, 2, 3, 3, 4, 4, 4, 5, 6, 7))
    if what == 0:
        del parent[key]
    elif what == 1 and isinstance(parent, dict):
        parent[random.choice(FIELDS)] = parent.pop(key)
    elif what == 2 and isinstance(parent, dict):
        parent[random.choice(FIELDS)] = copy.deepcopy(random.choice(STRANGE))
    elif what == 3 and isinstance(parent[key], str):
        parent[key] = garbled(random, parent[key])
    elif what == 4:
        parent[key] = expression(random)
    elif what == 5:
        other = random.choice(others)
        places = list(_places(other))
        holder, place = random.choice(places) if places else ([other], 0)
        parent[key] = copy.deepcopy(holder[place])
    elif what == 6:
        parent[key] = [parent[key]] * random.choice((1, 2, 50))
    else:
        parent[key] = copy.deepcopy(random.choice(STRANGE))


def expression(random: Random) -> str:
    """Something that a field may hold: JSONata, a path or a call, sound or not."""
    kind = random.choice((PATHS, CALLS, EXPRESSIONS))
    text = random.choice(kind)
    text = garbled(random, text) if random.random() < 0.3 else text
    return f"{{% {text} %}}" if kind is EXPRESSIONS else text


def garbled(random: Random, text: str) -> str:
    """A text with pieces of it lost, doubled, swapped, nested, or replaced by other words."""
    pieces = PIECES.findall(text)
    for _ in range(random.choice((0, 1, 1, 1, 2, 5))):
        at = random.randrange(len(pieces) + 1)
        what = random.randrange(7)
        if what == 0:
            del pieces[at : at + 1]
        elif what == 1:
            pieces[at:at] = pieces[at : at + random.choice((1, 3, 9))] * random.choice((1, 2, 40))
        elif what == 2:
            pieces.insert(at, random.choice(WORDS))
        elif what == 3:
            pieces.insert(at, random.choice(WORDS) * random.choice((1, 2, 120)))
        elif what == 4 and pieces:
            pieces[at % len(pieces)] = random.choice(WORDS)
        elif what == 5:
            pieces[at:at] = PIECES.findall(random.choice(random.choice((PATHS, CALLS, EXPRESSIONS))))
        else:
            random.shuffle(pieces)
    return "".join(pieces)[:20_000]
