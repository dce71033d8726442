"""What is pickled to learn what pickling costs."""

from __future__ import annotations

import pickle

import pytest

from mpdiag.rigs import specimens


@pytest.mark.parametrize("kind", specimens.MAKERS)
def test_specimens_have_their_number_of_elements_and_share_no_values(kind):
    few, many = specimens.MAKERS[kind](100), specimens.MAKERS[kind](1000)

    assert (len(few), len(many)) == (100, 1000)
    assert len(pickle.dumps(many)) > 8 * len(pickle.dumps(few)) - 1000
    assert len(pickle.loads(pickle.dumps(many))) == 1000


def test_all_records_hold_the_same_fields():
    number, name, value = specimens.fields(3)

    assert specimens.as_dict(3) == {"number": number, "name": name, "value": value}
    assert specimens.MAKERS["namedtuples"](4)[3] == (number, name, value)
    for kind in ("dataclasses", "slots objects"):
        record = specimens.MAKERS[kind](4)[3]
        assert (record.number, record.name, record.value) == (number, name, value)
