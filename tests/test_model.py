from mpdiag.model import Doc, Measured, public_name


def test_the_ends_of_an_interval():
    value = Measured(2.0, 1.5, 2.5, 7)

    assert (value.at_least, value.at_most) == (1.5, 2.5)


def test_without_an_interval_the_extremes_have_to_do():
    value = Measured(2.0, None, None, 3, (2.0, 1.0, 9.0))

    assert (value.at_least, value.at_most) == (1.0, 9.0)


def test_without_samples_the_median_has_to_do():
    value = Measured(2.0, None, None, 3)

    assert (value.at_least, value.at_most) == (2.0, 2.0)


def test_an_end_at_zero_is_an_end():
    assert Measured(2.0, 0.0, 4.0, 7).at_least == 0.0


def test_code_in_a_doc_loses_its_indentation():
    doc = Doc(
        title="t",
        why="w",
        how="h",
        bad="""
            for item in items:
                work(item)
        """,
    )
    assert doc.bad == "for item in items:\n    work(item)"


def test_a_units_name_is_its_files_stem():
    assert public_name("mpdiag.probes.start_method") == "start_method"
