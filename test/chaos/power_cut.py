#!/usr/bin/env python3
"""A folder on storage that forgets what was not synced.

    storage = ForgetfulFolder(home, library)   # home/data is the folder
    storage.start()                            # before each start of a process
    ... a process with storage.environment runs and is killed ...
    storage.cut(random.Random(seed))           # home/data is what is left

start() copies the folder; the preloaded library (power_cut.cc, which has the
model of durability) writes a journal; cut() computes from copy and journal what
is left and puts that in place of the folder. Copy and journal of the last cut
stay in home/before, to look at again:

    power_cut.py home/before out --seed 7 [--keep nothing|moment|each|all]
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import struct

SECTOR = 512
RECORD = struct.Struct("<IIQQQQQ")  # Record of power_cut.cc


class Unmodelled(Exception):
    """The process did what the model of durability does not know."""


def records(path):
    """(kind, object, other, at, size, name, data, end) of each record, where
    `end` is its end in the file. The last one may be cut short by the kill; it
    then counts as not made."""
    journal = path.read_bytes()
    position = 0
    while position + RECORD.size <= len(journal):
        kind, name_size, thing, other, at, size, data_size = (
            RECORD.unpack_from(journal, position))
        begin = position + RECORD.size
        position = begin + name_size + data_size
        if position > len(journal):
            return
        yield (chr(kind), thing, other, at, size,
               os.fsdecode(journal[begin:begin + name_size]),
               journal[begin + name_size:position], position)


class File:
    """Bytes that last, and changes behind them that may not."""

    def __init__(self, source=None):
        self.source = source  # a file with the bytes, until they are needed
        self.bytes = None if source else bytearray()
        self.length = source.stat().st_size if source else 0  # with changes
        self.pending = []  # (moment, change)
        self.lasting = 0   # changes that are in `bytes`

    def change(self, moment, change):
        verb, at, data = change
        if verb == "write":
            self.length = max(self.length, at + len(data))
        elif verb == "truncate":
            self.length = at
        elif verb == "grow":
            self.length = max(self.length, at)
        self.pending.append((moment, change))

    def changes(self):
        return self.lasting + len(self.pending)

    def make_lasting(self, count):
        """The first `count` changes since the file was made."""
        for _, change in self.pending[:max(0, count - self.lasting)]:
            self.apply(change)
        del self.pending[:max(0, count - self.lasting)]
        self.lasting = max(self.lasting, count)

    def apply(self, change):
        if self.bytes is None:
            self.bytes = bytearray(self.source.read_bytes())
        verb, at, data = change
        missing = at - len(self.bytes)
        if verb == "zero":
            end = min(at + data, len(self.bytes))
            self.bytes[at:end] = bytes(max(0, end - at))
            return
        if missing > 0:
            self.bytes.extend(bytes(missing))
        if verb == "write":
            self.bytes[at:at + len(data)] = data
        elif verb == "truncate":
            del self.bytes[at:]

    @staticmethod
    def sectors(change):
        """The parts of a change that last or not, each on its own."""
        verb, at, data = change
        if verb != "write":
            return [change]
        ends = list(range(at - at % SECTOR + SECTOR, at + len(data), SECTOR))
        ends.append(at + len(data))
        begins = [at, *ends[:-1]]
        return [(verb, begin, data[begin - at:end - at])
                for begin, end in zip(begins, ends)]

    def keep_sectors(self, count, chance):
        """Any sectors of the first `count` pending changes. The length may
        last without the bytes, which are zero then."""
        grows = chance.random() < 0.5
        for _, change in self.pending[:count]:
            verb, at, data = change
            if grows and verb == "write":
                self.apply(("grow", at + len(data), b""))
            for part in self.sectors(change):
                if chance.random() < 0.5:
                    self.apply(part)

    def write_to(self, path):
        if self.bytes is None:
            shutil.copyfile(self.source, path)
        else:
            path.write_bytes(self.bytes)


class Folder:
    """Entries that last, and changes behind them that may not."""

    def __init__(self, entries=None):
        self.entries = dict(entries or {})
        self.now = dict(self.entries)  # with the changes
        self.pending = []              # (moment, {name: file or None})
        self.lasting = 0

    def change(self, moment, change):
        self.update(self.now, change)
        self.pending.append((moment, change))

    changes = File.changes
    make_lasting = File.make_lasting

    def apply(self, change):
        self.update(self.entries, change)

    @staticmethod
    def update(entries, change):
        for name, thing in change.items():
            if thing is None:
                entries.pop(name, None)
            else:
                entries[name] = thing


class Image:
    """The folder as a copy and a journal tell it."""

    def __init__(self, copy):
        """copy: what copy_folder made."""
        description = json.loads((copy / "folders.json").read_text())
        self.made = []    # every file and folder that there ever was
        self.things = {}  # by inode, which is used again
        for inode in description["folders"]:
            self.add(int(inode), Folder())
        for inode, entries in description["folders"].items():
            folder = self.things[int(inode)]
            for name, other in entries.items():
                if other not in self.things:
                    self.add(other, File(copy / str(other)))
                folder.entries[name] = self.things[other]
            folder.now = dict(folder.entries)
        self.root = self.things[description["root"]]
        self.syncs = {}  # number -> (thing, its changes at the beginning)
        self.moment = 0
        self.journal_size = 0  # of whole records

    def add(self, inode, thing):
        self.made.append(thing)
        self.things[inode] = thing
        return thing

    def replay(self, journal):
        for kind, thing, other, at, size, name, data, end in records(journal):
            self.moment += 1
            self.journal_size = end
            if kind == "V":
                raise Unmodelled(name)
            if kind == "E":
                synced, count = self.syncs.pop(at)
                synced.make_lasting(count)
                continue
            try:
                self.step(kind, self.things[thing], other, at, size, name,
                          data)
            except KeyError as error:
                raise Unmodelled(f"{kind} {thing} {other} {name!r}: nothing "
                                 f"is known of {error}") from error

    def step(self, kind, thing, other, at, size, name, data):
        """All but the end of a sync."""
        if kind == "B":
            if isinstance(thing, File) and thing.length != size:
                raise Unmodelled(
                    f"a file of {size} bytes is synced, of which the journal "
                    f"saw {thing.length}")
            self.syncs[at] = thing, thing.changes()
        elif kind == "C":
            made = self.add(other, Folder() if size else File())
            thing.change(self.moment, {name: made})
        elif kind == "L":
            thing.change(self.moment, {name: self.things[other]})
        elif kind == "U":
            thing.change(self.moment, {name: None})
        elif kind == "R":
            self.rename(thing, name, self.things[other], os.fsdecode(data))
        else:
            verb = {"W": "write", "T": "truncate", "G": "grow",
                    "Z": "zero"}[kind]
            thing.change(self.moment, (verb, at, size if kind == "Z" else data))

    def rename(self, source, name, target, new_name):
        moved = source.now[name]
        if source is target:
            source.change(self.moment, {name: None, new_name: moved})
        else:
            target.change(self.moment, {new_name: moved})
            source.change(self.moment, {name: None})

    def keep(self, how, chance):
        """What of the changes that nobody synced lasts all the same.

        nothing  none
        all      all of them
        moment   all before one moment, as if the cache had been written then
        each     of each folder the first few; of each file the first few, or
                 any sectors
        The first write of a file that does not last may leave some sectors.
        """
        things = [thing for thing in self.made if thing.pending]
        moments = [moment for thing in things for moment, _ in thing.pending]
        if how == "nothing":
            return
        until = chance.choice([0, *moments])
        for thing in things:
            if how == "all":
                count = len(thing.pending)
            elif how == "moment":
                count = sum(moment <= until for moment, _ in thing.pending)
            elif isinstance(thing, File) and chance.random() < 0.5:
                thing.keep_sectors(len(thing.pending), chance)
                continue
            else:
                count = chance.randint(0, len(thing.pending))
            thing.make_lasting(thing.lasting + count)
            if isinstance(thing, File):
                thing.keep_sectors(1, chance)

    def write_to(self, path):
        path.mkdir()
        self.write_folder(self.root, path, {})

    def write_folder(self, folder, path, written):
        for name, thing in folder.entries.items():
            place = path / name
            if isinstance(thing, Folder):
                place.mkdir(mode=0o700)
                self.write_folder(thing, place, written)
            elif id(thing) in written:
                os.link(written[id(thing)], place)
            else:
                thing.write_to(place)
                place.chmod(0o600)
                written[id(thing)] = place


def copy_folder(folder, copy):
    """Each file once under its inode, and the names in folders.json."""
    copy.mkdir()
    folders = {}
    for path, folder_names, file_names in os.walk(folder):
        entries = folders[os.stat(path).st_ino] = {}
        for name in folder_names:
            entries[name] = os.stat(os.path.join(path, name)).st_ino
        for name in file_names:
            entries[name] = os.stat(os.path.join(path, name)).st_ino
            if not (copy / str(entries[name])).exists():
                shutil.copyfile(os.path.join(path, name),
                                copy / str(entries[name]))
    (copy / "folders.json").write_text(json.dumps(
        {"root": os.stat(folder).st_ino, "folders": folders}))


def contents(folder):
    """{path: bytes, or None for a folder}."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[str(path.relative_to(folder))] = (
            None if path.is_dir() else path.read_bytes())
    return found


class ForgetfulFolder:
    KEEP = ("nothing", "moment", "each")

    def __init__(self, home, library):
        home = pathlib.Path(home).resolve()
        self.folder = home / "data"
        self.run = home / "run"  # copy and journal of this run
        self.before = home / "before"
        self.folder.mkdir(exist_ok=True)
        self.environment = {"LD_PRELOAD": str(library),
                            "POWER_CUT_FOLDER": str(self.folder),
                            "POWER_CUT_JOURNAL": str(self.run / "journal")}
        if not pathlib.Path(library).exists():
            raise FileNotFoundError(library)

    def start(self):
        self.run.mkdir()
        copy_folder(self.folder, self.run / "copy")
        (self.run / "journal").touch()  # the process may not come to it

    def image(self):
        image = Image(self.run / "copy")
        image.replay(self.run / "journal")
        return image

    def cut(self, chance, how=None):
        """Returns how much was kept."""
        how = how or chance.choice(self.KEEP)
        image = self.image()
        image.keep(how, chance)
        shutil.rmtree(self.folder)
        image.write_to(self.folder)
        shutil.rmtree(self.before, ignore_errors=True)
        self.run.rename(self.before)
        return how

    def goes_on(self):
        """Instead of a cut: only the process died, and the next one goes on
        with what is not synced. False if that process died between a call and
        its record, so that the journal cannot go on."""
        try:
            size = self.check_journal()
        except Unmodelled:
            return False
        os.truncate(self.run / "journal", size)
        return True

    def check_journal(self):
        """The journal must tell the folder as it is, unless the process was
        killed: it may then have made one more call. Returns its length."""
        image = self.image()
        image.keep("all", random.Random(0))
        told = self.run / "told"
        image.write_to(told)
        said, found = contents(told), contents(self.folder)
        shutil.rmtree(told)
        different = sorted(name for name in said.keys() | found.keys()
                           if said.get(name, "") != found.get(name, ""))
        if different:
            raise Unmodelled(f"the journal tells other contents of {different}")
        return image.journal_size


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", choices=(*ForgetfulFolder.KEEP, "all"),
                        default="nothing")
    options = parser.parse_args()
    image = Image(options.run / "copy")
    image.replay(options.run / "journal")
    image.keep(options.keep, random.Random(options.seed))
    image.write_to(options.out)


if __name__ == "__main__":
    main()
