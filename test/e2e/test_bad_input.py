"""Input of every bad kind gets an error, and the server goes on."""
import math
import os
import socket
import struct

import grpc
import pytest
from pymilvus.grpc_gen import common_pb2, schema_pb2

from raw import (DataType, column, field, floats, int64_key, longs, ok,
                 placeholder_group, texts, vector)
from support import wait_until

DIM = 4
GOOD = [0.1, 0.2, 0.3, 0.4]


@pytest.fixture
def plain(api, name):
    """id, embedding(4), t VarChar(5), i8, f; one row; loaded."""
    ok(api.create(name, [
        int64_key(), vector(DIM), field("t", DataType.VarChar, max_length=5),
        field("i8", DataType.Int8), field("f", DataType.Float),
        field("j", DataType.JSON)]))
    ok(api.index(name))
    ok(api.load(name))
    ok(api.insert(name, columns(), 1))
    yield name
    # Whatever happened: the server goes on, and nothing came in.
    assert api.count(name) == 1
    assert ok(api.search(name, [GOOD], limit=1)).results.ids.int_id.data == [1]


def columns(**replaced):
    """The columns of one good row, with some replaced or (None) left out."""
    good = {
        "id": longs("id", [1]), "embedding": floats("embedding", [GOOD]),
        "t": texts("t", ["ok"]),
        "i8": column("i8", DataType.Int8, "int_data", [1]),
        "f": column("f", DataType.Float, "float_data", [1.0]),
        "j": column("j", DataType.JSON, "json_data", [b'{"a": 1}'])}
    return [c for c in {**good, **replaced}.values() if c is not None]


BAD_COLUMNS = {
    "a field that the schema lacks": (
        dict(x=longs("x", [1])), "x"),
    "a missing field": (dict(t=None), "t"),
    "a missing key": (dict(id=None), "id"),
    "a missing vector": (dict(embedding=None), "embedding"),
    "a field twice": (dict(x=longs("id", [2])), "id"),
    "a wrong type": (dict(t=longs("t", [1])), "t"),
    "a type that is not that of its values": (
        dict(t=column("t", DataType.VarChar, "long_data", [1])), "t"),
    "too few vector values": (
        dict(embedding=floats("embedding", [GOOD[:3]], dim=DIM)), ""),
    "another dimension": (
        dict(embedding=floats("embedding", [GOOD + GOOD])), "dim"),
    "more rows than said": (dict(id=longs("id", [1, 2])), ""),
    "no values": (dict(t=texts("t", [])), "t"),
    "NaN": (dict(embedding=floats("embedding",
                                  [[1, 2, math.nan, 4]])), "embedding"),
    "infinity": (dict(embedding=floats("embedding",
                                       [[1, 2, -math.inf, 4]])), "embedding"),
    "a float that is NaN": (
        dict(f=column("f", DataType.Float, "float_data", [math.nan])), "f"),
    "a text too long": (dict(t=texts("t", ["123456"])), "max length"),
    "an Int8 out of range": (
        dict(i8=column("i8", DataType.Int8, "int_data", [128])), "i8"),
    "bytes that are no JSON": (
        dict(j=column("j", DataType.JSON, "json_data", [b'{"a": '])), "j"),
    "JSON too long": (
        dict(j=column("j", DataType.JSON, "json_data",
                      [b'"' + b"x" * 70000 + b'"'])), "j"),
    "an empty column": (
        dict(t=schema_pb2.FieldData(type=DataType.VarChar,
                                    field_name="t")), "t"),
    "a dynamic column without dynamic fields": (
        dict(x=schema_pb2.FieldData(type=DataType.JSON, field_name="$meta",
                                    is_dynamic=True)), ""),
}


@pytest.mark.parametrize("rpc", ["Insert", "Upsert"])
@pytest.mark.parametrize("case", BAD_COLUMNS)
def test_a_bad_row_is_refused_with_its_field(api, plain, case, rpc):
    replaced, word = BAD_COLUMNS[case]
    status = api.insert(plain, columns(**replaced), 1, rpc=rpc).status
    assert status.code != 0 and status.error_code != 0
    assert word in status.reason, status.reason
    assert not status.retriable


def test_an_insert_of_no_rows_is_refused(api, plain):
    status = api.insert(plain, [], 0).status
    assert status.code != 0
    assert "num_rows should be greater than 0" in status.reason


def test_an_auto_id_key_must_not_be_given(api, name):
    ok(api.create(name, [int64_key(auto_id=True), vector(DIM)]))
    status = api.insert(name, [longs("id", [1]),
                               floats("embedding", [GOOD])], 1).status
    assert status.code != 0 and "id" in status.reason


@pytest.mark.parametrize("rpc, text", [("Query", "query"), ("Delete", "delete"),
                                       ("Search", "query")])
@pytest.mark.parametrize("expr", [
    "id ==", "nobody == 1", "t > 5", "id / 0 == 1", "id in 5", ")", "t == 'x",
    "id == 1 \u0000", "\u202e", "id > 1.5e999",
])
def test_a_malformed_filter_is_refused(api, plain, rpc, text, expr):
    call = {"Query": lambda: api.query(plain, expr),
            "Delete": lambda: api.delete(plain, expr),
            "Search": lambda: api.search(plain, [GOOD], expr=expr)}[rpc]
    status = call().status
    assert status.code in (1100, 65535), status
    assert (f"failed to create {text} plan: cannot parse expression: {expr}"
            in status.reason)


def test_an_unknown_name_in_a_filter_is_named(api, plain):
    assert "field nobody not exist" in api.query(plain,
                                                 "nobody == 1").status.reason


@pytest.mark.parametrize("limit, text", [
    (0, "topk [0] is invalid, it should be in range [1, 16384], but got 0"),
    (-5, "topk [-5] is invalid"),
    (16385, "topk [16385] is invalid, it should be in range [1, 16384], but "
            "got 16385"),
    (10**18, "is invalid"),
])
def test_top_k_out_of_range_is_refused(api, plain, limit, text):
    assert text in api.search(plain, [GOOD], limit=limit).status.reason


@pytest.mark.parametrize("group", [
    b"", b"\xff\xff\xff", b"\x0a\x05ab",
    placeholder_group([]),
    placeholder_group([GOOD[:3]]),                 # another dimension
    placeholder_group([GOOD], value_type=100),     # a binary vector
    placeholder_group([GOOD], value_type=104),     # a sparse one
    placeholder_group([GOOD], value_type=4711),
    placeholder_group([[1, 2, math.nan, 4]]),
    placeholder_group([[1, 2, math.inf, 4]]),
    placeholder_group([GOOD])[:-1],                # cut off
    common_pb2.PlaceholderGroup(placeholders=[common_pb2.PlaceholderValue(
        tag="$0", type=101, values=[b"123"])]).SerializeToString(),
    os.urandom(200),
], ids=range(13))
def test_a_bad_placeholder_group_is_refused(api, plain, group):
    status = api.search(plain, [GOOD], group=group).status
    assert status.code != 0 and status.reason


@pytest.mark.parametrize("pairs", [
    {}, {"topk": "x"}, {"topk": "10", "params": "{"},
    {"topk": "10", "params": "[]"}, {"topk": "10", "anns_field": "nobody"},
    {"topk": "10", "anns_field": "t"}, {"topk": "10", "metric_type": "NOPE"},
    {"topk": "10", "offset": "-1"}, {"topk": "10", "offset": "16380"},
    {"topk": "99999999999999999999"}, {"topk": "1.5"},
    {"topk": "10", "round_decimal": "99"},
], ids=str)
def test_bad_search_parameters_are_refused(api, plain, pairs):
    from raw import pairs as key_values
    status = api("Search", collection_name=plain, dsl_type=1, nq=1,
                 placeholder_group=placeholder_group([GOOD]),
                 search_params=key_values(pairs)).status
    assert status.code != 0 and status.reason


EMPTY = [
    "CreateCollection", "DescribeCollection", "HasCollection", "LoadCollection",
    "ReleaseCollection", "CreatePartition", "DropPartition", "HasPartition",
    "ShowPartitions", "LoadPartitions", "ReleasePartitions", "Insert", "Upsert",
    "Delete", "Search", "Query", "Flush", "CreateIndex", "DescribeIndex",
    "DropIndex", "GetIndexState", "GetIndexBuildProgress", "CreateAlias",
    "AlterAlias", "DescribeAlias", "RenameCollection", "GetLoadingProgress",
    "GetCollectionStatistics", "GetPartitionStatistics", "ManualCompaction",
    "GetPersistentSegmentInfo", "GetQuerySegmentInfo", "GetCompactionState",
]


@pytest.mark.parametrize("rpc", EMPTY)
def test_an_empty_request_gets_an_answer(api, plain, rpc):
    from raw import status_of
    reply = api(rpc)
    if rpc not in ("Flush",):
        assert status_of(reply).code != 0, rpc


@pytest.mark.parametrize("rpc", EMPTY + ["Connect", "GetVersion",
                                         "AllocTimestamp", "ShowCollections"])
def test_bytes_that_are_no_message_get_an_answer(api, plain, rpc):
    call = api.channel.unary_unary(
        f"/milvus.proto.milvus.MilvusService/{rpc}",
        request_serializer=lambda raw: raw,
        response_deserializer=lambda raw: raw)
    for raw in (b"\xff" * 50, b"\x12\xff\xff\xff\xff\x7f", os.urandom(300)):
        try:
            call(raw, timeout=10)
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.INTERNAL,
                                    grpc.StatusCode.INVALID_ARGUMENT)


def test_a_request_of_65_mb_is_refused_and_one_of_60_taken(api, plain):
    text = texts("t", ["x" * (65 << 20)])
    with pytest.raises(grpc.RpcError) as error:
        api.insert(plain, columns(t=text), 1)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    # Below the limit it is read, and refused for what it says.
    status = api.insert(plain, columns(t=texts("t", ["x" * (60 << 20)])),
                        1).status
    assert status.code != 0 and "max length" in status.reason


@pytest.mark.parametrize("raw", [
    b"", b"\x00", b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">I", 0xFFFFFF00) + b"x",
    os.urandom(10000), b"\x16\x03\x01" + os.urandom(300),
], ids=range(8))
def test_any_bytes_on_the_port_are_survived(server, api, plain, raw):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), 5) as s:
            try:
                s.sendall(raw)
            except OSError:
                pass  # the server may have hung up


def test_a_call_given_up_in_the_middle_does_no_harm(server, plain):
    from raw import Api
    hasty = Api(server.address, timeout=0.001)
    for _ in range(50):
        try:
            hasty.search(plain, [GOOD] * 1000)
        except grpc.RpcError:
            pass
    hasty.close()


def test_idle_and_dead_connections_leave_room_for_others(server, api, plain):
    sockets = [socket.create_connection(("127.0.0.1", server.port), 5)
               for _ in range(200)]
    assert api.count(plain) == 1
    for s in sockets:
        s.close()
    wait_until(lambda: api.count(plain) == 1, "still answers")


def test_an_answer_larger_than_the_configured_one_is_refused(start_server):
    from raw import Api, vector
    server = start_server(
        "small_output", QUOTAANDLIMITS_LIMITS_MAXOUTPUTSIZE=str(1 << 20))
    api = Api(server.address)
    ok(api.create("wide", [int64_key(), vector(512)]))
    ok(api.index("wide"))
    ok(api.load("wide"))
    ok(api.insert("wide", [longs("id", range(1000)),
                           floats("embedding", [[0.5] * 512] * 1000)], 1000))
    every = ["id", "embedding"]
    status = api.query("wide", "id >= 0", every).status
    assert status.code != 0 and "maxOutputSize" in status.reason
    status = api.search("wide", [[0.5] * 512], limit=1000,
                        output=every).status
    assert status.code != 0 and "maxOutputSize" in status.reason
    ok(api.query("wide", "id < 500", every))
    assert api.count("wide") == 1000
    api.close()


def test_a_request_of_countless_empty_parts_is_refused_unparsed(api):
    parts = 65537
    call = api.channel.unary_unary(
        "/milvus.proto.milvus.MilvusService/Flush",
        request_serializer=None, response_deserializer=None)
    with pytest.raises(grpc.RpcError) as error:
        call(b"\x1a\x00" * parts, timeout=10)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "65536 parts" in error.value.details()
