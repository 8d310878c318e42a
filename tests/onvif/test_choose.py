import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.choose import WIDEST_PX, choose
from edge_agent.onvif.media import Profile


def profile(
    token: str = "p",  # noqa: S107 (a profile's token is no secret)
    width_px: int = 640,
    height_px: int = 360,
    frames_per_second: float = 10,
    codec: str = "H264",
) -> Profile:
    return Profile(
        token=token,
        name=token,
        source="v",
        codec=codec,
        width_px=width_px,
        height_px=height_px,
        frames_per_second=frames_per_second,
        key_frame_every=20,
    )


MAIN = profile("main", 1920, 1080, 25)
any_profile = st.builds(
    profile,
    token=st.sampled_from("abcdefgh"),
    width_px=st.sampled_from([0, 160, 320, 352, 640, 704, 800, 1280, 1920, 3840]),
    height_px=st.sampled_from([0, 120, 240, 360, 480, 720, 1080, 2160]),
    frames_per_second=st.sampled_from([0, 1, 10, 15, 16, 25, 30]),
    codec=st.sampled_from(["H264", "H265", "JPEG", "MPEG4", ""]),
)
any_camera = st.lists(any_profile, min_size=1, max_size=8, unique_by=lambda one: one.token)


def test_the_sub_stream_is_analysed_and_the_main_stream_kept_for_evidence() -> None:
    choice = choose([MAIN, profile("sub")])

    assert (choice.analysis.token, choice.main) == ("sub", MAIN)
    assert choice.reason.startswith("640x360 H.264, 10 fps, a key frame every 2 s: ")


def test_h264_comes_before_h265() -> None:
    choice = choose([profile("new", codec="H265"), profile("old"), MAIN])

    assert choice.analysis.token == "old"


def test_a_calm_stream_comes_before_a_fast_one() -> None:
    choice = choose([profile("fast", frames_per_second=25), profile("calm"), MAIN])

    assert choice.analysis.token == "calm"


def test_a_stamp_sized_stream_is_the_last_resort() -> None:
    choice = choose([profile("stamp", 160, 120), profile("fast", frames_per_second=25), MAIN])

    assert choice.analysis.token == "fast"
    assert "15 fps or less would do" in choice.reason


def test_without_a_small_stream_the_smallest_is_taken_and_said() -> None:
    choice = choose([MAIN, profile("hd", 1280, 720)])

    assert choice.analysis.token == "hd"
    assert "smallest stream there is" in choice.reason


def test_a_camera_with_one_stream_has_no_other_for_evidence() -> None:
    assert choose([profile()]).main is None


def test_the_technician_has_the_last_word() -> None:
    profiles = [MAIN, profile("sub"), profile("third", 1280, 720)]

    assert choose(profiles, "main").analysis == MAIN
    assert choose(profiles, "sub").analysis.token == "sub"
    assert choose(profiles, "third").analysis.token == "third"


def test_a_stream_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(EdgeAgentError) as caught:
        choose([MAIN, profile("sub")], "subb")

    assert "main, sub" in caught.value.hint


def test_a_camera_of_pictures_only_is_sent_to_its_settings() -> None:
    with pytest.raises(EdgeAgentError, match="JPEG") as caught:
        choose([profile(codec="JPEG")])

    assert "H.264" in caught.value.hint


@given(any_camera)
def test_a_small_stream_is_taken_wherever_there_is_one(profiles: list[Profile]) -> None:
    usable = [one for one in profiles if one.codec in {"H264", "H265"}]
    if not usable:
        with pytest.raises(EdgeAgentError):
            choose(profiles)
        return

    choice = choose(profiles)

    assert choice.analysis in usable
    if any(0 < one.width_px <= WIDEST_PX for one in usable):
        assert choice.analysis.width_px <= WIDEST_PX


@given(any_camera)
def test_no_stream_is_sharper_than_the_one_kept_for_evidence(profiles: list[Profile]) -> None:
    usable = [one for one in profiles if one.codec in {"H264", "H265"}]
    if not usable:
        return

    choice = choose(profiles)
    sharpest = choice.main or choice.analysis

    assert all(
        one.width_px * one.height_px <= sharpest.width_px * sharpest.height_px for one in usable
    )


@given(any_camera, st.randoms())
def test_the_order_in_which_a_camera_lists_its_streams_does_not_matter(
    profiles: list[Profile],
    random: object,
) -> None:
    if not any(one.codec in {"H264", "H265"} for one in profiles):
        return
    first = choose(profiles).analysis
    random.shuffle(profiles)  # type: ignore[attr-defined]  # hypothesis gives a Random

    again = choose(profiles).analysis

    assert (first.looks, first.height_px) == (again.looks, again.height_px)
