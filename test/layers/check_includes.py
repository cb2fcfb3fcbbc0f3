#!/usr/bin/env python3
"""Holds every #include under src/ against the table of layers.

usage: check_includes.py SOURCE_ROOT

A file may include its own folder, the folders that its row names, the standard
library, and the third-party headers of its row. Generated protobuf headers
(proto/...) stay in role/ and above. A folder's tests (*_test.cc, *_fuzz.cc)
and testing/ may use testing/ and gtest besides.
"""
import pathlib
import re
import sys

FOUNDATION = {"base"}
LAYERS_1_AND_2 = {"simd", "types", "storage"}
LAYER_3 = {"index", "expr"}
BELOW_ROLE = FOUNDATION | LAYERS_1_AND_2 | LAYER_3 | {"segment"}
BELOW_ROLES = BELOW_ROLE | {"role"}

MAY_INCLUDE = {
    "base": set(),
    "simd": FOUNDATION,
    "types": FOUNDATION | {"simd"},
    "storage": FOUNDATION,
    "index": {"base", "types", "simd"},
    "expr": {"base", "types", "simd"},
    "segment": FOUNDATION | LAYERS_1_AND_2 | LAYER_3,
    "role": {"base", "types", "storage"},
    "access": BELOW_ROLES,
    "coordinator": BELOW_ROLES,
    "worker": BELOW_ROLES,
    "server": BELOW_ROLES | {"access", "coordinator", "worker"},
    "testing": BELOW_ROLES,
}
MAY_INCLUDE_PROTO = {"role", "access", "coordinator", "worker", "server",
                     "testing"}

# Libraries that one folder wraps, each by the first part of its header's path.
EVERYWHERE = {"absl", "fmt"}
WRAPPED = {
    "base": {"spdlog", "prometheus", "yaml-cpp", "mimalloc.h"},
    "types": {"simdjson.h"},
    "simd": set(),
    "storage": {"rocksdb"},
    "index": {"roaring", "liburing.h"},
    "expr": {"simdjson.h", "re2"},
    "segment": {"lz4.h", "zstd.h", "simdjson.h"},
    "role": {"google", "grpcpp", "grpc"},
    "access": {"google", "grpcpp", "grpc", "simdjson.h", "nlohmann"},
    "coordinator": {"google"},
    "worker": {"google", "simdjson.h"},
    "server": {"google", "grpcpp", "grpc", "CLI", "nlohmann"},
    "testing": {"google"},
}
TEST_ONLY = {"gtest", "gmock", "benchmark"}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
ELANUS_FOLDERS = set(MAY_INCLUDE)


def is_test(path):
    return re.search(r"_(test|fuzz|bench)\.(cc|h)$", path.name) is not None


def is_system(header):
    """The C and C++ standard libraries, POSIX and the compiler's headers."""
    return ("/" not in header and not header.endswith((".hpp",))
            or header.split("/")[0] in {"sys", "netinet", "arpa", "linux",
                                        "bits"})


def complaint(folder, path, header):
    first = header.split("/")[0]
    testing = is_test(path) or folder == "testing"
    if first in ELANUS_FOLDERS:
        allowed = MAY_INCLUDE[folder] | {folder}
        if testing and first == "testing":
            return None
        return None if first in allowed else (
            f"{folder}/ must not include {first}/")
    if first == "proto":
        return None if folder in MAY_INCLUDE_PROTO else (
            "generated protobuf headers stay in role/ and above")
    if first in EVERYWHERE or first in WRAPPED[folder]:
        return None
    if testing and first in TEST_ONLY:
        return None
    wrapped_elsewhere = any(first in names for names in WRAPPED.values())
    if is_system(header) and not wrapped_elsewhere:
        return None
    return f"{folder}/ must not include <{header}>: another folder wraps it"


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    failures = []
    checked = 0
    for path in sorted(source.rglob("*")):
        if path.suffix not in {".h", ".cc"}:
            continue
        folder = path.relative_to(source).parts[0]
        if folder not in MAY_INCLUDE:
            failures.append(f"{path}: folder {folder}/ is not in the table")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            checked += 1
            reason = complaint(folder, path, match.group(1))
            if reason:
                failures.append(f"{path}:{number}: {reason}")
    print(*failures, sep="\n")
    print(f"{checked} includes checked, {len(failures)} refused")
    return 1 if failures or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
