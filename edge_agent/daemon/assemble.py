"""Hand each stage its options and put the stages together. Nothing runs yet."""

import random
from collections.abc import Callable
from dataclasses import dataclass

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
from edge_agent.inference.budget import LookBudget
from edge_agent.inference.capacity import at_once, bearable_looks
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
from edge_agent.onvif.events import CameraEvent
from edge_agent.onvif.options import Events
from edge_agent.onvif.wsse import Credentials
from edge_agent.pipeline import Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.tracking.belief import BeliefOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions
from edge_agent.video.attention import Attention
from edge_agent.video.camera_reader import CameraReader
from edge_agent.video.masks import Masks

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


class CameraAssembly:
    """Puts cameras together that share a box, its networks and a spool.

    Raises EdgeAgentError at once if the model cannot be used: a box that sees nothing must not
    look healthy.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # By address and user: the channels of a recorder are one device, with few places.
        self._devices: dict[tuple[str, str], CameraEvents] = {}
        self.switches = Switches(settings.state_dir / SWITCHES, clock.wall)
        self.card = load_card(find_card(settings.objects.model))
        threads = settings.objects.threads
        self._networks = NetworkPool(
            lambda: Network(self.card.weights, threads=threads), most=at_once(threads) + SPARE
        )
        self._motion_networks = NetworkPool(
            lambda: Network(MOTION_WEIGHTS), most=at_once(1) + SPARE
        )
        self._cameras = 0
        # A clip may be looked at as often as it needs; it has the box to itself.
        limit = settings.objects.looks_per_second
        self.budget = LookBudget(limit, clock.mono) if limit else None

    def camera(
        self,
        camera: CameraSettings,
        spool: Keeper,
        nudge: Callable[[], None],
        stop: Stop,
        say: Callable[[Message], object] = lambda _: None,
    ) -> Camera:
        """Return one camera, ready to run on two threads; `say` gets what it observes."""
        frames: Mailbox[Frame] = Mailbox(size=1)
        attention = Attention(self._clock)
        source = random.Random()  # noqa: S311 (names alerts, keeps no secret)
        identities = Identities(self._clock.wall, source)
        heard: Mailbox[CameraEvent] = Mailbox(size=_MOST_EVENTS)
        events = self._events(camera, heard, stop)
        sizes = SizeFile(self._settings.state_dir / "sizes" / f"{camera.id}.json", self._clock.wall)
        self._limit_looks()
        pipeline = self.pipeline(
            camera,
            identities,
            self._clock,
            lambda: events.camera_clock.offset_s if events else None,
            sizes.grid,
        )
        reader = CameraReader(camera.stream, frames, attention, self._clock, stop, camera.id)
        loop = CameraLoop(
            frames=frames,
            events=heard,
            pipeline=pipeline,
            attention=attention,
            spool=spool,
            sizes=sizes,
            observer=self._observer(camera, say),
            nudge=nudge,
            frames_per_second=self._settings.objects.frames_per_second,
            clock=self._clock,
            stop=stop,
        )
        return Camera(camera, reader, loop, events)

    def pipeline(
        self,
        camera: CameraSettings,
        identities: Identities,
        clock: Clock,
        camera_offset_s: Callable[[], float | None] = lambda: None,
        sizes: SizeGrid | None = None,
    ) -> Pipeline:
        """Return the stages of one camera; all share the networks, the first ones open them."""
        rules = [(options.name, Intrusion(options)) for options in camera.rules]
        labels = frozenset[Label]().union(*(options.labels for options in camera.rules))
        watch = Watch(tuple((options.zone.outline, options.labels) for options in camera.rules))
        self._cameras += 1
        for networks in (self._networks, self._motion_networks):
            networks.make_room(self._cameras)
        detector = detector_for(self.card, self._networks)
        return Pipeline(
            masks=self.masks(camera),
            motion=MovingCells(self._motion_networks, camera.motion),
            objects=detector,
            lookout=Lookout(
                side_px=detector.side_px,
                looks_per_frame=self._settings.objects.crops_per_frame,
                watch=watch,
                sizes=sizes,
                share=self.budget.share() if self.budget else None,
            ),
            tracker=Tracker(tracker_options(self.card), watch),
            rules=switched(rules, self.switches, camera.id),
            album=Album(labels),
            composer=Composer(
                self._origin(camera), identities, clock.state, clock.mono, camera_offset_s
            ),
        )

    def detector(self) -> Detector:
        """Return a detector for a look now and then, on the networks that the cameras share."""
        return detector_for(self.card, self._networks)

    def masks(self, camera: CameraSettings) -> Masks:
        """Return a camera's masks, as they are switched at the moment of each frame."""
        return Masks(camera.masks, lambda name: self.switches.is_on(Kind.MASK, camera.id, name))

    def _observer(
        self, camera: CameraSettings, say: Callable[[Message], object]
    ) -> Observer | None:
        settings = self._settings
        if not settings.observations.every_s:
            return None
        return Observer(
            topics=Topics(settings.site, settings.box),
            camera=camera.id,
            every_s=settings.observations.every_s,
            say=say,
        )

    def _limit_looks(self) -> None:
        """Where the site leaves it to us, find out how many looks this box can bear."""
        if self.budget is None:
            count = at_once(self._settings.objects.threads)
            self._networks.make_room(1)
            detector = detector_for(self.card, self._networks)
            looks = bearable_looks(detector, self._clock.mono, count)
            self.budget = LookBudget(looks, self._clock.mono)

    def _events(
        self, camera: CameraSettings, heard: Mailbox[CameraEvent], stop: Stop
    ) -> CameraEvents | None:
        """Return who listens to the device, which may have other cameras; None without ONVIF."""
        if not camera.onvif_url:
            return None
        address, stream = read_address(camera.onvif_url), camera.stream
        who = Credentials(stream.username, stream.password) if stream.username else None
        events = self._devices.setdefault(
            (address.url, stream.username),
            CameraEvents(address=address, credentials=who, clock=self._clock, stop=stop),
        )
        if camera.onvif_events is Events.AUTO:
            events.add(Listener(camera.onvif_source, heard))
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


def tracker_options(card: ModelCard) -> TrackerOptions:
    """Return when to believe what this model sees."""
    return TrackerOptions(belief=BeliefOptions(score=card.score, label_scores=card.label_scores))


def make_detector(card: ModelCard, options: ObjectOptions) -> Detector:
    """Return a detector with a network of its own."""
    return detector_for(card, Network(card.weights, threads=options.threads))


def detector_for(card: ModelCard, network: Runnable) -> Detector:
    """Return a detector that also tells of what is too faint to be new but may continue a track."""
    return Detector(card.down_to(tracker_options(card).belief.faint_share), network)
