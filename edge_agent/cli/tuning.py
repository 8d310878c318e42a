"""Have a camera encode the stream to analyse as suits us, once a person has said yes."""

from dataclasses import replace

from edge_agent.cli.login import Talk
from edge_agent.errors import EdgeAgentError
from edge_agent.onvif.choose import Choice
from edge_agent.onvif.encoder import read_encoder, tune
from edge_agent.onvif.media import Media, Profile
from edge_agent.onvif.tuning import EncoderSettings, Tuning, plan_tuning


def offer_tuning(media: Media, choice: Choice, label: str, talk: Talk) -> Choice:
    """Show what would change, ask, set it, and say what the camera made of it.

    Return the choice with the stream as it is now. A camera that refuses, or does something else,
    is said and stops nothing.
    """
    console, profile = talk.console, choice.analysis
    try:
        encoder = read_encoder(media, profile)
        plan = plan_tuning(encoder.options, encoder.settings)
        if not plan.changes:
            console.ok(label, f"the encoder of {profile.token} is as it should be")
            return choice
        _show(plan, choice, talk)
        if not (talk.takes_all or talk.agrees("change it?")):
            what = "the encoder stays as it is: nobody said yes"
            console.note(label, what, "with --tune --yes it is changed without a question")
            return choice
        done = tune(media, profile, plan.after)
    except EdgeAgentError as failure:
        console.note(label, failure.what, failure.hint)
        return choice
    if done.changes:
        console.ok(label, f"encoder set: {', '.join(done.changes)}")
    if done.ignored:
        hint = "set it in the camera's page; as it is it works, only not as cheaply"
        console.note(label, f"the camera ignored: {'; '.join(done.ignored)}", hint)
    return replace(choice, analysis=_as_set(profile, done.after))


def _show(plan: Tuning, choice: Choice, talk: Talk) -> None:
    lines = [*plan.changes, *plan.notes]
    if choice.main is None:
        lines.append("it is the only stream of this channel: evidence becomes as small")
    talk.console.plain(f"to change in the camera, stream {choice.analysis.token}:")
    for line in lines:
        talk.console.plain(f"  {line}")


def _as_set(profile: Profile, settings: EncoderSettings) -> Profile:
    return replace(
        profile,
        codec=settings.codec,
        width_px=settings.width_px,
        height_px=settings.height_px,
        frames_per_second=settings.frames_per_second,
        key_frame_every=settings.key_frame_every,
        bitrate_kbps=settings.bitrate_kbps,
    )
