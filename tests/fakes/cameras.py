"""One camera's pipeline, made of fakes and of the real deciding stages."""

import random
from typing import cast

from edge_agent.alerts.album import Album
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label
from edge_agent.domain.zone import Zone
from edge_agent.inference.objects import Detector
from edge_agent.pipeline import MotionStage, Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions
from tests.fakes.clock import FakeClock
from tests.fakes.stages import FakeObjects

EVERYWHERE = Zone("yard", Polygon((Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1))))
ORIGIN = Origin(
    site="palembang",
    box="plaju-01",
    camera="gate",
    boot="b00t",
    model_name="street",
    model_version="1.0.0",
    model_sha256="abc",
)


def make_pipeline(
    clock: FakeClock, motion: MotionStage, objects: FakeObjects, *, patience_s: float = 1.0
) -> Pipeline:
    rule = IntrusionOptions(name="no-entry", zone=EVERYWHERE, patience_s=patience_s)
    identities = Identities(clock.wall, random.Random(1))
    return Pipeline(
        motion=motion,
        objects=cast("Detector", objects),
        crops_per_frame=4,
        tracker=Tracker(TrackerOptions()),
        rules=[Intrusion(rule)],
        album=Album([Label.PERSON]),
        composer=Composer(ORIGIN, identities, clock.state, clock.mono),
    )
