"""Requests of Milvus's protocol, as far as version 2.3 has it."""
import json

from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

STRONG, EVENTUALLY = 0, 3
EVENTUALLY_MARK = 1  # the timestamp that older servers look at
KEY, BUCKET, VECTOR = "id", "bucket", "embedding"


def pairs(values):
    return [common_pb2.KeyValuePair(
        key=key, value=value if isinstance(value, str) else json.dumps(value))
        for key, value in values.items()]


def create_collection(name, dim, shards=1):
    schema = schema_pb2.CollectionSchema(name=name, fields=[
        schema_pb2.FieldSchema(name=KEY, data_type=schema_pb2.Int64,
                               is_primary_key=True),
        schema_pb2.FieldSchema(name=BUCKET, data_type=schema_pb2.Int64),
        schema_pb2.FieldSchema(name=VECTOR, data_type=schema_pb2.FloatVector,
                               type_params=pairs({"dim": str(dim)}))])
    return milvus_pb2.CreateCollectionRequest(
        collection_name=name, schema=schema.SerializeToString(),
        shards_num=shards, consistency_level=STRONG)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def columns(ids, buckets, vectors):
    key = schema_pb2.FieldData(type=schema_pb2.Int64, field_name=KEY)
    key.scalars.long_data.data.extend(ids.tolist())
    bucket = schema_pb2.FieldData(type=schema_pb2.Int64, field_name=BUCKET)
    bucket.scalars.long_data.data.extend(buckets.tolist())
    vector = schema_pb2.FieldData(type=schema_pb2.FloatVector,
                                  field_name=VECTOR)
    vector.vectors.dim = vectors.shape[1]
    # As bytes of the packed field: a list of floats would be made one by one.
    raw = vectors.astype("<f4").tobytes()
    vector.vectors.float_vector.ParseFromString(
        b"\x0a" + varint(len(raw)) + raw)
    return [key, bucket, vector]


def writes(request_type, name, ids, buckets, vectors, batch):
    """InsertRequests or UpsertRequests of `batch` rows each."""
    for begin in range(0, len(ids), batch):
        part = slice(begin, begin + batch)
        yield request_type(
            collection_name=name, num_rows=len(ids[part]),
            fields_data=columns(ids[part], buckets[part], vectors[part]))


def inserts(*args):
    return writes(milvus_pb2.InsertRequest, *args)


def upserts(*args):
    return writes(milvus_pb2.UpsertRequest, *args)


def deletes(name, ids, batch):
    for begin in range(0, len(ids), batch):
        keys = ids[begin:begin + batch].tolist()
        yield milvus_pb2.DeleteRequest(collection_name=name,
                                       expr=f"{KEY} in {keys}")


def consistency(request, level):
    request.consistency_level = level
    request.guarantee_timestamp = EVENTUALLY_MARK if level == EVENTUALLY else 0
    return request


def searches(name, queries, metric, params, *, nq=1, top_k=10, below=None,
             level=EVENTUALLY):
    for begin in range(0, len(queries) - nq + 1, nq):
        group = common_pb2.PlaceholderGroup(placeholders=[
            common_pb2.PlaceholderValue(
                tag="$0", type=common_pb2.PlaceholderType.FloatVector,
                values=[query.tobytes()
                        for query in queries[begin:begin + nq]])])
        yield consistency(milvus_pb2.SearchRequest(
            collection_name=name, nq=nq,
            dsl="" if below is None else f"{BUCKET} < {below}",
            dsl_type=common_pb2.DslType.BoolExprV1,
            placeholder_group=group.SerializeToString(),
            search_params=pairs({
                "anns_field": VECTOR, "topk": str(top_k),
                "metric_type": metric, "round_decimal": "-1",
                "params": params})), level)


def query(name, expr, outputs, level=EVENTUALLY):
    return consistency(milvus_pb2.QueryRequest(
        collection_name=name, expr=expr, output_fields=outputs), level)


def create_index(name, metric, kind, params):
    return milvus_pb2.CreateIndexRequest(
        collection_name=name, field_name=VECTOR, index_name="index",
        extra_params=pairs({"metric_type": metric, "index_type": kind,
                            "params": params}))


def found_ids(results):
    """Ids of a Search's reply, a list per query vector."""
    flat, begin, split = results.results.ids.int_id.data, 0, []
    for count in results.results.topks:
        split.append(flat[begin:begin + count])
        begin += count
    return split
