"""diskannpy's index on disk, measured as disk_bench measures ours.

    disk.py FOLDER INDEX_FOLDER [--ratio 0.125] [--lists 10 16 24]

FOLDER holds base.f16.npy, query.f16.npy, gt_l2.ids.npy. The index is built where
INDEX_FOLDER has none, with degree 56 and list 100 as ours, its codes within
`--ratio` of the raw bytes. One thread, one query a call. Of each setting: queries per
second of CPU and of the clock, recall@10, and 4 KiB blocks that the process
fetched from the disk a query: it reads past the page cache.
"""
import argparse
import pathlib
import resource
import time

import diskannpy
import numpy as np

K = 10


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def status_kb(name):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def blocks_read():
    for line in pathlib.Path("/proc/self/io").read_text().splitlines():
        if line.startswith("read_bytes"):
            return int(line.split()[1]) / 4096
    return 0


def build(folder, index, ratio, threads):
    base = np.load(folder / "base.f16.npy").astype(np.float32)
    index.mkdir(parents=True)
    before = cpu_seconds(), time.monotonic()
    diskannpy.build_disk_index(
        base, "l2", str(index), complexity=100, graph_degree=56,
        search_memory_maximum=base.nbytes * ratio / 2**30,
        build_memory_maximum=8, num_threads=threads, pq_disk_bytes=0)
    print(f"built in {cpu_seconds() - before[0]:.1f} CPU s, "
          f"{time.monotonic() - before[1]:.1f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("index", type=pathlib.Path)
    parser.add_argument("--ratio", type=float, default=0.125)
    parser.add_argument("--lists", type=int, nargs="+",
                        default=[10, 16, 24, 32, 48, 64, 96])
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--cached", type=int, default=0, help="nodes")
    parser.add_argument("--threads", type=int, default=2, help="of the build")
    args = parser.parse_args()
    if not args.index.exists():
        build(args.folder, args.index, args.ratio, args.threads)
        return
    queries = np.load(args.folder / "query.f16.npy").astype(np.float32)
    truth = np.load(args.folder / "gt_l2.ids.npy")[:, :K]
    anonymous = status_kb("RssAnon")
    index = diskannpy.StaticDiskIndex(str(args.index), num_threads=1,
                                      num_nodes_to_cache=args.cached,
                                      cache_mechanism=2 if args.cached else 0)
    print(f"in memory {(status_kb('RssAnon') - anonymous) / 1024:.1f} MiB")
    for beam in args.beams:
        for size in args.lists:
            before = cpu_seconds(), time.monotonic(), blocks_read()
            hits = asked = 0
            while time.monotonic() - before[1] < 0.5:
                for query, near in zip(queries, truth):
                    found = index.search(query, K, size, beam).identifiers
                    hits += len(set(near) & set(found))
                    asked += 1
            print(f"list {size:4} beam {beam:2} "
                  f"{asked / (cpu_seconds() - before[0]):8.0f} q/CPU s "
                  f"{asked / (time.monotonic() - before[1]):8.0f} q/s  "
                  f"recall {hits / asked / K:.4f}  "
                  f"reads {(blocks_read() - before[2]) / asked:.1f}")


if __name__ == "__main__":
    main()
