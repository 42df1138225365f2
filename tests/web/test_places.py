"""How many requests a person, a site and all together may have at work in one process."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from lockpoint.commands.web import THREADS
from lockpoint.services.context import Actor, Tenant
from lockpoint.web.places import OF_ALL, OF_PERSON, OF_SITE, Places


def person(number: int, site: int = 1) -> Actor:
    return Actor(Tenant(site, f"site-{site}", "https://acme.atlassian.net/wiki"), f"person-{number}")


def test_a_person_has_a_few_on_each_site() -> None:
    places, alice = Places(), person(1)
    for _ in range(OF_PERSON):
        places.take(alice)
    with pytest.raises(TooManyRequests):
        places.take(alice)
    places.take(person(2))
    places.take(person(1, site=2))
    places.give_back(alice)
    places.take(alice)


def test_a_site_has_some_and_others_have_theirs() -> None:
    """F48"""
    places = Places()
    for number in range(OF_SITE):
        places.take(person(number))
    with pytest.raises(ServiceUnavailable):
        places.take(person(99))
    for number in range(OF_ALL - OF_SITE):
        places.take(person(number, site=2))
    with pytest.raises(ServiceUnavailable):
        places.take(person(1, site=3))
    places.give_back(person(0))
    places.take(person(1, site=3))


def test_some_threads_never_wait_for_confluence() -> None:
    assert OF_PERSON < OF_SITE < OF_ALL < THREADS


def test_places_given_back_leave_nothing_behind() -> None:
    places = Places()
    for number in range(100):
        places.take(person(number, site=number))
        places.give_back(person(number, site=number))
    assert (places._people, places._sites) == ({}, {})
