from dataclasses import replace

from edge_agent.alerts.album import Album, Picture
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Finding, Label, Scene, Severity, State, Track
from tests.fakes.frames import grey_frame

NEAR = Box(0.4, 0.4, 0.6, 0.9)
FAR = Box(0.4, 0.4, 0.42, 0.45)


def seen(taken_at: float, box: Box, *, label: Label = Label.PERSON) -> Track:
    return Track(
        id=4,
        label=label,
        score=0.8,
        box=box,
        first_seen=0.0,
        last_seen=taken_at,
        is_confirmed=True,
    )


def show(album: Album, track: Track) -> None:
    album.consider(grey_frame(track.last_seen), Scene(track.last_seen, (track,)))


def picture(album: Album, track: Track, *, began_at: float, now: float) -> Picture | None:
    finding = Finding(
        rule="no-entry",
        kind="intrusion",
        zone="yard",
        severity=Severity.HIGH,
        state=State.NEW,
        visit=1,
        track=track,
        began_at=began_at,
        lasted_s=now - began_at,
    )
    return album.picture_for(finding, grey_frame(now))


def taken_at(album: Album, track: Track, *, began_at: float, now: float) -> float | None:
    found = picture(album, track, began_at=began_at, now=now)
    return None if found is None else found.taken_at


def test_the_clearest_moment_of_the_visit_is_shown() -> None:
    album = Album([Label.PERSON])
    for track in (seen(1.0, FAR), seen(2.0, NEAR), seen(3.0, FAR)):
        show(album, track)

    assert taken_at(album, seen(3.0, FAR), began_at=0.5, now=3.0) == 2.0


def test_a_picture_from_before_the_visit_is_no_evidence() -> None:
    album = Album([Label.PERSON])
    show(album, seen(1.0, NEAR))
    show(album, seen(3.0, FAR))

    assert taken_at(album, seen(3.0, FAR), began_at=2.5, now=3.0) == 3.0


def test_a_picture_from_after_the_visit_is_no_evidence() -> None:
    album = Album([Label.PERSON])
    show(album, seen(2.0, FAR))
    show(album, seen(5.0, NEAR))

    assert taken_at(album, seen(5.0, NEAR), began_at=1.0, now=3.0) is None


def test_who_is_out_of_sight_without_a_picture_gets_none() -> None:
    album = Album([Label.PERSON])
    show(album, seen(1.0, NEAR))

    assert taken_at(album, seen(3.0, FAR), began_at=2.5, now=6.0) is None


def test_after_ten_seconds_a_recent_picture_is_worth_more_than_a_clear_one() -> None:
    album = Album([Label.PERSON])
    show(album, seen(1.0, NEAR))
    show(album, seen(11.5, FAR))

    assert taken_at(album, seen(11.5, FAR), began_at=0.0, now=11.5) == 11.5


def test_who_does_not_matter_costs_no_drawing_and_who_is_gone_is_forgotten() -> None:
    album = Album([Label.PERSON])
    show(album, seen(1.0, NEAR, label=Label.CAR))
    assert taken_at(album, seen(0.5, NEAR), began_at=0.0, now=1.0) is None

    show(album, seen(1.0, NEAR))
    album.consider(grey_frame(60.0), Scene(60.0, ()))
    assert taken_at(album, replace(seen(1.0, NEAR)), began_at=0.0, now=60.0) is None
