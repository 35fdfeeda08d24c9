"""Distributed Map: what it reads from S3, what it writes there, and what the operations say of its Map Runs."""

from __future__ import annotations

import gzip
import io
import json
import re

import pytest
from botocore.exceptions import ClientError

from dynastep import Later

BUCKET = "data"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
EXCEEDED = ("States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded")
PASS = {"Do": {"Type": "Pass", "End": True}}
FAIL = {"Do": {"Type": "Fail", "Error": "Tired", "Cause": "It was late."}}
ODD = {
    "Do": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.odd", "BooleanEquals": True, "Next": "Fail"}],
        "Default": "Pass",
    },
    "Fail": {"Type": "Fail", "Error": "Odd"},
    "Pass": {"Type": "Pass", "End": True},
}
"""Fails for an item with {"odd": true}."""


def machine(states=PASS, execution_type="STANDARD", **fields):
    """A machine that is one Distributed Map."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type},
        "StartAt": "Do",
        "States": states,
    }
    return {"StartAt": "Map", "States": {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}}


def reader(key=None, resource="getObject", bucket=BUCKET, parameters=None, **config):
    """An ItemReader."""
    named = {"Bucket": bucket, **({} if key is None else {"Key": key}), **(parameters or {})}
    return {"Resource": f"arn:aws:states:::s3:{resource}", "Parameters": named, "ReaderConfig": config}


def writer(bucket=BUCKET, **config):
    """A ResultWriter."""
    made = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": bucket, "Prefix": "out"}}
    return {**made, "WriterConfig": config} if config else made


@pytest.fixture
def s3(dynastep):
    """S3 with an empty bucket."""
    client = dynastep.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def read(dynastep, s3):
    """Run a Map over an object: the items that it read, or the error and its cause."""

    def run(content, key="object", **config):
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        ended = dynastep.run(machine(ItemReader=reader(key, **config)))
        return ended.output if ended.status == "SUCCEEDED" else (ended.error, ended.cause)

    return run


def contents(s3, prefix):
    """The objects under a prefix, by the last part of their key."""
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].rpartition("/")[2]: s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed
    }


def types(history):
    return [(event["id"], event["previousEventId"], event["type"]) for event in history]


def only_run(states, execution):
    (run,) = states.list_map_runs(executionArn=execution.arn)["mapRuns"]
    return states.describe_map_run(mapRunArn=run["mapRunArn"])


def counted(run, kind="itemCounts"):
    """The counts of a Map Run that are not zero."""
    return {name: count for name, count in run[kind].items() if count}


# Items


FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
A_GIVEN = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"]}
FAILED = "States.ItemReaderFailed"

CSV = {
    "a header and rows": ("a,b\n1,2\n3,4\n", FIRST_ROW, [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
    "no newline at the end": ("a\n1", FIRST_ROW, [{"a": "1"}]),
    "carriage returns": ("a,b\r\n1,2\r\n", FIRST_ROW, [{"a": "1", "b": "2"}]),
    "given headers": ("1,2\n", A_GIVEN, [{"a": "1", "b": "2"}]),
    "too few fields are empty": ("1\n", A_GIVEN, [{"a": "1", "b": ""}]),
    "too many are dropped": ("1,2,3\n", A_GIVEN, [{"a": "1", "b": "2"}]),
    "an empty line is no row": ("1,2\n\n3,4\n", A_GIVEN, [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
    "quotes hide commas and newlines": ('"1,\n2",3\n', A_GIVEN, [{"a": "1,\n2", "b": "3"}]),
    "doubled quotes are one": ('"a ""b"" c",\n', A_GIVEN, [{"a": 'a "b" c', "b": ""}]),
    "a backslash escapes the delimiter": ("1\\,2,3\n", A_GIVEN, [{"a": "1,2", "b": "3"}]),
    "a backslash escapes a backslash": ("C:\\\\Files,3\n", A_GIVEN, [{"a": "C:\\Files", "b": "3"}]),
    "other backslashes go": ("C:\\Files,3\n", A_GIVEN, [{"a": "C:Files", "b": "3"}]),
    "pipes": ("1|2,3\n", {**A_GIVEN, "CSVDelimiter": "PIPE"}, [{"a": "1", "b": "2,3"}]),
    "semicolons": ("1;2\n", {**A_GIVEN, "CSVDelimiter": "SEMICOLON"}, [{"a": "1", "b": "2"}]),
    "spaces": ("1 2\n", {**A_GIVEN, "CSVDelimiter": "SPACE"}, [{"a": "1", "b": "2"}]),
    "tabs": ("1\t2\n", {**A_GIVEN, "CSVDelimiter": "TAB"}, [{"a": "1", "b": "2"}]),
    "an empty file": ("", FIRST_ROW, []),
    "MaxItems": ("a\n1\n2\n3\n", {**FIRST_ROW, "MaxItems": 2}, [{"a": "1"}, {"a": "2"}]),
    "duplicate headers": ("a,a\n1,2\n", FIRST_ROW, (FAILED, "CSV headers cannot contain duplicates.")),
    "a header without a name": ("H1,\nV1,V2,V3\nV4,V5\n", FIRST_ROW, [{"": "V2", "H1": "V1"}, {"": "V5", "H1": "V4"}]),
    "two headers without names": ("H1,,\n1,2,3\n", FIRST_ROW, (FAILED, "CSV headers cannot contain duplicates.")),
    "a header of spaces": ("a, \n1,2\n", FIRST_ROW, [{"a": "1", " ": "2"}]),
    "fewer headers than fields": ("H1\nV1,V2\n", FIRST_ROW, [{"H1": "V1"}]),
    "no text": (b"a\n\xff\n", FIRST_ROW, (FAILED, "The object object cannot be read as CSV: 'utf-8' codec can't decode byte 0xff in position 2: invalid start byte")),
}  # fmt: skip


@pytest.mark.parametrize("name", CSV)
def test_rows_of_a_text_delimited_file_are_items(read, name):
    content, config, expected = CSV[name]
    assert read(content, **config) == expected


def test_members_of_a_row_come_in_the_order_of_a_java_hash_map(read):
    """The two examples of AWS's page on ItemReader, ratings.csv and an S3 inventory."""
    (rating,) = read("userId,movieId,rating,timestamp\n1,307,3.5,1256677221\n", **FIRST_ROW)
    assert list(rating) == ["rating", "movieId", "userId", "timestamp"]
    (entry,) = read("Bucket,Key,Size,LastModifiedDate\nb,k,1,d\n", **FIRST_ROW)
    assert list(entry) == ["LastModifiedDate", "Bucket", "Size", "Key"]


PRODUCTS = {"inventory": {"products": {"featured": [1, {"a": 2}], "a/b": [3]}}, "price": {"x": 1, "y": [2]}}
JSONS = {
    "an array": ([1, "two", None, {"a": 4}], {}, [1, "two", None, {"a": 4}]),
    "an object": ({"b": 1, "a": [2]}, {}, [{"Key": "b", "Value": 1}, {"Key": "a", "Value": [2]}]),
    "an array at a pointer": (PRODUCTS, {"ItemsPointer": "/inventory/products/featured"}, [1, {"a": 2}]),
    "an escaped pointer": (PRODUCTS, {"ItemsPointer": "/inventory/products/a~1b"}, [3]),
    "an object at a pointer": (PRODUCTS, {"ItemsPointer": "/price"}, [{"Key": "x", "Value": 1}, {"Key": "y", "Value": [2]}]),
    "an index": (PRODUCTS, {"ItemsPointer": "/price/y"}, [2]),
    "MaxItems": ([1, 2, 3], {"MaxItems": 1}, [1]),
    "neither": (3, {}, (FAILED, "Attempting to map over non-iterable node.")),
    "no such place": (PRODUCTS, {"ItemsPointer": "/nothing"}, (FAILED, "The ItemsPointer '/nothing' names nothing in the file.")),
}  # fmt: skip


@pytest.mark.parametrize("name", JSONS)
def test_elements_and_members_of_a_json_file_are_items(read, name):
    content, config, expected = JSONS[name]
    assert read(json.dumps(content), InputType="JSON", **config) == expected


def test_a_json_file_that_is_broken_fails_the_reader(read):
    error, cause = read('{"a":', InputType="JSON")
    assert (error, cause) == (
        FAILED,
        "The JSON file cannot be read: Unexpected end-of-input within/between Object entries",
    )


def test_lines_of_json_lines_are_items(read):
    assert read('{"a": 1}\n\n[2]\n"x"', InputType="JSONL") == [{"a": 1}, [2], "x"]


def test_a_broken_line_of_json_lines_is_named(read):
    error, cause = read("1\n{\n", InputType="JSONL")
    assert error == FAILED
    assert cause.startswith("Line 2 of the JSON Lines file cannot be read: ")


def test_files_may_be_compressed(read):
    assert read(gzip.compress(b"[1, 2]"), "items.json.gz", InputType="JSON") == [1, 2]
    pyarrow = pytest.importorskip("pyarrow")
    assert read(pyarrow.compress(b"1\n2\n", "zstd", asbytes=True), "items.jsonl.zst", InputType="JSONL") == [1, 2]


def test_what_is_not_compressed_as_its_name_says_fails_the_reader(read):
    error, cause = read(b"[1, 2]", "items.json.gz", InputType="JSON")
    assert (error, cause) == (FAILED, "The object items.json.gz cannot be read as JSON: Not a gzipped file (b'[1')")


def test_rows_of_parquet_are_items(read):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"id": [1, 2], "tags": [["x"], None], "raw": [b"r", None]}), file)
    assert read(file.getvalue(), InputType="PARQUET") == [
        {"id": 1, "tags": ["x"], "raw": "r"},
        {"id": 2, "tags": None, "raw": None},
    ]
    error, cause = read(b"no parquet", InputType="PARQUET")
    assert error == FAILED
    assert cause.startswith("The Parquet file cannot be read: ")


def test_without_its_library_parquet_is_an_error_that_names_it(read, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert read(b"", InputType="PARQUET") == (
        "Dynastep.NotBuilt",
        "Dynastep reads Parquet files with the library pyarrow: install dynastep[datasets].",
    )


ABOUT = {"Source.$": "$$.Map.Item.Source", "Index.$": "$$.Map.Item.Index", "Value.$": "$$.Map.Item.Value"}


def test_listed_objects_are_items(dynastep, s3):
    for name in ("b", "a", "other"):
        s3.put_object(Bucket=BUCKET, Key=f"in/{name}" if name != "other" else name, Body=b"12")
    lister = reader(resource="listObjectsV2", parameters={"Prefix": "in/"})
    ended = dynastep.run(machine(ItemReader=lister, ItemSelector=ABOUT))
    assert [(item["Source"], item["Index"], item["Value"]["Key"]) for item in ended.output] == [
        (f"s3://{BUCKET}", 0, "in/a"),
        (f"s3://{BUCKET}", 1, "in/b"),
    ]
    value = ended.output[0]["Value"]
    assert list(value) == ["Etag", "LastModified", "Key", "Size", "StorageClass"]
    assert (value["Etag"], value["Size"], value["StorageClass"]) == (
        '"c20ad4d76fe97759aa27a0c99bff6710"',
        2,
        "STANDARD",
    )
    assert isinstance(value["LastModified"], int)


def test_more_objects_than_a_page_has_are_listed(dynastep, s3):
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"{number}", Body=b"")
    ended = dynastep.run(machine(ItemReader=reader(resource="listObjectsV2", parameters={"MaxKeys": 2})))
    assert [item["Key"] for item in ended.output] == ["0", "1", "2", "3", "4"]


def test_listed_objects_can_be_loaded_and_flattened(dynastep, s3):
    s3.put_object(Bucket=BUCKET, Key="in/", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="in/1.json", Body=b"[1, 2]")
    s3.put_object(Bucket=BUCKET, Key="in/2.json", Body=b"[3]")
    loader = reader(
        resource="listObjectsV2", parameters={"Prefix": "in/"}, InputType="JSON", Transformation="LOAD_AND_FLATTEN"
    )
    ended = dynastep.run(machine(ItemReader=loader, ItemSelector=ABOUT))
    assert ended.output == [
        {"Source": f"s3://{BUCKET}/in/1.json", "Index": 0, "Value": 1},
        {"Source": f"s3://{BUCKET}/in/1.json", "Index": 1, "Value": 2},
        {"Source": f"s3://{BUCKET}/in/2.json", "Index": 2, "Value": 3},
    ]


def test_an_inventory_s_entries_are_items(dynastep, s3):
    rows = b'"source","a.csv","12","2022-11-16T00:27:19.000Z"\n"source","b.csv","3","2022-11-16T00:29:32.000Z"\n'
    s3.put_object(Bucket=BUCKET, Key="inventory/data.csv.gz", Body=gzip.compress(rows))
    manifest = {
        "destinationBucket": f"arn:aws:s3:::{BUCKET}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate",
        "files": [{"key": "inventory/data.csv.gz"}],
    }
    s3.put_object(Bucket=BUCKET, Key="inventory/manifest.json", Body=json.dumps(manifest))
    expected = [
        {"LastModifiedDate": "2022-11-16T00:27:19.000Z", "Bucket": "source", "Size": "12", "Key": "a.csv"},
        {"LastModifiedDate": "2022-11-16T00:29:32.000Z", "Bucket": "source", "Size": "3", "Key": "b.csv"},
    ]
    for config in ({"InputType": "MANIFEST"}, {"ManifestType": "S3_INVENTORY"}):
        assert dynastep.run(machine(ItemReader=reader("inventory/manifest.json", **config))).output == expected


def test_the_objects_that_an_athena_manifest_names_are_read(dynastep, s3):
    s3.put_object(Bucket=BUCKET, Key="1.gz", Body=gzip.compress(b'{"a":1}\n'))
    s3.put_object(Bucket=BUCKET, Key="2", Body=b'{"a":2}\n')
    s3.put_object(Bucket=BUCKET, Key="manifest.csv", Body=f"s3://{BUCKET}/1.gz\ns3://{BUCKET}/2\n".encode())
    manifest = reader("manifest.csv", InputType="JSONL", ManifestType="ATHENA_DATA")
    ended = dynastep.run(machine(ItemReader=manifest, ItemSelector=ABOUT))
    assert [(item["Source"], item["Value"]) for item in ended.output] == [
        (f"s3://{BUCKET}/1.gz", {"a": 1}),
        (f"s3://{BUCKET}/2", {"a": 2}),
    ]


def test_a_manifest_that_is_none_fails_the_reader(read):
    assert read("[]", InputType="MANIFEST") == (FAILED, "The manifest is not that of an S3 inventory.")
    assert read("what\n", InputType="JSONL", ManifestType="ATHENA_DATA") == (
        FAILED,
        "The manifest names 'what', which is not the URI of an object.",
    )


def test_a_version_of_an_object_can_be_read(dynastep, s3):
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="k", Body=b"[1]")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"[2]")
    versioned = reader("k", parameters={"VersionId": first}, InputType="JSON")
    assert dynastep.run(machine(ItemReader=versioned)).output == [1]


def test_what_s3_refuses_fails_the_reader(dynastep, s3):
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"[1]")
    missing = dynastep.run(machine(ItemReader=reader("nothing", InputType="JSON")))
    assert missing.error == FAILED
    assert re.fullmatch(
        r"The specified key does not exist\. \(Service: S3, Status Code: 404, Request ID: \w+\)", missing.cause
    )
    assert types(missing.history)[2:] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    nowhere = dynastep.run(machine(ItemReader=reader("k", bucket="nowhere", InputType="JSON")))
    assert nowhere.error == FAILED
    assert nowhere.cause.startswith("The specified bucket does not exist (Service: S3, Status Code: 404")
    owned = reader("k", parameters={"ExpectedBucketOwner": "999999999999"}, InputType="JSON")
    assert dynastep.run(machine(ItemReader=owned)).cause == "Access Denied (Service: S3, Status Code: 403)"


def test_a_reader_without_a_key_fails(dynastep, s3):
    ended = dynastep.run(machine(ItemReader=reader(InputType="JSON")))
    assert (ended.error, ended.cause) == (
        FAILED,
        'Parameter validation failed:\nMissing required parameter in input: "Key"',
    )


def test_a_failed_reader_can_be_caught(dynastep, s3):
    definition = machine(ItemReader=reader("nothing", InputType="JSON"))
    definition["States"]["Map"]["Catch"] = [{"ErrorEquals": [FAILED], "Next": "Done"}]
    definition["States"]["Done"] = {"Type": "Pass", "Result": "caught", "End": True}
    assert dynastep.run(definition).output == "caught"


# Results


def test_results_are_exported_in_files_by_status(dynastep, s3, states):
    items = [{"odd": False, "n": 1}, {"odd": True, "n": 2}, {"odd": False, "n": 3}]
    ended = dynastep.run(machine(ODD, ToleratedFailureCount=1, ResultWriter=writer(), Label="Odd"), items)
    run = ended.output["MapRunArn"]
    folder = f"out/{run.rpartition(':')[2]}"
    assert ended.output["ResultWriterDetails"] == {"Bucket": BUCKET, "Key": f"{folder}/manifest.json"}
    files = contents(s3, folder)
    assert json.loads(files["manifest.json"]) == {
        "DestinationBucket": BUCKET,
        "MapRunArn": run,
        "ResultFiles": {
            "FAILED": [{"Key": f"{folder}/FAILED_0.json", "Size": len(files["FAILED_0.json"])}],
            "PENDING": [],
            "SUCCEEDED": [{"Key": f"{folder}/SUCCEEDED_0.json", "Size": len(files["SUCCEEDED_0.json"])}],
        },
    }
    one, three = json.loads(files["SUCCEEDED_0.json"])
    assert (one["Input"], three["Input"]) == ('{"odd":false,"n":1}', '{"odd":false,"n":3}')
    name = one["Name"]
    assert re.fullmatch(UUID, name)
    prefix = f"arn:aws:states:us-east-1:{dynastep.account}"
    assert one == {
        "ExecutionArn": f"{prefix}:execution:machine-1/Odd:{name}",
        "Input": '{"odd":false,"n":1}',
        "InputDetails": {"Included": True},
        "Name": name,
        "Output": '{"odd":false,"n":1}',
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "StartDate": "2026-01-01T00:00:00.000Z",
        "StateMachineArn": f"{prefix}:stateMachine:machine-1/Odd",
        "Status": "SUCCEEDED",
        "StopDate": "2026-01-01T00:00:00.000Z",
    }
    (two,) = json.loads(files["FAILED_0.json"])
    assert (two["Error"], two["Status"], two["RedriveStatus"]) == ("Odd", "FAILED", "REDRIVABLE_BY_MAP_RUN")
    assert "Output" not in two
    assert counted(only_run(states, ended)) == {"succeeded": 2, "failed": 1, "total": 3, "resultsWritten": 3}


LISTS = {"Do": {"Type": "Pass", "Result": [1, 2], "End": True}}
TRANSFORMED = {
    "COMPACT": [[1, 2], [1, 2]],
    "FLATTEN": [1, 2, 1, 2],
}


@pytest.mark.parametrize("transformation", TRANSFORMED)
def test_results_are_transformed(dynastep, s3, transformation):
    config = {"Transformation": transformation, "OutputType": "JSON"}
    expected = TRANSFORMED[transformation]
    assert dynastep.run(machine(LISTS, ResultWriter={"WriterConfig": config}), [0, 0]).output == expected
    ended = dynastep.run(machine(LISTS, ResultWriter=writer(**config)), [0, 0])
    folder = ended.output["ResultWriterDetails"]["Key"].rpartition("/")[0]
    assert json.loads(contents(s3, folder)["SUCCEEDED_0.json"]) == expected


def test_results_can_be_json_lines(dynastep, s3):
    config = {"Transformation": "COMPACT", "OutputType": "JSONL"}
    ended = dynastep.run(machine(ResultWriter=writer(**config)), [1, {"a": 2}])
    folder = ended.output["ResultWriterDetails"]["Key"].rpartition("/")[0]
    files = contents(s3, folder)
    assert files["SUCCEEDED_0.jsonl"] == b'1\n{"a":2}\n'
    assert json.loads(files["manifest.json"])["ResultFiles"]["SUCCEEDED"][0]["Key"] == f"{folder}/SUCCEEDED_0.jsonl"


def test_what_failed_is_shown_with_its_metadata_whatever_the_transformation(dynastep):
    ended = dynastep.run(machine(FAIL, ToleratedFailurePercentage=100), [1])
    (result,) = ended.output
    assert (result["Error"], result["Cause"], result["Input"], result["Status"]) == (
        "Tired",
        "It was late.",
        "1",
        "FAILED",
    )


def test_what_a_failed_map_run_has_not_started_is_exported_as_pending(dynastep, s3, states):
    ended = dynastep.run(machine(FAIL, MaxConcurrency=1, ResultWriter=writer()), [1, 2, 3])
    assert (ended.error, ended.cause) == EXCEEDED
    run = only_run(states, ended)
    assert counted(run) == {"pending": 2, "failed": 1, "total": 3, "resultsWritten": 3}
    files = contents(s3, f"out/{run['mapRunArn'].rpartition(':')[2]}")
    assert json.loads(files["PENDING_0.json"]) == [
        {"Input": "2", "InputDetails": {"Included": True}, "Status": "PENDING"},
        {"Input": "3", "InputDetails": {"Included": True}, "Status": "PENDING"},
    ]
    assert "SUCCEEDED_0.json" not in files


def test_map_runs_are_found_while_other_executions_start(dynastep):
    arn = dynastep.client("stepfunctions").create_state_machine(
        name="many", definition=json.dumps(machine()), roleArn=f"arn:aws:iam::{dynastep.account}:role/any"
    )["stateMachineArn"]
    for _ in range(2):
        dynastep.run(arn, [1])
    looking = dynastep._world.state_machines(dynastep._call("ListStateMachines", {})).find(arn).map_runs()
    next(looking)
    dynastep.run(arn, [1])
    assert len(list(looking)) == 1


def test_a_writer_that_cannot_write_fails_the_state(dynastep, states):
    ended = dynastep.run(machine(ResultWriter=writer("nowhere")), [1])
    assert ended.error == "States.ResultWriterFailed"
    assert ended.cause.startswith("The specified bucket does not exist (Service: S3, Status Code: 404")
    assert only_run(states, ended)["status"] == "FAILED"


def test_a_prefix_that_is_no_text_fails_the_state(dynastep, s3):
    odd = {"Resource": writer()["Resource"], "Parameters": {"Bucket": BUCKET, "Prefix.$": "$[0]"}}
    ended = dynastep.run(machine(ResultWriter=odd), [1])
    text = "The Prefix of the ResultWriter must be a string."
    assert (ended.error, ended.cause) == ("States.ResultWriterFailed", text)


def test_results_that_are_too_large_for_a_state_fail_it(dynastep, s3):
    large = {"Do": {"Type": "Pass", "Result": "x" * 100_000, "End": True}}
    ended = dynastep.run(machine(large), [1, 2, 3])
    text = "The state/task 'Map' returned a result with a size exceeding the maximum number of bytes service limit."
    assert (ended.error, ended.cause) == ("States.DataLimitExceeded", text)
    assert [event["type"] for event in ended.history[-3:]] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    assert dynastep.run(machine(large, ResultWriter=writer()), [1, 2, 3]).status == "SUCCEEDED"


# JSONata


def queries(**fields):
    """The same machine in JSONata."""
    return {**machine(**fields), "QueryLanguage": "JSONata"}


def test_all_parts_take_jsonata(dynastep, s3):
    s3.put_object(Bucket=BUCKET, Key="items.json", Body=b'[{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]')
    definition = queries(
        ItemReader={
            "Resource": "arn:aws:states:::s3:getObject",
            "Arguments": {"Bucket": "{% $states.input.bucket %}", "Key": "items.json"},
            "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $states.input.most %}"},
        },
        ItemSelector={"n": "{% $states.context.Map.Item.Value.n * 10 %}", "by": "{% $states.input.by %}"},
        ItemBatcher={"MaxItemsPerBatch": "{% 1 + 1 %}", "BatchInput": {"at": "{% $states.context.State.Name %}"}},
        MaxConcurrency="{% 2 %}",
        ToleratedFailureCount="{% $states.input.most %}",
        ToleratedFailurePercentage="{% 12.5 %}",
        ResultWriter={
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": "{% {'Bucket': $states.input.bucket, 'Prefix': 'j'} %}",
            "WriterConfig": {"Transformation": "COMPACT"},
        },
        Output="{% $states.result.ResultWriterDetails.Key %}",
    )
    ended = dynastep.run(definition, {"bucket": BUCKET, "most": 3, "by": "me"})
    assert ended.status == "SUCCEEDED", ended.cause
    folder = ended.output.removesuffix("/manifest.json")
    assert folder.startswith("j/")
    assert json.loads(contents(s3, folder)["SUCCEEDED_0.json"]) == [
        {"BatchInput": {"at": "Map"}, "Items": [{"n": 10, "by": "me"}, {"n": 20, "by": "me"}]},
        {"BatchInput": {"at": "Map"}, "Items": [{"n": 30, "by": "me"}]},
    ]


def test_items_may_be_an_object(dynastep):
    selector = {
        "key": "{% $states.context.Map.Item.Key %}",
        "value": "{% $states.context.Map.Item.Value %}",
        "index": "{% $states.context.Map.Item.Index %}",
        "source": "{% $states.context.Map.Item.Source %}",
    }
    items = {"b": 1, "a": {"x": 2}}
    assert dynastep.run(queries(Items="{% $states.input %}"), items).output == [
        {"Key": "b", "Value": 1},
        {"Key": "a", "Value": {"x": 2}},
    ]
    assert dynastep.run(queries(ItemSelector=selector), items).output == [
        {"key": "b", "value": 1, "index": 0, "source": "STATE_DATA"},
        {"key": "a", "value": {"x": 2}, "index": 1, "source": "STATE_DATA"},
    ]


QUERIES = {
    "Items": ("{% 1 %}", "The JSONata expression '1' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was 'number' for value: 1"),
    "MaxConcurrency": ("{% -1 %}", "MaxConcurrency must be between 0 and 99999999 but was: -1"),
    "ToleratedFailureCount": ("{% 1.5 %}", "The ToleratedFailureCount field cannot be parsed as an integer: 1.5"),
    "ToleratedFailurePercentage": ("{% 101 %}", "ToleratedFailurePercentage must be between 0 and 100 but was: 101"),
}  # fmt: skip


@pytest.mark.parametrize("field", QUERIES)
def test_jsonata_that_gives_what_a_field_cannot_use(dynastep, states, field):
    text, cause = QUERIES[field]
    ended = dynastep.run(queries(**{field: text}), [1])
    located = "An error occurred while executing the state 'Map' (entered at the event id #2). "
    assert (ended.error, ended.cause) == ("States.QueryEvaluationError", located + cause)
    assert states.list_map_runs(executionArn=ended.arn)["mapRuns"] == []


# Map Runs and their executions


def test_an_expression_that_fails_fails_the_map_as_inline(dynastep):
    ended = dynastep.run(machine(QueryLanguage="JSONata", ToleratedFailureCount="{% $states.input.none %}"), [1])
    assert types(ended.history)[2:] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "EvaluationFailed"),
        (5, 4, "MapStateFailed"),
        (6, 5, "ExecutionFailed"),
    ]


def test_items_of_the_input_are_selected_before_the_map_run_starts(dynastep):
    ended = dynastep.run(machine(ItemSelector={"n.$": "$$.Map.Item.Value.n"}), [{"n": 1}, {}])
    assert ended.error == "States.Runtime"
    assert types(ended.history)[2:] == [(3, 2, "MapStateStarted"), (4, 3, "ExecutionFailed")]


def test_children_are_executions(dynastep, states):
    ended = dynastep.run(machine(Label="Each"), [{"n": 1}, {"n": 2}])
    prefix = f"arn:aws:states:us-east-1:{dynastep.account}"
    run = only_run(states, ended)
    assert re.fullmatch(f"{prefix}:mapRun:machine-1/Each:{UUID}", run["mapRunArn"])
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert [child["itemCount"] for child in children] == [1, 1]
    arn = children[-1]["executionArn"]
    described = states.describe_execution(executionArn=arn)
    assert (described["input"], described["output"], described["status"]) == ('{"n":1}', '{"n":1}', "SUCCEEDED")
    assert described["mapRunArn"] == run["mapRunArn"]
    assert described["stateMachineArn"] == f"{prefix}:stateMachine:machine-1/Each"
    assert arn == f"{prefix}:execution:machine-1/Each:{described['name']}"
    assert types(states.get_execution_history(executionArn=arn)["events"]) == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "PassStateEntered"),
        (3, 2, "PassStateExited"),
        (4, 3, "ExecutionSucceeded"),
    ]


def test_the_machine_of_a_child_is_the_processor(dynastep, states):
    ended = dynastep.run(machine(Label="Each"), [1])
    run = only_run(states, ended)["mapRunArn"]
    (child,) = states.list_executions(mapRunArn=run)["executions"]
    described = states.describe_state_machine_for_execution(executionArn=child["executionArn"])
    assert (described["mapRunArn"], described["label"]) == (run, "Each")
    assert described["stateMachineArn"] == child["stateMachineArn"]
    assert json.loads(described["definition"]) == {"StartAt": "Do", "States": PASS}


def test_children_can_be_paged_and_filtered(dynastep, states):
    ended = dynastep.run(machine(ODD, ToleratedFailurePercentage=100), [{"odd": n % 2 == 1} for n in range(5)])
    run = only_run(states, ended)["mapRunArn"]
    first = states.list_executions(mapRunArn=run, maxResults=3)
    second = states.list_executions(mapRunArn=run, maxResults=3, nextToken=first["nextToken"])
    assert [len(page["executions"]) for page in (first, second)] == [3, 2]
    assert "nextToken" not in second
    assert len(states.list_executions(mapRunArn=run, statusFilter="FAILED")["executions"]) == 2


def test_express_children_are_described_but_have_no_history(dynastep, states):
    ended = dynastep.run(machine(execution_type="EXPRESS", Label="Each"), [1])
    run = only_run(states, ended)["mapRunArn"]
    (child,) = states.list_executions(mapRunArn=run)["executions"]
    assert re.fullmatch(f".*:express:machine-1/Each:{UUID}:{UUID}", child["executionArn"])
    assert child["executionArn"].endswith(f":{child['name']}")
    described = states.describe_execution(executionArn=child["executionArn"])
    assert (described["output"], described["mapRunArn"]) == ("1", run)
    assert "redriveStatus" not in described
    with pytest.raises(ClientError, match="Invalid Arn: 'Resource type not valid in this context: express'"):
        states.get_execution_history(executionArn=child["executionArn"])


def test_a_map_run_is_described(dynastep, states):
    ended = dynastep.run(machine(MaxConcurrency=2, ToleratedFailurePercentage=12.5, ToleratedFailureCount=3), [1, 2])
    run = only_run(states, ended)
    assert (run["executionArn"], run["status"]) == (ended.arn, "SUCCEEDED")
    assert (run["maxConcurrency"], run["toleratedFailureCount"], run["toleratedFailurePercentage"]) == (2, 3, 12.5)
    assert counted(run) == counted(run, "executionCounts") == {"succeeded": 2, "total": 2, "resultsWritten": 2}
    assert run["redriveCount"] == 0
    assert "redriveDate" not in run


def test_batches_are_counted_by_their_items(dynastep, states):
    ended = dynastep.run(machine(ItemBatcher={"MaxItemsPerBatch": 2}), [1, 2, 3])
    run = only_run(states, ended)
    assert counted(run) == {"succeeded": 3, "total": 3, "resultsWritten": 3}
    assert counted(run, "executionCounts") == {"succeeded": 2, "total": 2, "resultsWritten": 2}
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert [child["itemCount"] for child in children] == [1, 2]


def test_a_map_run_is_updated_while_it_runs(dynastep, states, create):
    dynastep.clock.mode = "manual"
    waiting = {"Do": {"Type": "Wait", "Seconds": 10, "End": True}}
    execution = create(machine(waiting, MaxConcurrency=1), [1, 2, 3])
    (listed,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    arn = listed["mapRunArn"]
    assert "stopDate" not in listed
    assert counted(states.describe_map_run(mapRunArn=arn)) == {"pending": 2, "running": 1, "total": 3}
    states.update_map_run(mapRunArn=arn, maxConcurrency=3, toleratedFailureCount=1, toleratedFailurePercentage=50)
    run = states.describe_map_run(mapRunArn=arn)
    assert counted(run) == {"running": 3, "total": 3}
    assert (run["maxConcurrency"], run["toleratedFailureCount"], run["toleratedFailurePercentage"]) == (3, 1, 50.0)
    states.update_map_run(mapRunArn=arn, maxConcurrency=0)
    assert states.describe_map_run(mapRunArn=arn)["maxConcurrency"] == 10_000
    dynastep.clock.advance(10)
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


@pytest.fixture
def create(dynastep, states):
    """Start a machine; the ARN of the execution."""

    def start(definition, document):
        made = states.create_state_machine(
            name="waiting", definition=json.dumps(definition), roleArn=f"arn:aws:iam::{dynastep.account}:role/r"
        )
        started = states.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(document))
        return started["executionArn"]

    return start


def test_stopping_the_parent_stops_standard_children(dynastep, states, create):
    dynastep.clock.mode = "manual"
    waiting = {"Do": {"Type": "Wait", "Seconds": 10, "End": True}}
    execution = create(machine(waiting, MaxConcurrency=1), [1, 2])
    states.stop_execution(executionArn=execution)
    (listed,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    run = states.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert (run["status"], counted(run)) == ("ABORTED", {"pending": 1, "aborted": 1, "total": 2})
    (child,) = states.list_executions(mapRunArn=listed["mapRunArn"])["executions"]
    described = states.describe_execution(executionArn=child["executionArn"])
    assert (described["status"], described["cause"]) == ("ABORTED", "The parent Map Run was stopped.")
    assert described["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"


def test_a_child_can_be_stopped(dynastep, states, create):
    dynastep.clock.mode = "manual"
    waiting = {"Do": {"Type": "Wait", "Seconds": 10, "End": True}}
    execution = create(machine(waiting, ToleratedFailureCount=1), [1, 2])
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    *_, first = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    states.stop_execution(executionArn=first["executionArn"], error="Enough")
    dynastep.clock.advance(10)
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    assert counted(states.describe_map_run(mapRunArn=run["mapRunArn"]))["aborted"] == 1


def test_the_timeout_of_the_parent_stops_its_children(dynastep, states):
    definition = {**machine({"Do": {"Type": "Wait", "Seconds": 100, "End": True}}), "TimeoutSeconds": 10}
    ended = dynastep.run(definition, [1])
    assert (ended.status, ended.elapsed) == ("TIMED_OUT", 10)
    assert (only_run(states, ended)["status"], counted(only_run(states, ended))) == (
        "ABORTED",
        {"aborted": 1, "total": 1},
    )


def test_tasks_of_children_are_called(dynastep):
    slow = dynastep.function("slow", lambda event: Later(after=5, value=event * 2))
    ended = dynastep.run(machine({"Do": {"Type": "Task", "Resource": slow, "End": True}}), [1, 2, 3])
    assert (ended.output, ended.elapsed) == ([2, 4, 6], 5)


def test_map_runs_that_are_not_there(dynastep, states):
    missing = f"arn:aws:states:us-east-1:{dynastep.account}:mapRun:machine/Label:0"
    for call in (states.describe_map_run, states.update_map_run):
        with pytest.raises(states.exceptions.ResourceNotFound, match=f"Resource not found: '{missing}'"):
            call(mapRunArn=missing)
    with pytest.raises(states.exceptions.ResourceNotFound):
        states.list_executions(mapRunArn=missing)
    with pytest.raises(states.exceptions.InvalidArn, match="Resource type not valid in this context: stateMachine"):
        states.describe_map_run(mapRunArn=missing.replace("mapRun", "stateMachine"))
    with pytest.raises(states.exceptions.ExecutionDoesNotExist):
        states.list_map_runs(executionArn=missing.replace("mapRun", "execution"))
    with pytest.raises(ClientError, match=re.escape("Must specify one of: [stateMachineArn, mapRunArn]")):
        states.list_executions()


def test_a_map_within_a_child_has_a_map_run_of_its_own(dynastep, states):
    inner = machine(Label="Inner")["States"]["Map"]
    inner["ItemProcessor"] |= {"StartAt": "Most", "States": {"Most": {"Type": "Succeed"}}}
    ended = dynastep.run(machine({"Do": inner}, Label="Outer"), [[1, 2], [3]])
    assert ended.output == [[1, 2], [3]]
    outer = only_run(states, ended)["mapRunArn"]
    child = states.list_executions(mapRunArn=outer)["executions"][-1]["executionArn"]
    (run,) = states.list_map_runs(executionArn=child)["mapRuns"]
    assert ":mapRun:machine-1/Inner:" in run["mapRunArn"]
    assert counted(states.describe_map_run(mapRunArn=run["mapRunArn"]))["succeeded"] == 2
    grandchild = states.list_executions(mapRunArn=run["mapRunArn"])["executions"][-1]["executionArn"]
    assert states.describe_execution(executionArn=grandchild)["output"] == "1"
