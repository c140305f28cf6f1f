"""Pictures, page by page and one by one."""

from __future__ import annotations

import pytest

IMAGES = "/api/v1/images"


def pages(client, **params):
    """All pages, one after the other."""
    cursor = None
    while True:
        given = {**params, **({} if cursor is None else {"cursor": cursor})}
        answer = client.get(IMAGES, params=given)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        cursor = answer.json()["next"]
        if cursor is None:
            return


def ids_of(page):
    return [picture["id"] for picture in page["images"]]


def test_pages_show_every_picture_once(shared_client) -> None:
    found = [number for page in pages(shared_client, limit=4) for number in ids_of(page)]
    whole = shared_client.get(IMAGES, params={"limit": 500}).json()
    assert found == ids_of(whole) == sorted(set(found))
    assert whole["total"] == len(found) == 11
    assert whole["next"] is None


def test_what_goes_in_between_moves_no_page(client, collection) -> None:
    first, *_ = pages(client, limit=4)
    every = ids_of(client.get(IMAGES, params={"limit": 500}).json())
    collection.remove([every[0], every[5]])
    answer = client.get(IMAGES, params={"limit": 4, "cursor": first["next"]}).json()
    assert ids_of(answer) == [every[4], every[6], every[7], every[8]]
    assert answer["total"] == len(every) - 2


def test_filters_choose(shared_client) -> None:
    labelled = [picture for page in pages(shared_client) for picture in page["images"]]
    name = next(picture["labels"][0] for picture in labelled if picture["labels"])
    chosen = shared_client.get(IMAGES, params={"labels": name}).json()
    assert chosen["total"] == len(chosen["images"]) == 3
    assert all(picture["labels"] == [name] for picture in chosen["images"])
    bare = shared_client.get(IMAGES, params={"unlabelled": True}).json()
    assert all(picture["labels"] == [] for picture in bare["images"])
    assert bare["total"] == 2
    assert shared_client.get(IMAGES, params={"since": "2999-01-01"}).json()["total"] == 0


def test_a_picture_says_what_is_known_of_it(shared_client, photos) -> None:
    number = ids_of(shared_client.get(IMAGES).json())[0]
    found = shared_client.get(f"{IMAGES}/{number}").json()
    file = photos / found["path"]
    assert found["id"] == number
    assert found["name"] == file.name
    assert found["bytes"] == file.stat().st_size
    assert found["files"] == 1
    assert str(photos.parent) not in str(found)


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 501},
        {"limit": "all"},
        {"cursor": "x"},
        {"cursor": "%%%"},
        {"cursor": "_" * 11},
        {"cursor": "A" * 100},
        {"since": "2020"},
        {"place": "1,2"},
        {"unlabelled": "perhaps"},
    ],
)
def test_what_makes_no_sense_is_refused(shared_client, params) -> None:
    assert shared_client.get(IMAGES, params=params).status_code == 422


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63), "1.5"])
def test_an_id_is_a_number_of_64_bits(shared_client, number) -> None:
    for route in ("", "/similar", "/thumbnail"):
        assert shared_client.get(f"{IMAGES}/{number}{route}").status_code == 422


def test_an_unknown_id_is_not_found(shared_client) -> None:
    for number in (10**6, 2**53 - 1):
        for route in ("", "/similar", "/thumbnail"):
            assert shared_client.get(f"{IMAGES}/{number}{route}").status_code == 404
