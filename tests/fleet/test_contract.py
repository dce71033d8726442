from mpdiag.fleet.contract import Call


def test_a_call_is_plain_text_and_values_wherever_it_is_done():
    call = Call("def add(a, b):\n    return str(a + b)\n", "add", {"a": 1, "b": 2})

    assert eval(call.EXPRESSION, call.values) == "3"
    assert {type(value) for value in call.values.values()} == {str, dict}
