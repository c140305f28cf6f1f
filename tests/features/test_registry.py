"""Extractors by name, and what is said when a name or an option is wrong."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import pytest

from relook.core.errors import UsageError
from relook.features import EXTRACTORS, Harris, Sift, make_features


@pytest.mark.parametrize("name", EXTRACTORS)
def test_each_is_a_frozen_record_of_options_with_a_number_of_features(name):
    made = make_features(name, features=7)
    assert isinstance(made, EXTRACTORS[name])
    assert is_dataclass(made)
    assert type(made).__dataclass_params__.frozen
    assert replace(made, features=9) == make_features(name, features=9)
    assert {"features", "orientation"} <= {field.name for field in fields(made)}
    assert hash(made) == hash(make_features(name, features=7))


@pytest.mark.parametrize("name", EXTRACTORS)
def test_without_options_it_is_the_class_without_options(name):
    assert make_features(name) == EXTRACTORS[name]()


def test_sift_is_among_them_with_its_options():
    assert make_features("sift", orientation="upright", beta=1) == Sift(
        orientation="upright", beta=1.0
    )


def test_a_list_is_taken_for_a_tuple_and_a_whole_number_for_a_number():
    assert make_features("harris", scales=[1, 2.0]) == Harris(scales=(1.0, 2.0))


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(UsageError, match=r"no features 'surf'; take one of sift, .*akaze"):
        make_features("surf")


@pytest.mark.parametrize("name", EXTRACTORS)
def test_an_unknown_option_lists_the_choices(name):
    with pytest.raises(UsageError, match=rf"{name} has no option 'size'; it has features, "):
        make_features(name, size=3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"features": "many"}, "harris: features must be int, not 'many'"),
        ({"features": 10.5}, "features must be int"),
        ({"features": True}, "features must be int"),
        ({"beta": "half"}, "beta must be float"),
        ({"beta": None}, "beta must be float"),
        ({"orientation": 3}, "orientation must be str"),
        ({"scales": 2.0}, r"scales must be numbers, not 2\.0"),
        ({"scales": ["a"]}, "scales must be float, not 'a'"),
        ({"beta": -1.0}, "beta above 0"),
    ],
)
def test_a_value_of_another_type_or_out_of_range_is_refused(options, says):
    with pytest.raises(UsageError, match=says):
        make_features("harris", **options)
