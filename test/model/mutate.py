#!/usr/bin/env python3
"""Breaks the server on purpose and expects the model test to notice.

Each mutation is one replacement in one file. It is made in a copy of the last
commit, built there, and the model test, which must fail, is run. A rule whose
text is not there any more is an error: mend the rule with the code.

    test/model/mutate.py                 all; build in build/mutants
    test/model/mutate.py effective_time  those named
    test/model/mutate.py --check         only whether the rules still apply
"""
import argparse
import pathlib
import subprocess
import sys
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ["model_test", "--seeds", "1..400", "--ops", "200", "--no-shrink"]
HANGS_S = 1800


class Mutation(typing.NamedTuple):
    name: str
    file: str
    old: str
    new: str


MUTATIONS = [
    Mutation("effective_time", "src/segment/replay/replay.cc",
             "clock_ = std::max(header.proposed, clock_.Next());",
             "clock_ = header.proposed;"),
    Mutation("synced_to", "src/segment/tail/vchannel_tail.cc",
             "step.position <= written->second) {",
             "step.position <= written->second && false) {"),
    Mutation("join_end", "src/worker/query_node/read_gate.cc",
             "next.swap(state.waiting);",
             "for (auto& late : state.waiting) { list->push_back("
             "std::move(late)); } state.waiting.clear();"),
    Mutation("session_waits_not", "src/worker/query_node/read_gate.cc",
             "return tail.WaitFor(*position, ctx, std::move(done));",
             "return done(tail.status());"),
    Mutation("bounded_by_nothing", "src/worker/query_node/read_gate.cc",
             "age_ns <= guarantee.staleness_ms() * 1'000'000) {",
             "age_ns >= 0) {"),
    Mutation("catch_up", "src/worker/query_node/handover.cc",
             "RETURN_IF_ERROR(segment->Delete(batch->run()));",
             "static_cast<void>(batch), static_cast<void>(segment);"),
    Mutation("delete_file_per_segment", "src/worker/delete_files.cc",
             "record.min_at() > upto.value) {",
             "record.min_at() > upto.value || i > 0) {"),
    Mutation("early_acknowledgement", "src/storage/embedded/log_writer.cc",
             "status = file_->Sync();\n  base::MutexLock",
             "status = absl::OkStatus();\n  base::MutexLock"),
    Mutation("garbage_by_age", "src/coordinator/data/garbage.cc",
             "ids.insert(attempt.message.id());",
             "static_cast<void>(attempt);"),
]


def run(command, **options):
    return subprocess.run(command, check=False, **options).returncode


def copy_commit(tree):
    """Writes only what differs, so that a second run builds little."""
    if not (tree / ".git").exists():
        subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(tree)],
                       check=True)
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT,
                                   text=True).strip()
    subprocess.run(["git", "fetch", "-q", str(ROOT), head], cwd=tree,
                   check=True)
    subprocess.run(["git", "checkout", "-q", "-f", head], cwd=tree, check=True)


def survives(tree, mutation, jobs):
    """True if the test does not notice. The file is put back in any case."""
    path = tree / mutation.file
    text = path.read_text()
    path.write_text(text.replace(mutation.old, mutation.new))
    try:
        build = ["ninja", "-C", str(tree / "build/release"), f"-j{jobs}",
                 MODEL[0]]
        if run(build, stdout=subprocess.DEVNULL) != 0:
            raise RuntimeError(f"{mutation.name}: the mutant does not compile")
        binary = tree / "build/release/bin" / MODEL[0]
        try:
            return run([str(binary), *MODEL[1:]], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=HANGS_S) == 0
        except subprocess.TimeoutExpired:
            return False
    finally:
        path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--tree", type=pathlib.Path,
                        default=ROOT / "build/mutants")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    for mutation in MUTATIONS:
        if (ROOT / mutation.file).read_text().count(mutation.old) != 1:
            sys.exit(f"{mutation.name}: the rule fits {mutation.file} no more")
    if options.check:
        return
    copy_commit(options.tree)
    subprocess.run(["cmake", "--preset", "release"], cwd=options.tree,
                   check=True, stdout=subprocess.DEVNULL)
    survivors = []
    for mutation in MUTATIONS:
        if options.names and mutation.name not in options.names:
            continue
        lives = survives(options.tree, mutation, options.jobs)
        print(f"{mutation.name}: {'SURVIVES' if lives else 'noticed'}",
              flush=True)
        if lives:
            survivors.append(mutation.name)
    if survivors:
        sys.exit(f"not noticed: {', '.join(survivors)}")


if __name__ == "__main__":
    main()
