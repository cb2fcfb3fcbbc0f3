#!/usr/bin/env python3
"""The kill loop, but each kill also takes the meta store and its copies away:
`elanus recover` makes the metadata again from the data files and the log.

    lose_meta.py --kills 50 [the options of kill_loop.py]

The same ledger has to hold: no acknowledged write is lost, no deleted row comes
back, no row is there twice. Collections are not made or dropped meanwhile: what
was done in the second before the loss may be undone.
"""
import shutil
import subprocess
import sys

import kill_loop
from ledger import Broken
from support import wait_until


class Idle(kill_loop.Worker):
    """In the place of the one who makes and drops collections."""

    def step(self):
        self.loop.killed.wait()


class LoseMeta(kill_loop.KillLoop):
    def create(self):
        super().create()
        wait_until(self.is_described, "the collection's file")

    def is_described(self):
        """Whether the collection and its load have outlived a second."""
        folder = self.home / "data/objects/collection" / str(self.collection_id)
        try:
            return any(b"query/load/" in file.read_bytes()
                       for file in folder.iterdir())
        except FileNotFoundError:  # not yet, or there is a newer one
            return False

    def recover(self, number):
        data = self.home / "data"
        shutil.rmtree(data / "meta")
        shutil.rmtree(data / "objects/meta", ignore_errors=True)
        done = subprocess.run(
            [self.options.binary, "recover", "--data", str(data)], text=True,
            capture_output=True, timeout=120, check=False)
        if done.returncode != 0 or "collection files" not in done.stdout:
            raise Broken(f"recover: {done.stdout}{done.stderr}")
        super().recover(number)


if __name__ == "__main__":
    kill_loop.KillLoop = LoseMeta
    kill_loop.Definer = Idle
    sys.exit(kill_loop.main())
