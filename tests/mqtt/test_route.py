"""Which broker comes next."""

from __future__ import annotations

import random

from edge_agent.mqtt.route import Route

URLS = ("mqtts://a", "mqtts://b", "mqtts://c")


def test_boxes_begin_with_any_of_the_brokers() -> None:
    first = {Route(URLS, random.Random(seed)).url for seed in range(50)}

    assert first == set(URLS)


def test_every_broker_is_asked_before_one_is_asked_again() -> None:
    route = Route(URLS, random.Random(7))

    asked = []
    for _ in range(6):
        asked.append(route.url)
        route.go_on()

    assert set(asked[:3]) == set(URLS)
    assert asked[3:] == asked[:3]


def test_one_broker_is_always_the_one() -> None:
    route = Route(URLS[:1])
    route.go_on()

    assert route.url == "mqtts://a"
