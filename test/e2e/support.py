"""What several files of tests share: rows, an exact search, waiting."""
import itertools
import math
import time

import numpy as np
from pymilvus import MilvusClient

DIM = 16


def wait_until(condition, what, timeout=20):
    """Looks again every 50 ms; the value of `condition` once it is true."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.05)


def random_vectors(count, seed=7, dim=DIM):
    return np.random.default_rng(seed).normal(
        size=(count, dim)).astype(np.float32)


def clustered_vectors(count, seed, dim):
    """Around common centres, as real ones are."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(40, dim))
    return (centres[random.integers(40, size=count)]
            + random.normal(size=(count, dim)) * 0.7).astype(np.float32)


def rows_with_vectors(count, seed=7, first=0, **columns):
    """[{id, embedding, ...}]; a column is a function of the id."""
    vectors = random_vectors(count, seed)
    return [{"id": first + i, "embedding": vectors[i].tolist(),
             **{name: make(first + i) for name, make in columns.items()}}
            for i in range(count)]


def exact_scores(metric, base, query):
    """Scores as the wire has them: L2 squared; IP and COSINE as they are."""
    base, query = base.astype(np.float64), query.astype(np.float64)
    if metric == "L2":
        return ((base - query) ** 2).sum(axis=1)
    products = base @ query
    if metric == "IP":
        return products
    return products / (np.linalg.norm(base, axis=1) * np.linalg.norm(query))


def exact_ids(metric, base, query, k, ids=None, mask=None):
    scores = exact_scores(metric, base, query)
    order = np.argsort(scores if metric == "L2" else -scores, kind="stable")
    if mask is not None:
        order = [i for i in order if mask[i]]
    return [int(i if ids is None else ids[i]) for i in order[:k]]


def recall(found, truth, k=10):
    """The share of the first k of each row of `truth` that was found."""
    return np.mean([len({hit["id"] for hit in row} & set(map(int, ids[:k]))) / k
                    for row, ids in zip(found, truth)])


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-5)


def make_schema(*, key=None, dynamic=False, auto_id=False, dim=DIM, more=()):
    """id, embedding and `more`: (name, type, {params}) each."""
    from pymilvus import DataType
    schema = MilvusClient.create_schema(auto_id=auto_id,
                                        enable_dynamic_field=dynamic)
    if key == "VarChar":
        schema.add_field("id", DataType.VARCHAR, is_primary=True,
                         max_length=64)
    else:
        schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    for name, data_type, params in more:
        schema.add_field(name, data_type, **params)
    return schema


def add_index(client, name, index_type="FLAT", metric="L2", field="embedding",
              **params):
    index = MilvusClient.prepare_index_params()
    index.add_index(field, index_type=index_type, metric_type=metric,
                    params=params)
    client.create_index(name, index)


def make(client, name, *, index_type="FLAT", metric="L2", load=True,
         level="Strong", index_params=None, shards=1, **schema):
    """A collection with an index, loaded."""
    client.create_collection(name, schema=make_schema(**schema),
                             consistency_level=level, num_shards=shards)
    add_index(client, name, index_type, metric, **(index_params or {}))
    if load:
        client.load_collection(name)


def count(client, name, filter="", **more):
    return client.query(name, filter=filter, output_fields=["count(*)"],
                        **more)[0]["count(*)"]


def ids_where(client, name, filter, **more):
    return [row["id"] for row in client.query(
        name, filter=filter, output_fields=["id"], **more)]


def hits(result):
    """Of one query vector: [(id, score)]."""
    return [(hit["id"], hit["distance"]) for hit in result[0]]


_clients = itertools.count(1)


def new_client(server, **options):
    """A client with a connection of its own: pymilvus 2.5 shares one between
    clients of the same address and user, and closes it with the first."""
    return MilvusClient(server.uri, token=f"client{next(_clients)}:-",
                        **options)
