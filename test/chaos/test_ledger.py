"""The ledger must notice what it is there to notice."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from ledger import ABSENT, Broken, Ledger  # noqa: E402


def write(ledger, key, value, acknowledged):
    with ledger.change([key], value) as change:
        if acknowledged:
            change.acknowledge()


def test_an_acknowledged_row_must_be_there():
    ledger = Ledger()
    write(ledger, 1, 10, acknowledged=True)
    with pytest.raises(Broken, match="key 1 is lost"):
        ledger.settle({})
    ledger.settle({1: 10})


def test_an_acknowledged_delete_must_not_come_back():
    ledger = Ledger()
    write(ledger, 1, 10, acknowledged=True)
    write(ledger, 1, ABSENT, acknowledged=True)
    with pytest.raises(Broken, match="key 1 is back"):
        ledger.settle({1: 10})
    ledger.settle({})


def test_a_settled_delete_must_not_come_back_either():
    ledger = Ledger()
    write(ledger, 1, 10, acknowledged=True)
    write(ledger, 1, ABSENT, acknowledged=True)
    ledger.settle({})
    assert ledger.keys() == []
    with pytest.raises(Broken, match="were deleted"):
        ledger.settle({1: 10})


def test_a_row_that_is_written_again_is_owed_again():
    ledger = Ledger()
    for acknowledged in (True, False):
        write(ledger, 1, ABSENT, acknowledged)
        write(ledger, 1, 10, acknowledged=True)
        ledger.settle({1: 10})
        assert ledger.settled() == {1: 10}
    with pytest.raises(Broken, match="key 1 is lost"):
        ledger.settle({})


def test_an_unknown_outcome_allows_both_until_it_is_settled():
    for found in ({}, {1: 10}):
        ledger = Ledger()
        write(ledger, 1, 10, acknowledged=False)
        assert ledger.in_doubt() == 1
        ledger.settle(found)
        assert ledger.in_doubt() == 0
        other = {1: 10} if not found else {}
        with pytest.raises(Broken):
            ledger.settle(other)


def test_an_older_value_after_an_acknowledged_newer_one_is_wrong():
    ledger = Ledger()
    write(ledger, 1, 10, acknowledged=True)
    write(ledger, 1, 11, acknowledged=True)
    with pytest.raises(Broken, match="key 1 has 10"):
        ledger.settle({1: 10})


def test_a_row_that_nobody_wrote_is_wrong():
    with pytest.raises(Broken, match="nobody wrote"):
        Ledger().settle({5: 1})


def test_an_exception_in_flight_leaves_the_doubt():
    ledger = Ledger()
    with pytest.raises(ConnectionError):
        with ledger.change([1, 2], 10):
            raise ConnectionError
    assert ledger.in_doubt() == 2 and ledger.acknowledged == 0
