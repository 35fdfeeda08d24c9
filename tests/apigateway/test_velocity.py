"""Velocity templates, as API Gateway renders them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.apigateway.mapping import Mapped, MappingFailed, escape_javascript
from emulator.apigateway.velocity import InvalidTemplate, TemplateFailed, parse

RENDERED = [
    # template, variables, what comes of it
    ("plain", {}, "plain"),
    ("$a ${a} $!a $!{a}", {"a": 1}, "1 1 1 1"),
    ("[$none] [$!none] [$m.none] [$m.none.more]", {"m": {}}, "[] [] [] []"),
    ("costs $5 and $", {}, "costs $5 and $"),
    (r"\$a \#if", {"a": 1}, "$a #if"),
    ("$m.a.b[1] $m['a'].b.get(0)", {"m": {"a": {"b": [1, 2]}}}, "2 1"),
    ("$a-b", {"a-b": "hyphens belong to a name"}, "hyphens belong to a name"),
    ("#set($x = 'a')$x#set($x = \"$x$x\")$x", {}, "aaa"),
    ("#set($x = 'it''s')$x", {}, "it's"),
    ("#set($x = '$y')$x", {"y": 1}, "$y"),
    ("#set($x = $none)$!x", {"x": 1}, "1"),
    ("#set($m.a = 1)#set($m['b'] = 2)$m", {"m": {}}, "{a=1, b=2}"),
    ("#set($x = {'a': [1, 2.5, true], \"b\": {}})$x", {}, "{a=[1, 2.5, true], b={}}"),
    ("#set($x = 7 / 2)$x #set($x = -7 % 3)$x #set($x = 2 * 3 + 4)$x #set($x = 2 * (3 + 4))$x", {}, "3 -1 10 14"),
    ("#set($x = 1 / 0)$!x", {}, ""),
    ("#if($a)yes#{else}no#end", {"a": ""}, "yes"),
    ("#if($a && !$b)1#elseif($b || $c)2#{else}3#end", {"a": True, "b": True}, "2"),
    ("#if($a == 1 and $b ne 'x')yes#end", {"a": 1, "b": "y"}, "yes"),
    ("#if($a == '1')yes#end", {"a": 1}, "yes"),
    ("#if($none == $nothing)yes#end", {}, "yes"),
    ("#if(3 > 2 && 2 <= 2 && !(1 ge 2))yes#end", {}, "yes"),
    ("#foreach($x in [1..3])$x$foreach.count$foreach.index#if($foreach.hasNext),#end#end", {}, "110,221,332"),
    ("#foreach($x in [3..1])$x#end", {}, "321"),
    ("#foreach($k in $m.keySet())$k=$m[$k];#end", {"m": {"a": 1, "b": 2}}, "a=1;b=2;"),
    ("#foreach($e in $m.entrySet())$e.key=$e.value;#end", {"m": {"a": 1}}, "a=1;"),
    ("#foreach($v in $m)$v;#end", {"m": {"a": 1, "b": 2}}, "1;2;"),
    ("#foreach($x in [1, 2, 3])#if($x == 2)#break#end$x#end.", {}, "1."),
    ("a#stop b", {}, "a"),
    ("a## comment\nb#* more\n *#c#[[$d #if]]#", {}, "abc$d #if"),
    ('{\n  #set($x = 1)\n  "a": $x\n}', {}, '{\n  "a": 1\n}'),
    ("#if(true)\n  yes\n#end\nend", {}, "  yes\nend"),
    (
        "$s.length() $s.toUpperCase() $s.substring(1, 3) $s.indexOf('c') $s.contains('b')",
        {"s": "abc"},
        "3 ABC bc 2 true",
    ),
    ("$s.replaceAll('([ab])', '<$1>') $s.split(',').size()", {"s": "a,b"}, "<a>,<b> 2"),
    ("$l.size() $l.isEmpty() $l.contains(2)", {"l": [1, 2]}, "2 false true"),
    ("#set($l = [])#set($d = $l.add(1))$d $l #set($m = {})#set($d = $m.put('a', 1))$m", {}, "true [1] {a=1}"),
    ("$s.nothing() $s.class $s.__class__", {"s": "text"}, "  "),
    ("$n.intValue() $f $big", {"n": 2.9, "f": 1e-7, "big": 1e10}, "2 1.0E-7 1.0E10"),
]


@pytest.mark.parametrize(("template", "variables", "rendered"), RENDERED)
def test_a_template_makes_text(template, variables, rendered):
    assert parse(template).render(dict(variables)) == rendered


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("#if(true)", "#end is missing at line 1, column 10"),
        ("a\n#end", "#end ends nothing at line 2, column 5"),
        ("#set($x)", "= is expected at line 1, column 8"),
        ("#set($x = )", "A value is expected at line 1, column 11"),
        ("#foreach($x of [1])#end", "in is expected at line 1, column 13"),
        ("#macro(x)#end", "Dynastep has not built #macro at line 1, column 1"),
        ("#* no end", "*# is missing at line 1, column 1"),
        ("#set($x = 'no end)", "A string does not end at line 1, column 12"),
    ],
)
def test_what_is_no_template_is_refused_with_its_place(template, why):
    with pytest.raises(InvalidTemplate) as refusal:
        parse(template)
    assert str(refusal.value) == why


@pytest.mark.parametrize(
    "template",
    [
        "#foreach($x in $l)#end",
        "#set($x = [1..2000])",
        "#set($x = 'a')" + '#set($x = "$x$x")' * 40 + "$x",
        "#foreach($a in [1..1000])#foreach($b in [1..1000])$a#end#end",
    ],
)
def test_a_template_that_has_no_end_is_stopped(template):
    with pytest.raises(TemplateFailed):
        parse(template).render({"l": [0] * 1001})


@given(st.text("ab$#(){}[]\"'.! =\n\\", max_size=40))
def test_any_text_is_a_template_or_is_refused(text):
    with suppress(InvalidTemplate, TemplateFailed):
        assert isinstance(parse(text).render({"a": {"b": [1]}}), str)


@given(st.text(st.characters(exclude_characters="$#\\", exclude_categories=["Cs"])))
def test_text_without_signs_of_velocity_stays_as_it_is(text):
    assert parse(text).render({}) == text


MAPPED = [
    # template, body, what comes of it
    ("$input.json('$')", '{"a": [1, "b"]}', '{"a":[1,"b"]}'),
    ("$input.json('$.a[0].b')", '{"a": [{"b": "c"}]}', '"c"'),
    ("$input.json('$.none')", "{}", '""'),
    ("$input.path('$.a')", '{"a": "text"}', "text"),
    ("$input.path('$.none')", "{}", ""),
    ("$input.path('$.a').size()", '{"a": [1, 2]}', "2"),
    ("#foreach($e in $input.path('$.a'))$e.b#end", '{"a": [{"b": 1}, {"b": 2}]}', "12"),
    ("$input.body", "any text", "any text"),
    ("$input.params('id') $input.params('q') $input.params('X-A') [$input.params('no')]", "", "7 b 1 []"),
    ("$input.params().path.id $input.params('querystring').get('q') $input.params().header['X-A']", "", "7 b 1"),
    ("$stageVariables.colour $stageVariables.get('colour') ${stageVariables.colour}", "", "red red red"),
    ("$context.identity.sourceIp $context.none.more", "", "1.2.3.4 "),
    ("$util.escapeJavaScript($input.json('$'))", '{"a": "it\'s"}', r"{\"a\":\"it\'s\"}"),
    ("$util.parseJson('{\"a\": 1}').a", "", "1"),
    ("$util.urlEncode('a b&c') $util.urlDecode('a%20b+c')", "", "a+b%26c a b c"),
    ("$util.base64Encode('text') $util.base64Decode('dGV4dA==')", "", "dGV4dA== text"),
]


def mapped():
    return Mapped(
        context={"identity": {"sourceIp": "1.2.3.4"}},
        variables={"colour": "red"},
        path={"id": "7"},
        query=(("q", "a"), ("q", "b")),
        headers=(("X-A", "1"),),
    )


@pytest.mark.parametrize(("template", "body", "made"), MAPPED)
def test_a_mapping_template_sees_the_request(template, body, made):
    assert mapped().render(template, body) == made


def test_a_template_may_override_the_request_and_the_response():
    request = mapped()
    request.render("#set($context.requestOverride.header.X-B = 'own')", "")
    assert request.header_override == {"X-B": "own"}
    request.render("#set($context.responseOverride.status = 418)", "", response=True)
    assert request.status_override == 418


def test_a_template_that_cannot_be_rendered_says_why():
    with pytest.raises(MappingFailed, match="the mapping template cannot be rendered: #end is missing"):
        mapped().render("#if(true)", "")


PARAMETERS = [
    ("method.request.path.id", "7"),
    ("method.request.querystring.q", "b"),
    ("method.request.multivaluequerystring.q", ["a", "b"]),
    ("method.request.header.x-a", "1"),
    ("method.request.body.a.b", "2"),
    ("method.request.body", '{"a": {"b": 2}}'),
    ("stageVariables.colour", "red"),
    ("context.identity.sourceIp", "1.2.3.4"),
    ("'static'", "static"),
    ("method.request.header.none", None),
    ("nonsense", None),
]


@pytest.mark.parametrize(("source", "value"), PARAMETERS)
def test_a_parameter_is_taken_from_the_request(source, value):
    request = mapped()
    request.body = '{"a": {"b": 2}}'
    assert request.parameter(source) == value


@pytest.mark.parametrize(
    ("text", "escaped"),
    [('"', r"\""), ("'", r"\'"), ("/", r"\/"), ("\n", r"\n"), ("é", r"\u00E9"), ("😀", r"\uD83D\uDE00"), (1, "1")],
)
def test_text_is_escaped_as_in_javascript(text, escaped):
    assert escape_javascript(text) == escaped
