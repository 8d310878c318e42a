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
from edge_agent.domain.frame import Frame
from edge_agent.domain.sighting import Label
from edge_agent.inference.model_file import ModelCard, find_card, load_card
from edge_agent.inference.motion import BlockMotion
from edge_agent.inference.objects import Detector
from edge_agent.inference.options import ObjectOptions
from edge_agent.inference.runtime import Network
from edge_agent.onvif.address import read_address
from edge_agent.onvif.events import CameraEvent
from edge_agent.onvif.options import Events
from edge_agent.onvif.wsse import Credentials
from edge_agent.pipeline import Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.mailbox import Mailbox
from edge_agent.runtime.stop import Stop
from edge_agent.tracking.tracker import Tracker, TrackerOptions
from edge_agent.video.attention import Attention
from edge_agent.video.camera_reader import CameraReader

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
    """Puts cameras together that share a box, a model file and a spool.

    Raises EdgeAgentError at once if the model cannot be used: a box that sees nothing must not
    look healthy.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        # By address and user: the channels of a recorder are one device, with few places.
        self._devices: dict[tuple[str, str], CameraEvents] = {}
        self.card = load_card(find_card(settings.objects.model))

    def camera(
        self, camera: CameraSettings, spool: Keeper, nudge: Callable[[], None], stop: Stop
    ) -> Camera:
        """Return one camera, ready to run on two threads."""
        frames: Mailbox[Frame] = Mailbox(size=1)
        attention = Attention(self._clock)
        source = random.Random()  # noqa: S311 (names alerts, keeps no secret)
        identities = Identities(self._clock.wall, source)
        heard: Mailbox[CameraEvent] = Mailbox(size=_MOST_EVENTS)
        events = self._events(camera, heard, stop)
        pipeline = self.pipeline(
            camera,
            identities,
            self._clock,
            lambda: events.camera_clock.offset_s if events else None,
        )
        reader = CameraReader(camera.stream, frames, attention, self._clock, stop, camera.id)
        loop = CameraLoop(
            frames=frames,
            events=heard,
            pipeline=pipeline,
            attention=attention,
            spool=spool,
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
    ) -> Pipeline:
        """Return the stages of one camera. Each has a network of its own: none is shared."""
        rules = [Intrusion(options) for options in camera.rules]
        labels = frozenset[Label]().union(*(options.labels for options in camera.rules))
        return Pipeline(
            motion=BlockMotion(camera.motion),
            objects=make_detector(self.card, self._settings.objects),
            crops_per_frame=self._settings.objects.crops_per_frame,
            tracker=Tracker(TrackerOptions(median_score=self.card.score)),
            rules=rules,
            album=Album(labels),
            composer=Composer(
                self._origin(camera), identities, clock.state, clock.mono, camera_offset_s
            ),
        )

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
        )


def make_detector(card: ModelCard, options: ObjectOptions) -> Detector:
    """Return a detector with a network of its own."""
    return Detector(card, Network(card.weights, threads=options.threads))
