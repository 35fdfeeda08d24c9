"""JSONPath and Reference Paths as AWS evaluates them."""

from __future__ import annotations

import contextlib
import copy
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter.language.paths import (
    IndexOutOfRange,
    InvalidPath,
    NotApplicable,
    NullInput,
    PathNotFound,
    ReferencePathConflict,
    compile_path,
    compile_reference_path,
)


@dataclass
class Documents:
    input: Any
    context: Any = None
    variables: dict[str, Any] = field(default_factory=dict)
    random: random.Random = field(default_factory=random.Random)


def read(path: str, document: Any) -> Any:
    return compile_path(path)(Documents(document))


STORE = {
    "book": [
        {"title": "Sayings", "price": 8.95, "tags": ["old"], "isbn": None},
        {"title": "Sword", "price": 12, "tags": []},
        {"title": "Moby Dick", "price": 8.99, "isbn": "0-553-21311-3", "sold": False},
    ],
    "bicycle": {"price": 19.95, "the colour": "red"},
    "name": "Corner",
    "open": True,
    "none": None,
    "a-b": 1,
    "été": 2,
    "length()": 3,
    "where": 4,
    'q"\\"': 5,
}

ONE_PLACE = [
    ("$", STORE),
    ("$.name", "Corner"),
    ("$['name']", "Corner"),
    ("$[ 'name' ]", "Corner"),
    ("$.['name']", "Corner"),
    ("$.none", None),
    ("$.book[0].title", "Sayings"),
    ("$.book.[1].price", 12),
    ("$.book[0]['tags'][0]", "old"),
    ("$.book[(@.length-1)].title", "Moby Dick"),
    ("$.bicycle['the colour']", "red"),
    ("$.a-b", 1),
    ("$.été", 2),
    ("$.length()", 3),
    ("$.where", 4),
    (r"""$['q"\"']""", 5),
]


@pytest.mark.parametrize(("path", "value"), ONE_PLACE)
def test_a_definite_path_gives_the_value_at_its_place(path, value):
    assert compile_path(path).definite
    assert read(path, STORE) == value


MANY_PLACES = [
    ("$.book[*].title", ["Sayings", "Sword", "Moby Dick"]),
    ("$.bicycle.*", [19.95, "red"]),
    ("$.name.*", []),
    ("$..price", [8.95, 12, 8.99, 19.95]),
    ("$..tags[*]", ["old"]),
    ("$..tags", [["old"], []]),
    ("$.book[0,2].title", ["Sayings", "Moby Dick"]),
    ("$.book[1:].title", ["Sword", "Moby Dick"]),
    ("$.book[:1].title", ["Sayings"]),
    ("$.book[0:2].title", ["Sayings", "Sword"]),
    ("$.book[-1:].title", ["Moby Dick"]),
    ("$.book[:-1].title", ["Sayings", "Sword"]),
    ("$.book[1:9].title", ["Sword", "Moby Dick"]),
    ("$.book[2:1]", []),
    ("$.book[*].missing", []),
    ("$.book[*].tags[0]", ["old", None]),
    ("$.missing[*]", []),
    ("$.missing.items[1:5]", []),
    ("$.missing[1:].value", []),
    ("$..missing", []),
    ("$..[?(@.sold)]", [STORE["book"][2]]),
    ("$.bicycle[?(@.price > 19)]", [STORE["bicycle"]]),
]


@pytest.mark.parametrize(("path", "values"), MANY_PLACES)
def test_any_other_path_gives_the_list_of_what_it_finds(path, values):
    assert not compile_path(path).definite
    assert read(path, STORE) == values


def test_a_union_of_names_gives_one_object_of_those_that_are_there():
    assert read("$.bicycle['price','missing']", STORE) == {"price": 19.95}
    assert read("$.book[*]['title','sold']", STORE)[2] == {"title": "Moby Dick", "sold": False}


FILTERS = [
    ("@.price < 10", ["Sayings", "Moby Dick"]),
    ("@.price == 12", ["Sword"]),
    ("@.price == 12.0", ["Sword"]),
    ("@.price >= 8.99 && @.price <= 12", ["Sword", "Moby Dick"]),
    ("@.title == 'Sword' || @.price == 8.95", ["Sayings", "Sword"]),
    ("@.price > 100 || @.title == 'Sword' && @.price > 1", ["Sword"]),
    ("(@.price > 100 || @.title == 'Sword') && @.price > 100", []),
    ("@['title'] == \"Sword\"", ["Sword"]),
    ("@.title==Sword", ["Sword"]),
    ("@.tags[0] == 'old'", ["Sayings"]),
    ("@.title > 'Sa'", ["Sayings", "Sword"]),
    # A value is there if it is not null; false is a value.
    ("@.sold", ["Moby Dick"]),
    ("@.isbn", ["Moby Dick"]),
    ("!@.isbn", ["Sayings", "Sword"]),
    ("@.isbn == null", ["Sayings"]),
    ("@.isbn != null", ["Moby Dick"]),
    ("@.sold == false", ["Moby Dick"]),
    # What is not there and what cannot be compared is neither equal nor unequal.
    ("@.missing != 1", []),
    ("@.title != 1", []),
    ("@.price != '12'", []),
    ("@.sold == 0", []),
    ("@.tags == @.tags", []),
    ("@.title == @.title", ["Sayings", "Sword", "Moby Dick"]),
]


@pytest.mark.parametrize(("condition", "titles"), FILTERS)
def test_a_filter_keeps_the_elements_for_which_it_holds(condition, titles):
    assert read(f"$.book[?({condition})].title", STORE) == titles


def test_a_filter_compares_strings_with_quotes_brackets_and_unicode_names():
    items = [{"ü-1": "it's [1]"}, {"ü-1": "other"}]
    assert read(r"$[?(@.ü-1 == 'it\'s [1]')]", items) == items[:1]


def test_a_filter_matches_no_scalar_by_itself():
    assert read("$[?(@ == 1)]", [1, 2, "1"]) == []


def test_a_filter_may_read_from_the_whole_document():
    for wanted in (2, 3, 2):
        document = {"wanted": wanted, "items": [{"id": 2, "is": "a"}, {"id": 3, "is": "b"}]}
        assert read("$.items[?(@.id == $.wanted)].is", document) == ["ab"[wanted - 2]]
    assert read("$.items[?(@.id == $.gone)]", document) == []


NOT_FOUND = [
    ("$.no", PathNotFound, "No results for path: $['no']"),
    ("$.bicycle.no", PathNotFound, "No results for path: $['bicycle']['no']"),
    ("$.no.such", PathNotFound, "Missing property in path $['no']"),
    ("$.book.title", NotApplicable, "Property ['title'] not found in path $['book']"),
    ("$.book.length()", NotApplicable, "Property ['length()'] not found in path $['book']"),
    ("$.none.x", NotApplicable, "Property ['x'] not found in path $['none']"),
    ("$.open[0]", NotApplicable, "Filter: [0] can only be applied to arrays. Current context is: true"),
    ("$.name[0]", NotApplicable, "Filter: [0] can only be applied to arrays. Current context is: Corner"),
    ("$.name[0][0]", NotApplicable, "Filter: [0][0] can only be applied to arrays. Current context is: Corner"),
    (
        "$.bicycle.price[0]['x']",
        NotApplicable,
        "Filter: [0]['x'] can only be applied to arrays. Current context is: 19.95",
    ),
    ("$.none[0]", NotApplicable, "The path $['none'] is null"),
    ("$.book[7]", IndexOutOfRange, "No results for path: $['book'][7]"),
    ("$.book[-1]", IndexOutOfRange, "No results for path: $['book'][-1]"),
    ("$.book[7].title", NotApplicable, "Property ['title'] not found in path $['book'][7]"),
    ("$.name[1:]", NotApplicable, "Filter: [1:] can only be applied to arrays. Current context is: Corner"),
    ("$.name[?(@.x)]", NotApplicable, "Filter: [?] can not be applied to primitives. Current context is: Corner"),
    ("$.no['a','b']", PathNotFound, "Missing property in path $['no']"),
]


@pytest.mark.parametrize(("path", "kind", "reason"), NOT_FOUND)
def test_a_path_to_nothing_says_where_it_ends(path, kind, reason):
    with pytest.raises(PathNotFound) as caught:
        read(path, STORE)
    assert type(caught.value) is kind
    assert caught.value.path == path
    assert caught.value.reason == reason
    assert str(caught.value) == f"Invalid path '{path}' : {reason}"


@pytest.mark.parametrize("path", ["$", "$.a", "$[*]", "$..a", "$[0]", "$['a','b']"])
def test_no_path_can_be_applied_to_null(path):
    with pytest.raises(NullInput) as caught:
        read(path, None)
    assert str(caught.value) == "Unable to apply Path transformation to null or empty input."


def test_a_slice_of_an_object_fails_but_a_wildcard_finds_its_members():
    assert read("$[*]", {}) == []
    with pytest.raises(NotApplicable):
        read("$[1:]", {})


def test_a_path_starts_at_the_input_the_context_object_or_a_variable():
    documents = Documents({"a": 1}, {"a": 2, "null": None}, {"x": {"a": [3]}, "null": None})
    assert [compile_path(path)(documents) for path in ("$.a", "$$.a", "$x.a[0]", "$x['a'][*]")] == [1, 2, 3, [3]]
    assert compile_path("$$")(documents) == documents.context
    assert compile_path("$null")(documents) is None
    assert [compile_path(path).root for path in ("$.a", "$$.a", "$x.a")] == ["$", "$$", "x"]
    with pytest.raises(PathNotFound):
        compile_path("$y.a")(documents)
    with pytest.raises(PathNotFound) as caught:
        compile_path("$$.b")(documents)
    assert str(caught.value) == "Invalid path '$$.b' : No results for path: $['b']"


INVALID = [
    ("", "Reference path didn't start with '$'"),
    ("a", "Reference path didn't start with '$'"),
    ("States.ArrayLength($.a)", "Reference path didn't start with '$'"),
    ("$.", "Illegal step at character 1: ."),
    ("$.a.", "Illegal step at character 3: ."),
    ("$.a..", "Illegal step at character 3: .."),
    ("$.a b", "Illegal step at character 3:  b"),
    (" $.a", "Reference path didn't start with '$'"),
    ("$['a']b", "Illegal step at character 6: b"),
    ("$.a[", "'[' must be followed by ' or '['"),
    ("$.a[$$.b]", "'[' must be followed by ' or '['"),
    ("$.a['b'", "Illegal step at character 3: ['b'"),
    ("$.a[1:2:3]", "Illegal step at character 3: [1:2:3]"),
    ("$.a[:]", "Slice has no bound: [:]"),
    ("$[?(@.a =~ 'b')]", "Filter is not one that Step Functions knows: (@.a =~ 'b')"),
    ("$[?(@.a in ['b'])]", "Filter is not one that Step Functions knows: (@.a in ['b'])"),
    ("$[?(@.a & @.b)]", "Filter is not one that Step Functions knows: (@.a & @.b)"),
    ("$[?(@.a = 1)]", "Filter is not one that Step Functions knows: (@.a = 1)"),
    ("$[?(@..a)]", "Filter is not one that Step Functions knows: (@..a)"),
    ("$[?(@.a[*] == 1)]", "Filter is not one that Step Functions knows: (@.a[*] == 1)"),
    ("$[?(@.a.length() > 1)]", "Filter is not one that Step Functions knows: (@.a.length() > 1)"),
    ("$[?('a' == @.a)]", "Filter is not one that Step Functions knows: ('a' == @.a)"),
    ("$[?(!(@.a))]", "Filter is not one that Step Functions knows: (!(@.a))"),
    ("$[?(@.a ==)]", "Filter is not one that Step Functions knows: (@.a ==)"),
    ("$[?(@.a)(@.b)]", "Filter is not one that Step Functions knows: (@.a)(@.b)"),
    ("$[?((@.a)]", "Filter is not one that Step Functions knows: ((@.a)"),
    ("$[?()]", "Filter is not one that Step Functions knows: ()"),
    ("$" + ".a" * 1001, "Path has more than 1000 steps"),
    ("$[?@.a]", "Illegal step at character 1: [?@.a]"),
]


@pytest.mark.parametrize(("path", "reason"), INVALID)
def test_what_aws_would_refuse_is_no_path(path, reason):
    with pytest.raises(InvalidPath) as caught:
        compile_path(path)
    assert reason is None or str(caught.value) == reason


WRITES = [
    ("$", {"a": 1}, "new"),
    ("$.a", {}, {"a": "new"}),
    ("$.a", {"a": {"b": 1}, "c": 2}, {"a": "new", "c": 2}),
    ("$.audit.review.final", {"audit": {"started": True}}, {"audit": {"started": True, "review": {"final": "new"}}}),
    ("$['a b'].c", {}, {"a b": {"c": "new"}}),
    ("$[1]", [1, 2], [1, "new"]),
    ("$.a[0].b", {"a": [{"c": 1}, 2]}, {"a": [{"c": 1, "b": "new"}, 2]}),
]


@pytest.mark.parametrize(("path", "document", "result"), WRITES)
def test_a_reference_path_writes_into_a_copy(path, document, result):
    before = copy.deepcopy(document)
    assert compile_reference_path(path).write(document, "new") == result
    assert document == before


def test_a_write_shares_what_is_not_on_its_way():
    document = {"kept": [1], "a": {"b": {}, "kept": {}}}
    written = compile_reference_path("$.a.b.c").write(document, 1)
    assert written["kept"] is document["kept"]
    assert written["a"]["kept"] is document["a"]["kept"]
    assert written["a"]["b"] is not document["a"]["b"]


CONFLICTS = [
    ("$.partitioned", "a text", 'Unable to apply ReferencePath $.partitioned to input "a text"'),
    ("$.a", None, "Unable to apply ReferencePath $.a to input null"),
    ("$.result", [{"a": 1}], 'Unable to apply step "result" to input [{"a":1}]'),
    ("$.a.b", {"a": 5}, 'Unable to apply step "b" to input 5'),
    ("$[2]", [1, 2], 'Unable to apply step "2" to input [1,2]'),
    ("$.a[0]", {}, 'Unable to apply step "0" to input {}'),
]


@pytest.mark.parametrize(("path", "document", "message"), CONFLICTS)
def test_a_document_without_room_refuses_the_write(path, document, message):
    with pytest.raises(ReferencePathConflict) as caught:
        compile_reference_path(path).write(document, 1)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "path",
    [
        "$$.a",
        "$x.a",
        "$..a",
        "$.a[*]",
        "$.a[0,1]",
        "$.a[1:]",
        "$['a','b']",
        "$[?(@.a)]",
        "$[-1]",
        "$[(@.length-1)]",
        "a",
    ],
)
def test_a_reference_path_names_one_place_in_the_document_of_the_state(path):
    with pytest.raises(InvalidPath):
        compile_reference_path(path)


def test_a_path_is_compiled_once_and_is_its_text():
    path = compile_path("$.a[0]")
    assert compile_path("$.a[0]") is path
    assert str(path) == "$.a[0]"
    assert path == compile_path.__wrapped__("$.a[0]")
    assert len({path, compile_path.__wrapped__("$.a[0]")}) == 1
    assert str(compile_reference_path("$.a")) == "$.a"


HOSTILE = [
    "$" + ".a" * 1000,
    "$" + ".a" * 100_000,
    "$" + "..a" * 30,
    "$[?(" + "(" * 10_000 + "@.a" + ")" * 10_000 + ")]",
    "$[?(" + " && ".join(["(@.a"] * 90) + ")" * 90 + ")]",
    "$[?(@.a == " + "'" * 100_001 + ")]",
    "$[" + "'a'," * 50_000 + "]",
    "$.a" + "[" * 100_000,
]


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_no_path_hangs_or_exhausts_the_stack(path):
    document: Any = {}
    for _ in range(300):
        document = {"a": document}
    try:
        found = read(path, document)
    except (InvalidPath, PathNotFound):
        return
    assert isinstance(found, list)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)
names = st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"]), min_size=1)


def places(value: Any, keys: tuple[str | int, ...] = ()):
    """Every place of a document, as the keys that lead there, with its value."""
    yield keys, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*keys, key))


def spelt(keys: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"['{key}']" if isinstance(key, str) else f"[{key}]" for key in keys)


@given(st.dictionaries(names, json_values))
def test_every_place_of_a_document_has_a_path(document):
    for keys, value in places(document):
        if not any(isinstance(key, str) and "'" in key for key in keys):
            assert read(spelt(keys), document) is value


@given(st.lists(names | st.integers(0, 3), max_size=4), json_values)
def test_a_definite_path_finds_only_what_is_there(keys, document):
    there = dict(places(document))
    try:
        found = read(spelt(tuple(keys)), document)
    except PathNotFound:
        assert tuple(keys) not in there or document is None
    else:
        assert found is there[tuple(keys)]


@given(st.lists(names, min_size=1, max_size=4), st.dictionaries(names, json_values), json_values)
def test_what_is_written_is_read_back_and_nothing_changes(keys, document, value):
    before = copy.deepcopy(document)
    try:
        written = compile_reference_path(spelt(tuple(keys))).write(document, value)
    except ReferencePathConflict:
        with pytest.raises(PathNotFound):
            read(spelt(tuple(keys)), document)
    else:
        assert read(spelt(tuple(keys)), written) is value
    assert document == before


@given(st.text(alphabet="$.[]'\"*?(@)&|!=<>:,-01ab \\\n"))
def test_any_text_is_a_path_or_is_refused(text):
    documents = Documents({"a": [1, {"b": "a"}], "b": {"a": 0}}, {})
    for candidate in (text, f"${text}", f"$[?(@.a{text})]"):
        with contextlib.suppress(InvalidPath, PathNotFound):
            compile_path(candidate)(documents)
