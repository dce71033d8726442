from mpdiag.fleet.there import Teller
from mpdiag.gathering import Gathering
from mpdiag.launcher import Gathered


def test_what_is_gathered_is_told_once_and_as_soon_as_the_next_begins():
    told, gathering = [], Gathering()
    teller = Teller(gathering, lambda **message: told.append(message))

    teller.rest()
    gathering.machine, gathering.python = {"usable_cpus": 2}, {"version": "3.13"}
    teller.probing("channels", 0, 1.0)
    gathering.gathered["channels"] = Gathered("ok", None)
    teller.probing("polling", 1, 1.0)
    teller.rest()

    assert [sorted(message) for message in told] == [["machine", "python"], ["gathered", "probe"]]
    assert told[1]["probe"] == "channels"
    assert told[1]["gathered"]["status"] == "ok"
