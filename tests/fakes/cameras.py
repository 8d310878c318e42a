"""One camera's pipeline, made of fakes and of the real deciding stages."""

import random
from typing import cast

from edge_agent.alerts.album import Album
from edge_agent.alerts.compose import Composer, Origin
from edge_agent.alerts.identity import Identities
from edge_agent.domain.geometry import Point, Polygon
from edge_agent.domain.sighting import Label
from edge_agent.domain.zone import Watch, Zone
from edge_agent.duty import MotionStage
from edge_agent.inference.budget import Share
from edge_agent.inference.lookout import Lookout
from edge_agent.inference.objects import Detector
from edge_agent.inference.size_grid import SizeGrid
from edge_agent.pipeline import Pipeline
from edge_agent.rules.intrusion import Intrusion
from edge_agent.rules.options import IntrusionOptions
from edge_agent.tracking.tracker import Tracker, TrackerOptions
from edge_agent.video.masks import Masks
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


def make_pipeline(  # noqa: PLR0913 (what a test may want to be different)
    clock: FakeClock,
    motion: MotionStage,
    objects: FakeObjects,
    *,
    patience_s: float = 1.0,
    label: Label = Label.PERSON,
    sizes: SizeGrid | None = None,
    share: Share | None = None,
) -> Pipeline:
    labels = frozenset({label})
    rule = IntrusionOptions(name="no-entry", zone=EVERYWHERE, labels=labels, patience_s=patience_s)
    watch = Watch(((rule.zone.outline, rule.labels),))
    identities = Identities(clock.wall, random.Random(1))
    return Pipeline(
        masks=Masks(),
        motion=motion,
        objects=cast("Detector", objects),
        lookout=Lookout(
            side_px=objects.side_px, looks_per_frame=4, watch=watch, sizes=sizes, share=share
        ),
        tracker=Tracker(TrackerOptions(), watch),
        rules={rule: Intrusion(rule)},
        album=Album(labels),
        composer=Composer(ORIGIN, identities, clock.state, clock.mono),
    )
