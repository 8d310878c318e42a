"""Hand each stage its options and put the stages together. Nothing runs yet."""

import logging
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from edge_agent.alerts.album import Album
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.config.settings import CameraSettings, Settings
from edge_agent.daemon.box import boot_id
from edge_agent.daemon.camera_events import CameraEvents, Listener
from edge_agent.daemon.camera_loop import CameraLoop, Keeper
from edge_agent.daemon.observer import Observer
from edge_agent.daemon.switches import FILE as SWITCHES
from edge_agent.daemon.switches import Kind, Switches, switched
from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Label
from edge_agent.domain.zone import Watch
from edge_agent.duty import Duty, Rule
from edge_agent.inference.budget import LookBudget, Share
from edge_agent.inference.capacity import at_once, bearable_looks, suited_threads
from edge_agent.inference.lookout import Lookout
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from edge_agent.inference.motion import MovingCells
from edge_agent.inference.motion_file import WEIGHTS as MOTION_WEIGHTS
from edge_agent.inference.objects import Detector, Runnable
from edge_agent.inference.options import ObjectOptions
from edge_agent.inference.pool import SPARE, NetworkPool
from edge_agent.inference.runtime import Network
from edge_agent.inference.size_file import SizeFile
from edge_agent.inference.size_grid import SizeGrid
from edge_agent.mqtt.message import Message
from edge_agent.mqtt.topics import Topics
from edge_agent.onvif.address import read_address
from edge_agent.onvif.options import Events
from edge_agent.onvif.wsse import Credentials
from edge_agent.pipeline import Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.secret import Secret
from edge_agent.runtime.stop import Stop
from edge_agent.tracking.belief import BeliefOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions
from edge_agent.video.attention import Attention
from edge_agent.video.camera_reader import CameraReader
from edge_agent.video.masks import Masks

log = logging.getLogger(__name__)

# Notifications that may wait for the watcher: more than two answers hold, and it comes twice a second.
_MOST_EVENTS = 128


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera, put together: who reads it, who watches it, and who hears what it reports.

    The cameras of one recorder share their events; None where a camera was added without ONVIF.
    """

    settings: CameraSettings
    reader: CameraReader
    loop: CameraLoop
    events: CameraEvents | None
    # Ends its reader and its watcher alone.
    stop: Stop = field(default_factory=Stop)
    # How it hears the device; None where it does not.
    listener: Listener | None = None


class CameraAssembly:
    """Puts cameras together that share a box, its networks and a spool.

    Raises EdgeAgentError at once if the model cannot be used: a box that sees nothing must not
    look healthy.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # With user and password: the channels of a recorder are one device, with few places.
        self._devices: list[tuple[tuple[str, Secret], CameraEvents]] = []
        self.switches = Switches(settings.state_dir / SWITCHES, clock.wall)
        self.card = load_card(find_card(settings.objects.model))
        self._threads = settings.objects.threads or self._suited_threads()
        self._networks = NetworkPool(
            lambda: Network(self.card.weights, threads=self._threads),
            most=at_once(self._threads) + SPARE,
        )
        self._motion_networks = NetworkPool(
            lambda: Network(MOTION_WEIGHTS), most=at_once(1) + SPARE
        )
        # Each camera that was ever watched has its own, also when it is put together anew.
        self._shares: dict[str, Share] = {}
        self._cameras: set[str] = set()
        # A clip may be looked at as often as it needs; it has the box to itself.
        limit = settings.objects.looks_per_second
        self.budget = LookBudget(limit, clock.mono) if limit else None

    def settle(self, settings: Settings) -> None:
        """Put cameras together by these from now on; the model and its limits stay."""
        self._settings = replace(settings, objects=self._settings.objects)

    def camera(
        self,
        camera: CameraSettings,
        spool: Keeper,
        nudge: Callable[[], None],
        stop: Stop,
        say: Callable[[Message], object] = lambda _: None,
    ) -> Camera:
        """Return one camera, ready to run on two threads; `say` gets what it observes.

        It may be ended alone, and ends with `stop`; so does the device that it shares with others.
        """
        own = stop.part()
        frames: Mailbox[Frame] = Mailbox(size=1)
        attention = Attention(self._clock)
        events, listener = self._events(camera, stop)
        sizes = SizeFile(self._settings.state_dir / "sizes" / f"{camera.id}.json", self._clock.wall)
        self._limit_looks()
        pipeline = self.pipeline(
            camera,
            Identities(self._clock.wall, random.Random()),  # noqa: S311 (keeps no secret)
            self._clock,
            lambda: events.camera_clock.offset_s if events else None,
            sizes.grid,
        )
        reader = CameraReader(camera.stream, frames, attention, self._clock, own, camera.id)
        loop = CameraLoop(
            frames=frames,
            events=listener.events,
            pipeline=pipeline,
            attention=attention,
            spool=spool,
            sizes=sizes,
            observer=self.observer(camera, say),
            nudge=nudge,
            frames_per_second=self._settings.objects.frames_per_second,
            clock=self._clock,
            stop=own,
        )
        return Camera(camera, reader, loop, events, own, listener)

    def release(self, events: CameraEvents) -> None:
        """End a device that no camera belongs to any more."""
        self._devices = [device for device in self._devices if device[1] is not events]
        events.leave()

    def pipeline(
        self,
        camera: CameraSettings,
        identities: Identities,
        clock: Clock,
        camera_offset_s: Callable[[], float | None] = lambda: None,
        sizes: SizeGrid | None = None,
    ) -> Pipeline:
        """Return the stages of one camera; all share the networks, the first ones open them."""
        duty = self.duty(camera)
        self._cameras.add(camera.id)
        for networks in (self._networks, self._motion_networks):
            networks.make_room(len(self._cameras))
        detector = detector_for(self.card, self._networks)
        return Pipeline(
            masks=duty.masks,
            motion=MovingCells(self._motion_networks, duty.motion),
            objects=detector,
            lookout=Lookout(
                side_px=detector.side_px,
                looks_per_frame=self._settings.objects.crops_per_frame,
                watch=duty.watch,
                sizes=sizes,
                share=self._share(camera.id),
            ),
            tracker=Tracker(tracker_options(self.card), duty.watch),
            rules=duty.rules,
            album=Album(duty.labels),
            composer=Composer(duty.origin, identities, clock.state, clock.mono, camera_offset_s),
        )

    def duty(self, camera: CameraSettings) -> Duty:
        """Return what the site asks of this camera, as its settings say now."""
        rules = camera.rules
        for options in rules:
            if unknown := self.card.lacks(options.labels):
                words = "model %s does not know %s: rule %s of camera %s will never alert for it"
                log.warning(words, self.card.name, ", ".join(unknown), options.name, camera.id)
        return Duty(
            masks=self.masks(camera),
            motion=camera.motion,
            watch=Watch(tuple((options.zone.outline, options.labels) for options in rules)),
            labels=frozenset[Label]().union(*(options.labels for options in rules)),
            rules={_key(options): self._rule(camera.id, options) for options in rules},
            origin=self._origin(camera),
        )

    def detector(self) -> Detector:
        """Return a detector for a look now and then, on the networks that the cameras share."""
        return detector_for(self.card, self._networks)

    def masks(self, camera: CameraSettings) -> Masks:
        """Return a camera's masks, as they are switched at the moment of each frame."""
        return Masks(camera.masks, lambda name: self.switches.is_on(Kind.MASK, camera.id, name))

    def observer(self, camera: CameraSettings, say: Callable[[Message], object]) -> Observer | None:
        """Return who tells the center what this camera sees; None where nobody asked."""
        settings = self._settings
        if not settings.observations.every_s:
            return None
        return Observer(
            topics=Topics(settings.site, settings.box),
            camera=camera.id,
            every_s=settings.observations.every_s,
            say=say,
        )

    def _rule(self, camera_id: str, options: IntrusionOptions) -> Rule:
        """Return the rule, as it can be switched."""
        return switched(Intrusion(options), options.name, self.switches, camera_id)

    def _share(self, camera_id: str) -> Share | None:
        if self.budget is None:
            return None
        if camera_id not in self._shares:
            self._shares[camera_id] = self.budget.share()
        return self._shares[camera_id]

    def _suited_threads(self) -> int:
        """Where the site leaves it to us, find out how many threads a look needs on this box."""

        def make(threads: int) -> Detector:
            return detector_for(self.card, Network(self.card.weights, threads=threads))

        threads = suited_threads(make, self._settings.objects, self._clock.mono)
        if threads > 1:
            log.warning(
                "each look of the model takes %d threads: with fewer it is too slow", threads
            )
        return threads

    def _limit_looks(self) -> None:
        """Where the site leaves it to us, find out how many looks this box can bear."""
        if self.budget is None:
            count = at_once(self._threads)
            self._networks.make_room(1)
            detector = detector_for(self.card, self._networks)
            looks = bearable_looks(detector, self._clock.mono, count)
            self.budget = LookBudget(looks, self._clock.mono)

    def _events(self, camera: CameraSettings, stop: Stop) -> tuple[CameraEvents | None, Listener]:
        """Return who listens to the camera's device, and where to; None without ONVIF."""
        listener = Listener(camera.onvif_source, Mailbox(size=_MOST_EVENTS))
        events = self._device(camera, stop)
        if events and camera.onvif_events is Events.AUTO:
            events.add(listener)
        return events, listener

    def _device(self, camera: CameraSettings, stop: Stop) -> CameraEvents | None:
        """Return the camera's device, which may have other cameras; None without ONVIF."""
        if not camera.onvif_url:
            return None
        address, stream = read_address(camera.onvif_url), camera.stream
        who = Credentials(stream.username, stream.password) if stream.username else None
        login = stream.username, stream.password
        for known, events in self._devices:
            # Not by where it was first: it may have been found elsewhere since.
            if known == login and events.address.url == address.url:
                return events
        events = CameraEvents(address=address, credentials=who, clock=self._clock, stop=stop.part())
        self._devices.append((login, events))
        return events

    def _origin(self, camera: CameraSettings) -> Origin:
        return Origin(
            site=self._settings.site,
            box=self._settings.box,
            camera=camera.id,
            boot=boot_id(),
            model_name=self.card.name,
            model_version=self.card.version,
            model_sha256=self.card.sha256,
            place=camera.place or self._settings.place,
            agencies=self._settings.agencies,
            agencies_of={
                rule.name: rule.agencies for rule in camera.rules if rule.agencies is not None
            },
        )


def _key(options: IntrusionOptions) -> Hashable:
    """Return what makes it another rule; whom its alerts concern does not."""
    return replace(options, agencies=None)


def tracker_options(card: ModelCard) -> TrackerOptions:
    """Return when to believe what this model sees."""
    return TrackerOptions(belief=BeliefOptions(score=card.score, label_scores=card.label_scores))


def make_detector(card: ModelCard, options: ObjectOptions) -> Detector:
    """Return a detector with a network of its own."""
    return detector_for(card, Network(card.weights, threads=options.threads or 1))


def detector_for(card: ModelCard, network: Runnable) -> Detector:
    """Return a detector that also tells of what is too faint to be new but may continue a track."""
    return Detector(card.down_to(tracker_options(card).belief.faint_share), network)
