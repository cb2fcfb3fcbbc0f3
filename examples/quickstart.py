"""Semantic search in 5,000 sentences, from create to search.

    build/release/bin/elanus standalone --data ./elanus-data &
    pip install 'pymilvus==2.6.17' 'setuptools<70' numpy
    python examples/quickstart.py [http://localhost:19530]
"""
import gzip
import json
import pathlib
import sys

import numpy as np
from pymilvus import DataType, MilvusClient

DATA = pathlib.Path(__file__).parent / "data"
NAME = "sentences"


def read_json_lines(name):
    with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def create(client):
    schema = MilvusClient.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=1000)
    schema.add_field("cat", DataType.VARCHAR, max_length=50)
    schema.add_field("num", DataType.INT64)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=384)
    client.create_collection(NAME, schema=schema, consistency_level="Strong")


def insert(client):
    rows = read_json_lines("docs.jsonl.gz")
    vectors = np.load(DATA / "base.f16.npy").astype(np.float32)
    for row, vector in zip(rows, vectors):
        row["embedding"] = vector.tolist()
    for begin in range(0, len(rows), 1000):
        client.insert(NAME, rows[begin:begin + 1000])
    client.flush(NAME)


def build_index(client):
    index = MilvusClient.prepare_index_params()
    index.add_index("embedding", index_type="HNSW", metric_type="COSINE",
                    params={"M": 16, "efConstruction": 200})
    client.create_index(NAME, index)
    client.load_collection(NAME)


def search(client, vectors, limit=10, filter=""):
    return client.search(
        NAME, data=[vector.tolist() for vector in vectors], limit=limit,
        filter=filter, anns_field="embedding",
        search_params={"metric_type": "COSINE", "params": {"ef": 100}},
        output_fields=["text", "cat"])


def show(query, hits):
    print(f"  {query['text']}")
    for hit in hits:
        print(f"    {hit['distance']:.3f}  {hit['entity']['cat']:<8}  "
              f"{hit['entity']['text'][:90]}")


def main():
    uri = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:19530"
    client = MilvusClient(uri)
    if client.has_collection(NAME):
        client.drop_collection(NAME)
    create(client)
    insert(client)
    build_index(client)
    queries = read_json_lines("queries.jsonl.gz")[2:5]
    vectors = np.load(DATA / "queries.f16.npy").astype(np.float32)[2:5]
    print("Nearest sentences:")
    for query, hits in zip(queries, search(client, vectors, limit=3)):
        show(query, hits)
    print("Nearest verbs:")
    for query, hits in zip(
            queries, search(client, vectors, limit=3, filter='cat == "verb"')):
        show(query, hits)


if __name__ == "__main__":
    main()
