"""diskannpy's index on disk, measured as disk_bench measures ours.

    disk.py FOLDER INDEX_FOLDER [--ratio 0.125] [--threads 1]
    disk.py FOLDER INDEX_FOLDER --lists 10 16 24 [--cached NODES]

FOLDER holds base.f16.npy, query.f16.npy, gt_l2.ids.npy. Where there is no
INDEX_FOLDER the index is built there, with degree 56 and list 100 as ours, its
codes within `--ratio` of the raw bytes; it is measured by another call, whose
memory the build has not touched. `--cached` nodes are kept in memory, the first
from the entry point on, or with `--by-sample` those that walks for sampled rows
pass most.

One thread, one query a call. Of each setting: queries per second of CPU and of
the clock, recall@10, and 4 KiB blocks that the process fetched from the disk a
query: it reads past the page cache (O_DIRECT). The time is that of the calls
only; recall is counted after them.
"""
import argparse
import pathlib
import time

import diskannpy
import numpy as np

K = 10
MIN_SECONDS = 0.5


def number_in(path, name):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def anonymous_mib():
    return number_in("/proc/self/status", "RssAnon") / 1024


def blocks_fetched():
    return number_in("/proc/self/io", "read_bytes") / 4096


def build(folder, index, ratio, threads):
    base = np.load(folder / "base.f16.npy").astype(np.float32)
    index.mkdir(parents=True)
    before = time.process_time(), time.monotonic()
    diskannpy.build_disk_index(
        base, "l2", str(index), complexity=100, graph_degree=56,
        search_memory_maximum=base.nbytes * ratio / 2**30,
        build_memory_maximum=8, num_threads=threads, pq_disk_bytes=0)
    print(f"built in {time.process_time() - before[0]:.1f} CPU s, "
          f"{time.monotonic() - before[1]:.1f} s")


def measure(index, queries, truth, size, beam):
    """Prints one setting, over all queries as often as takes MIN_SECONDS."""
    asked = 0
    blocks = blocks_fetched()
    cpu, clock = time.process_time(), time.monotonic()
    while True:
        found = [index.search(query, K, size, beam).identifiers
                 for query in queries]
        asked += len(found)
        spent = time.process_time() - cpu, time.monotonic() - clock
        if spent[1] >= MIN_SECONDS:
            break
    reads = (blocks_fetched() - blocks) / asked
    hits = sum(len(set(near) & set(got)) for near, got in zip(truth, found))
    print(f"list {size:4} beam {beam:2} {asked / spent[0]:8.0f} q/CPU s "
          f"{asked / spent[1]:8.0f} q/s  "
          f"recall {hits / len(queries) / K:.4f}  reads {reads:.1f}",
          flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("index", type=pathlib.Path)
    parser.add_argument("--ratio", type=float, default=0.125)
    parser.add_argument("--lists", type=int, nargs="+",
                        default=[10, 16, 24, 32, 48, 64, 96])
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--cached", type=int, default=0, help="nodes")
    parser.add_argument("--by-sample", action="store_true")
    parser.add_argument("--threads", type=int, default=2, help="of the build")
    args = parser.parse_args()
    if not args.index.exists():
        build(args.folder, args.index, args.ratio, args.threads)
        return
    queries = np.load(args.folder / "query.f16.npy").astype(np.float32)
    truth = np.load(args.folder / "gt_l2.ids.npy")[:, :K]
    before = anonymous_mib()
    # Rooms for two threads, though one searches: with one room 0.7.0 waits for
    # itself when it is opened, for two of its steps want one at the same time.
    # 1: by a sample, 2: from the entry point on, else none
    mechanism = 0 if not args.cached else 1 if args.by_sample else 2
    index = diskannpy.StaticDiskIndex(str(args.index), num_threads=2,
                                      num_nodes_to_cache=args.cached,
                                      cache_mechanism=mechanism)
    print(f"in memory {anonymous_mib() - before:.1f} MiB")
    for beam in args.beams:
        for size in args.lists:
            measure(index, queries, truth, size, beam)
    print("anonymous memory, grown since before it was opened: "
          f"{anonymous_mib() - before:.1f} MiB")


if __name__ == "__main__":
    main()
