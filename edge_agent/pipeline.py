"""One camera's journey: a frame comes in, and what became an alert is on disk when it returns.

Motion saves inference but never silences a rule: the person who loiters is the one who does not
move. What a rule watches is looked at again every second, and the whole picture now and then.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.alerts.album import Album, picture_of
from edge_agent.alerts.compose import Composer
from edge_agent.domain.alert import Alert
from edge_agent.domain.frame import Frame
from edge_agent.domain.geometry import Box
from edge_agent.domain.sighting import Finding, Scene
from edge_agent.domain.trouble import Trouble
from edge_agent.duty import Duty, MotionStage, Rule
from edge_agent.inference.lookout import Lookout
from edge_agent.inference.motion import Motion
from edge_agent.inference.objects import Detector
from edge_agent.tracking.tracker import Tracker
from edge_agent.video.masks import Masks

# After a change of light nobody knows what moved meanwhile.
_ANYWHERE = (Box(0.0, 0.0, 1.0, 1.0),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one frame led to."""

    # As everybody saw it: with the masks.
    frame: Frame
    motion: Motion
    crops: tuple[Box, ...]
    scene: Scene
    alerts: tuple[Alert, ...]
    # Looks that had to wait for another frame, and how long somebody has been waiting by now.
    refused_looks: int = 0
    waited_s: float = 0.0
    # Somebody is new or was missed: the next frame matters, although nothing moves.
    is_in_doubt: bool = False


class Pipeline:
    """The stages of one camera. Give it that camera's frames in order, from one thread."""

    def __init__(  # noqa: PLR0913 (one argument a stage: this is the journey's list)
        self,
        *,
        masks: Masks,
        motion: MotionStage,
        objects: Detector,
        lookout: Lookout,
        tracker: Tracker,
        rules: Mapping[Hashable, Rule],
        album: Album,
        composer: Composer,
    ) -> None:
        self._masks = masks
        self._motion = motion
        self._objects = objects
        self._lookout = lookout
        self._tracker = tracker
        self._rules = dict(rules)
        self._album = album
        self._composer = composer
        self._last: Frame | None = None

    def watch(self, frame: Frame) -> Seen:
        """Take one frame all the way to its alerts; usually there are none."""
        frame = self._last = self._masks.cover(frame)
        motion = self._motion.watch(frame)
        plan = self._lookout.choose(frame, motion, self._tracker.expected(frame.taken_at))
        sightings = self._objects.look(frame, plan.parts) if plan.parts else []
        stirred = _ANYWHERE if motion.is_global else motion.areas
        tracks = self._tracker.follow(frame.taken_at, sightings, plan.crops, stirred)
        scene = Scene(frame.taken_at, tracks)
        self._lookout.learn(frame, scene)
        self._album.consider(frame, scene)
        findings = [finding for rule in self._rules.values() for finding in rule.judge(scene)]
        alerts = self._compose(findings, frame)
        return Seen(
            frame=frame,
            motion=motion,
            crops=plan.parts,
            scene=scene,
            alerts=alerts,
            refused_looks=plan.refused,
            waited_s=plan.waited_s,
            is_in_doubt=self._tracker.is_in_doubt,
        )

    def finish(self) -> tuple[Alert, ...]:
        """End what was told and is open, as of the last frame: we stop, or the camera is dark."""
        frame, self._last = self._last, None
        if frame is None:
            return ()
        ends = [end for rule in self._rules.values() for end in rule.finish()]
        return self._compose(ends, frame)

    def take_on(self, duty: Duty) -> tuple[Alert, ...]:
        """Watch for this from the next frame on; return the ends of what nobody watches for now.

        Who is followed goes on being followed, and what the camera taught stays.
        """
        gone = [rule for key, rule in self._rules.items() if key not in duty.rules]
        ends = [end for rule in gone for end in rule.finish()]
        alerts = self._compose(ends, self._last) if self._last else ()
        self._rules = {key: self._rules.get(key, rule) for key, rule in duty.rules.items()}
        self._masks = duty.masks
        self._motion.adjust(duty.motion)
        self._lookout.concern(duty.watch)
        self._tracker.concern(duty.watch)
        self._album.concern(duty.labels)
        self._composer.speak_for(duty.origin)
        return alerts

    def report(self, trouble: Trouble, now_wall: float) -> Alert:
        """Return the alert for what the camera says is wrong, with what it shows at the moment."""
        picture = picture_of(self._last) if self._last else None
        return self._composer.compose_trouble(trouble, now_wall, self._last, picture)

    def _compose(self, findings: Sequence[Finding], frame: Frame) -> tuple[Alert, ...]:
        album, composer = self._album, self._composer
        return tuple(
            composer.compose(one, frame, album.picture_for(one, frame)) for one in findings
        )
