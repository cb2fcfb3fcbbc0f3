"""The checker must notice what it is there to notice, and nothing else."""
import itertools
import math
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from checker import (ABSENT, Op, counts, linearizable,  # noqa: E402
                     not_from_the_future, result_of, session)


def write(value, start, end, client=0):
    return Op("write", start, end, value, client)


def read(value, start, end, client=0):
    return Op("read", start, end, value, client)


def delete_if(divisor, rest, start, end):
    return Op("delete_if", start, end, (divisor, rest))


GOOD = {
    "nothing": [],
    "absent at first": [read(ABSENT, 0, 1)],
    "write then read": [write(1, 0, 1), read(1, 2, 3)],
    "a read beside a write sees either": [
        write(1, 0, 1), write(2, 2, 9), read(1, 3, 4), read(2, 5, 6)],
    "writes side by side come in any order": [
        write(1, 0, 5), write(2, 0, 5), read(2, 6, 7), read(2, 8, 9)],
    "a lost answer may have worked": [
        write(1, 0, 1), write(2, 2, math.inf), read(2, 3, 4)],
    "a lost answer may have failed": [
        write(1, 0, 1), write(2, 2, math.inf), read(1, 3, 4)],
    "a lost answer may work late": [
        write(1, 0, 1), write(2, 2, math.inf), read(1, 3, 4), read(2, 5, 6)],
    "deleted": [write(1, 0, 1), write(ABSENT, 2, 3), read(ABSENT, 4, 5)],
    "deleted by its value": [
        write(6, 0, 1), delete_if(4, 2, 2, 3), read(ABSENT, 4, 5)],
    "kept for its value": [
        write(7, 0, 1), delete_if(4, 2, 2, 3), read(7, 4, 5)],
    "written between the looking and the deleting": [
        write(2, 0, 1), delete_if(4, 2, 2, 9), write(6, 3, 4), read(6, 10, 11)],
}

BAD = {
    "a lost write": [write(1, 0, 1), read(ABSENT, 2, 3)],
    "an older value": [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)],
    "a value of nobody": [write(1, 0, 1), read(3, 2, 3)],
    "a value before it was written": [read(1, 0, 1), write(1, 2, 3)],
    "a deleted row is back": [
        write(1, 0, 1), write(ABSENT, 2, 3), read(1, 4, 5)],
    "two reads see two orders": [
        write(1, 0, 9), write(2, 0, 9), read(1, 10, 11, 1), read(2, 12, 13, 2)],
    "back again between two reads": [
        write(1, 0, 1), write(2, 2, 20), read(2, 3, 4), read(1, 5, 6)],
    "a lost answer cannot work twice": [
        write(2, 0, math.inf), read(2, 1, 2), write(ABSENT, 3, 4),
        read(ABSENT, 5, 6), read(2, 7, 8)],
    "a delete by value did nothing": [
        write(6, 0, 1), delete_if(4, 2, 2, 3), read(6, 4, 5)],
    "a delete by value took another one": [
        write(7, 0, 1), delete_if(4, 2, 2, 3), read(ABSENT, 4, 5)],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_history_that_can_be_explained_is_accepted(name):
    assert linearizable(GOOD[name]) is None


@pytest.mark.parametrize("name", BAD)
def test_a_history_that_cannot_be_explained_is_rejected(name):
    assert linearizable(BAD[name]) is not None


def by_brute_force(ops):
    """Every order of every choice of the calls of unknown outcome."""
    known = [op for op in ops if op.is_known]
    unknown = [op for op in ops if not op.is_known and op.kind != "read"]
    for size in range(len(unknown) + 1):
        for chosen in itertools.combinations(unknown, size):
            for order in itertools.permutations(known + list(chosen)):
                if any(a.start > b.end for i, a in enumerate(order)
                       for b in order[i + 1:]):
                    continue
                state = ABSENT
                try:
                    for op in order:
                        state = result_of(op, state)
                except KeyError:
                    continue
                return True
    return False


def test_the_search_agrees_with_trying_every_order():
    chance = random.Random(7)
    verdicts = []
    for _ in range(600):
        ops = []
        for client in range(chance.randint(1, 6)):
            start = chance.randint(0, 8)
            kind = chance.choice(["write", "read", "read", "delete_if"])
            value = ((2, chance.randint(0, 1)) if kind == "delete_if"
                     else chance.choice([ABSENT, 1, 2, 3]))
            # No two calls start or end at the same moment.
            end = (math.inf if chance.random() < 0.2
                   else start + chance.randint(1, 6) + client / 100 + 0.5)
            ops.append(Op(kind, start + client / 100, end, value, client))
        verdicts.append(by_brute_force(ops))
        assert (linearizable(ops) is None) == verdicts[-1], ops
    assert 100 < sum(verdicts) < 500


def test_a_long_history_of_many_clients_is_checked_at_once():
    ops = []
    for i in range(300):
        ops += [write(10 * i + c, i, i + 0.9 + c / 1000, c) for c in range(4)]
        ops.append(read(10 * i + 3, i + 0.95, i + 0.96))
    assert linearizable(ops) is None
    ops[-1] = read(10 * 298 + 3, 299.95, 299.96)
    assert linearizable(ops) is not None


def test_many_lost_answers_neither_hide_an_order_nor_take_for_ever():
    lost = [write(100 + i, 2 + i / 10, math.inf, i) for i in range(40)]
    ops = [write(1, 0, 1), *lost, read(1, 8, 9), delete_if(4, 1, 10, 11),
           read(ABSENT, 12, 13), write(2, 14, 15), read(2, 16, 17)]
    assert linearizable(ops) is None
    ops[-1] = read(3, 16, 17)
    assert linearizable(ops) is not None


def test_a_session_sees_its_writes_and_never_goes_back():
    good = [read(ABSENT, 0, 1), write(1, 1, 2), read(1, 2, 3), read(4, 3, 4),
            write(5, 4, math.inf), read(4, 5, 6), read(5, 6, 7)]
    assert session(good) is None
    assert session([write(2, 0, 1), read(1, 2, 3)]) is not None
    assert session([write(2, 0, 1), read(ABSENT, 2, 3)]) is not None
    assert session([read(3, 0, 1), read(2, 2, 3)]) is not None


def test_nothing_is_seen_before_it_was_written():
    writes = [write(1, 5, 6), write(2, 8, math.inf)]
    assert not_from_the_future(writes, [read(1, 4, 6), read(2, 8, 9)]) is None
    assert not_from_the_future(writes, [read(1, 3, 4)]) is not None
    assert not_from_the_future(writes, [read(3, 9, 10)]) is not None


def test_a_count_lies_between_what_is_sure_and_what_was_tried():
    inserts = [write(5, 0, 1), write(5, 2, 4), write(5, 3, math.inf)]
    assert counts(inserts, [read(5, 1.5, 1.6), read(15, 3.5, 3.6),
                            read(15, 5, 6)]) is None
    assert "within" in counts(inserts, [read(0, 1.5, 1.6)])
    assert "within" in counts(inserts, [read(10, 1.5, 1.6)])
    assert "part" in counts(inserts, [read(7, 3.5, 3.6)])
    assert "before" in counts(inserts, [read(15, 3.1, 3.2), read(10, 3.3, 5)])
