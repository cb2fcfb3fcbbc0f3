"""Calls without a client's checks in between: Milvus's own stubs on a plain
gRPC channel. For RPCs that no client calls, for input that no client sends, and
where a client would be the bottleneck.

    api = Api("127.0.0.1:19530")
    api.create("c", [int64_key(), vector(8)])
    api.insert("c", [longs("id", [1, 2]), floats("embedding", rows)])
    ok(api.flush("c"))

A method returns the reply as it is; ok() raises ApiError unless it succeeded.
"""
import time
import json
import struct

import grpc
from pymilvus.grpc_gen import (common_pb2, milvus_pb2, milvus_pb2_grpc,
                               schema_pb2)

DataType = schema_pb2.DataType
STRONG, SESSION, BOUNDED, EVENTUALLY = range(4)


class ApiError(Exception):
    def __init__(self, status):
        super().__init__(f"{status.code}: {status.reason}")
        self.code = status.code
        self.reason = status.reason
        self.retriable = status.retriable


def status_of(reply):
    return reply if isinstance(reply, common_pb2.Status) else reply.status


def ok(reply):
    status = status_of(reply)
    if status.code != 0 or status.error_code != 0:
        raise ApiError(status)
    return reply


# Fields of a schema. ---------------------------------------------------------

def field(name, data_type, key=False, auto_id=False, **params):
    return schema_pb2.FieldSchema(
        name=name, data_type=data_type, is_primary_key=key, autoID=auto_id,
        type_params=pairs(params))


def int64_key(name="id", auto_id=False):
    return field(name, DataType.Int64, key=True, auto_id=auto_id)


def varchar_key(name="id", max_length=64):
    return field(name, DataType.VarChar, key=True, max_length=max_length)


def vector(dim, name="embedding"):
    return field(name, DataType.FloatVector, dim=dim)


def pairs(values):
    return [common_pb2.KeyValuePair(
        key=key, value=value if isinstance(value, str) else json.dumps(value))
        for key, value in values.items()]


# Columns of an insert. -------------------------------------------------------

def column(name, data_type, part, values):
    data = schema_pb2.FieldData(type=data_type, field_name=name)
    getattr(data.scalars, part).data.extend(values)
    return data


def longs(name, values):
    return column(name, DataType.Int64, "long_data", values)


def texts(name, values):
    return column(name, DataType.VarChar, "string_data", values)


def floats(name, rows, dim=None):
    """A FloatVector column."""
    data = schema_pb2.FieldData(type=DataType.FloatVector, field_name=name)
    data.vectors.dim = dim if dim is not None else len(rows[0])
    for row in rows:
        data.vectors.float_vector.data.extend(row)
    return data


def placeholder_group(vectors, value_type=101):
    return common_pb2.PlaceholderGroup(placeholders=[
        common_pb2.PlaceholderValue(
            tag="$0", type=value_type,
            values=[struct.pack(f"<{len(v)}f", *v) for v in vectors])
    ]).SerializeToString()


def values_of(reply, name):
    """A column of a Query's or Search's fields_data as a list."""
    fields = getattr(reply, "results", reply).fields_data
    for data in fields:
        if data.field_name == name:
            part = data.scalars.WhichOneof("data")
            return list(getattr(data.scalars, part).data)
    return []


def ids_of(reply):
    """The keys of a Search's reply, one list per query vector."""
    ids = reply.results.ids
    flat = list(getattr(ids, ids.WhichOneof("id_field")).data) \
        if ids.WhichOneof("id_field") else []
    split, begin = [], 0
    for count in reply.results.topks:
        split.append(flat[begin:begin + count])
        begin += count
    return split


class Api:
    def __init__(self, address, timeout=30, metadata=()):
        self.channel = grpc.insecure_channel(address, options=[
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 20),
            ("grpc.min_reconnect_backoff_ms", 2000),
            ("grpc.max_reconnect_backoff_ms", 100),
        ])
        self.stub = milvus_pb2_grpc.MilvusServiceStub(self.channel)
        self.timeout = timeout
        self.metadata = metadata

    def close(self):
        self.channel.close()

    def call(self, rpc, request):
        return getattr(self.stub, rpc)(request, timeout=self.timeout,
                                       metadata=self.metadata)

    def __call__(self, rpc, _request=None, **fields):
        """api("HasCollection", collection_name="c")"""
        request = getattr(milvus_pb2, (_request or rpc) + "Request")(**fields)
        return self.call(rpc, request)

    def create(self, name, fields, *, shards=1, dynamic=False, level=STRONG,
               **extra):
        schema = schema_pb2.CollectionSchema(
            name=name, fields=fields, enable_dynamic_field=dynamic)
        return self("CreateCollection", collection_name=name,
                    schema=schema.SerializeToString(), shards_num=shards,
                    consistency_level=level, **extra)

    def index(self, name, index_type="FLAT", metric="L2", field="embedding",
              index_name="", **params):
        return self("CreateIndex", collection_name=name, field_name=field,
                    index_name=index_name, extra_params=pairs({
                        "index_type": index_type, "metric_type": metric,
                        "params": json.dumps(params)}))

    def load(self, name, **extra):
        """Loading goes on behind the answer: returns when it has ended."""
        reply = self("LoadCollection", collection_name=name, **extra)
        deadline = time.monotonic() + self.timeout
        while status_of(reply).code == 0 and self(
                "GetLoadingProgress", collection_name=name,
                **extra).progress < 100:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} is not loaded")
            time.sleep(0.01)
        return reply

    def insert(self, name, columns, rows, rpc="Insert", **extra):
        return self(rpc, collection_name=name, fields_data=columns,
                    num_rows=rows, **extra)

    def upsert(self, name, columns, rows, **extra):
        return self.insert(name, columns, rows, rpc="Upsert", **extra)

    def delete(self, name, expr, **extra):
        return self("Delete", collection_name=name, expr=expr, **extra)

    def query(self, name, expr, output=("id",), level=STRONG, limit=None,
              **extra):
        params = {} if limit is None else {"limit": str(limit)}
        return self("Query", collection_name=name, expr=expr,
                    output_fields=list(output), consistency_level=level,
                    query_params=pairs(params), **extra)

    def count(self, name, expr=""):
        return values_of(ok(self.query(name, expr, ["count(*)"])),
                         "count(*)")[0]

    def search(self, name, vectors, limit=10, expr="", metric="L2",
               level=STRONG, output=(), field="embedding", params=None,
               group=None, **extra):
        search_params = pairs({
            "anns_field": field, "topk": str(limit), "metric_type": metric,
            "params": json.dumps(params or {}), "round_decimal": "-1"})
        return self("Search", collection_name=name, dsl=expr, dsl_type=1,
                    placeholder_group=group if group is not None
                    else placeholder_group(vectors),
                    output_fields=list(output), search_params=search_params,
                    nq=len(vectors), consistency_level=level, **extra)

    def flush(self, name):
        return self("Flush", collection_names=[name])
