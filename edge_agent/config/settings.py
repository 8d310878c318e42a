"""Everything the files said, checked and frozen. Inside the agent there are no dicts."""

from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.alerts.options import MirrorOptions
from edge_agent.certificates.options import EnrolmentOptions
from edge_agent.domain.place import Place
from edge_agent.domain.zone import Zone
from edge_agent.inference.options import MotionOptions, ObjectOptions
from edge_agent.mqtt.options import BrokerOptions, CenterOptions, Confirm
from edge_agent.onvif.identity import Identity
from edge_agent.onvif.options import Events
from edge_agent.packs.options import PackOptions
from edge_agent.rules.options import IntrusionOptions
from edge_agent.spool.options import SpoolOptions
from edge_agent.toml.problems import Problem
from edge_agent.tracking.options import ObservationOptions
from edge_agent.video.options import StreamOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """One file of `cameras.d/`; its id is the file's name."""

    id: str
    name: str
    # The small stream, which is analysed.
    stream: StreamOptions
    # The sharp stream, remembered for evidence; None where the camera has one stream only.
    main_stream: StreamOptions | None = None
    motion: MotionOptions = field(default=MotionOptions())
    zones: tuple[Zone, ...] = ()
    rules: tuple[IntrusionOptions, ...] = ()
    # What nobody may see: black before anything looks at a frame.
    masks: tuple[Zone, ...] = ()
    # Where and as whom the camera answers ONVIF; empty where it was added without.
    onvif_url: str = ""
    onvif_endpoint: str = ""
    # Who it is, for finding it again at another address; "" is what it does not say. The MAC is
    # written aa:bb:cc:dd:ee:ff.
    onvif_mac: str = ""
    onvif_serial: str = ""
    # The token of its video source: which channel of a recorder.
    onvif_source: str = ""
    # Whether to listen to what the camera itself reports.
    onvif_events: Events = Events.AUTO
    # Where it stands; None: where the box does.
    place: Place | None = None

    @property
    def identity(self) -> Identity:
        """What tells its device from all others; the cameras of a recorder share it."""
        return Identity(endpoint=self.onvif_endpoint, mac=self.onvif_mac, serial=self.onvif_serial)


@dataclass(frozen=True, slots=True)
class RefusedCamera:
    """A camera that does not start, and all the reasons."""

    id: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole site. A refused camera stops itself, not the others."""

    # Where these files are.
    folder: Path
    site: str
    box: str
    # The spool, the box's key and memory and the status socket live here.
    state_dir: Path
    broker: BrokerOptions
    spool: SpoolOptions
    objects: ObjectOptions
    cameras: tuple[CameraSettings, ...]
    refused: tuple[RefusedCamera, ...]
    # Whose models are taken.
    packs: PackOptions = field(default=PackOptions())
    # Where the box's certificate comes from.
    enrolment: EnrolmentOptions = field(default=EnrolmentOptions())
    center: CenterOptions = field(default=CenterOptions())
    observations: ObservationOptions = field(default=ObservationOptions())
    mirrors: MirrorOptions = field(default=MirrorOptions())
    # Where alerts come from; a camera may say otherwise.
    place: Place | None = None
    # Whom alerts concern by rules that say nothing, and what cameras report of themselves.
    agencies: tuple[str, ...] = ()

    @property
    def confirm(self) -> Confirm:
        """Whose word lets an alert leave the disk."""
        known = Confirm.RECEIPT if self.center.keys else Confirm.BROKER
        return self.broker.confirm or known
