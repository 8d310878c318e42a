"""A configuration from the center: kept when it works, and put back by the box itself when not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_agent.contract import Response
    from tests.daemon.commands.conftest import Post
    from tests.peers.commander import Commander

pytestmark = pytest.mark.journey


def texts(center: Commander) -> dict[str, Any]:
    files = center.ask("config_get").data["files"]
    assert isinstance(files, dict)
    return files


def propose(center: Commander, name: str, text: str | None, **more: Any) -> Any:
    files = texts(center)
    base = {name: files[name]["sha256"]} if name in files else {}
    return center.send("config_propose", {"files": {name: text}, "base": base} | more)


def refusal(center: Commander, name: str, text: str | None, **more: Any) -> Response:
    answer = center.last(propose(center, name, text, **more))
    assert answer.result == "refused"
    return answer


def agent_toml(center: Commander) -> str:
    return str(texts(center)["agent.toml"]["text"])


def test_what_the_center_reads_has_no_secrets(obeys: Callable[..., Commander], post: Post) -> None:
    center = obeys(more="# the old password = letmein\n# mqtt://me:hush@broker\n")
    (post.agent.folder / "secrets").mkdir()
    (post.agent.folder / "secrets" / "gate").write_text("s3cret-word\n")
    (post.folder / "word").write_text("an0ther-word\n")
    (post.folder / "word").chmod(0o600)
    (post.agent.folder / "cameras.d" / "gate.toml").write_text('name = "s3cret-word"\n')
    (post.agent.folder / "cameras.d" / "yard.toml").write_text(
        'name = "an0ther-word"\n[stream]\nurl = "rtsp://10.0.0.7/?pwd=un_der"\n'
        f'password_file = "{post.folder}/word"\n"password" = """\nmulti-line\n"""\n'
    )

    files = texts(center)

    told = "".join(one["text"] for one in files.values())
    secrets = ("letmein", "hush", "s3cret-word", "an0ther-word", "un_der", "multi-line")
    assert not any(word in told for word in secrets)
    assert files["cameras.d/gate.toml"]["redacted"] is True


def test_a_configuration_that_works_stays(obeys: Callable[..., Commander], post: Post) -> None:
    center = obeys()
    text = agent_toml(center).replace("state_dir", "# from the center\nstate_dir", 1)

    sent = propose(center, "agent.toml", text)

    assert center.last(sent, 40).result == "done"
    assert [one.result for one in center.answers(sent.id)] == ["accepted", "accepted", "done"]
    assert (post.agent.folder / "agent.toml").read_text() == text
    assert "# from" not in (post.agent.folder / ".proposal/previous/agent.toml").read_text()
    assert center.ask("ping").result == "done"
    # One and the same process: nobody's stream was dropped for it.
    assert post.agent.words().count("edge-agent 0.") == 1


def test_what_the_center_may_do_changes_while_the_agent_runs(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys("ping", "config_get", "config_propose", "config_center")
    assert "purge" not in center.ask("ping").data["commands"]
    text = agent_toml(center).replace("commands = [", 'commands = ["purge", ', 1)

    assert center.last(propose(center, "agent.toml", text), 40).result == "done"

    told = center.ask("ping").data
    assert "purge" in told["commands"]
    assert center.ask("purge", {"what": "alerts"}).result == "done"
    assert post.agent.words().count("edge-agent 0.") == 1


def test_a_broker_that_is_not_there_costs_a_moment_and_not_the_box(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    before = (post.agent.folder / "agent.toml").read_bytes()
    text = agent_toml(center).replace(post.broker.url, f"mqtt://127.0.0.1:{free_port()}")

    answer = center.last(propose(center, "agent.toml", text, within_s=6), 60)

    assert answer.result == "failed"
    assert "not confirmed within 6 s" in answer.reason
    assert (post.agent.folder / "agent.toml").read_bytes() == before


def test_a_box_that_is_killed_in_its_trial_comes_back_as_it_was(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    before = (post.agent.folder / "agent.toml").read_bytes()
    text = agent_toml(center).replace(post.broker.url, f"mqtt://127.0.0.1:{free_port()}")
    sent = propose(center, "agent.toml", text, within_s=600)
    post.listener.wait_for(lambda _: "the configuration is taken in" in post.agent.words(), 30)
    assert (post.agent.folder / "agent.toml").read_bytes() != before

    post.agent.kill()
    post.agent.start()

    assert center.last(sent, 30).result == "failed"
    assert (post.agent.folder / "agent.toml").read_bytes() == before


def test_an_agent_that_cannot_begin_with_it_begins_with_the_old_one(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    before = (post.agent.folder / "agent.toml").read_bytes()
    text = agent_toml(center) + '[objects]\nmodel = "no-such-model"\n'

    answer = center.last(propose(center, "agent.toml", text), 40)

    assert answer.result == "failed"
    assert "cannot begin" in answer.reason
    assert (post.agent.folder / "agent.toml").read_bytes() == before


def test_everything_that_is_wrong_is_told_and_nothing_is_touched(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    before = (post.agent.folder / "agent.toml").read_bytes()

    answer = refusal(center, "agent.toml", 'site = "x y"\nbix = "b"\n[broker]\nurl = "http://x"\n')

    problems = answer.data["problems"]
    assert isinstance(problems, list)
    assert len(problems) == 4
    assert str(post.agent.folder / "agent.toml") in str(problems[0])
    assert (post.agent.folder / "agent.toml").read_bytes() == before


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(
    obeys: Callable[..., Commander], post: Post
) -> None:
    center = obeys()
    text = agent_toml(center)
    stale = texts(center)["agent.toml"]["sha256"]
    with (post.agent.folder / "agent.toml").open("a") as file:
        file.write("# by hand\n")

    answer = center.ask(
        "config_propose", {"files": {"agent.toml": text}, "base": {"agent.toml": stale}}
    )

    assert (answer.result, answer.data["stale"]) == ("refused", ["agent.toml"])


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("[center]", "[models]\nsigning_keys = []\n[center]", ""),
        ('"ping", ', "", "[center] is changed at the box"),
        ('site = "test"', 'site = "other"', "site and box are changed at the box"),
        ("insecure = true", 'insecure = true\nca_file = "/etc/passwd"', "lies outside"),
        ('box = "box"', 'box = "box" # ****', "stands for a secret"),
    ],
)
def test_whom_the_box_obeys_and_trusts_is_not_for_the_center_to_say(
    obeys: Callable[..., Commander], before: str, after: str, why: str
) -> None:
    center = obeys()
    text = agent_toml(center).replace(before, after, 1)

    sent = propose(center, "agent.toml", text)

    answer = center.last(sent, 40)
    assert answer.result == ("refused" if why else "done")
    assert why in answer.reason


@pytest.mark.parametrize(
    "name",
    ["../agent.toml", "cameras.d/../agent.toml", "secrets/gate", "cameras.d/.x.toml", "/etc/x"],
)
def test_no_other_file_can_be_written(obeys: Callable[..., Commander], name: str) -> None:
    answer = obeys().ask("config_propose", {"files": {name: "x"}})

    assert answer.result == "refused"
    assert "is none of agent.toml" in answer.reason
