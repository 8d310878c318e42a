"""Whatever is appended, delivered, refused, dropped, rotated and restarted: the center sees no gap."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.alerts.box_key import prepare_rotation
from edge_agent.contract import Report
from edge_agent.domain.sighting import Severity
from edge_agent.spool import chain
from tests.fakes.alerts import an_alert
from tests.spool.sealed import Opened


class ChainStaysWhole(RuleBasedStateMachine):
    """A box and its center, with a link that repeats, and a broker that refuses now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.box = Opened(Path(tempfile.mkdtemp()))
        self.spool = self.box.again()
        self.center = self.box.center()
        self.count = 0
        self.key_waits = False

    @rule(severity=st.sampled_from(Severity), size=st.sampled_from([0, 4000]))
    def append(self, severity: Severity, size: int) -> None:
        self.count += 1
        self.spool.append(an_alert(f"v{self.count}", severity=severity, picture_bytes=size))

    @rule(many=st.integers(1, 4), is_acknowledged=st.booleans())
    def deliver(self, many: int, *, is_acknowledged: bool) -> None:
        batch = self.spool.oldest(many)
        self.center.take_all(batch)
        if is_acknowledged:
            self.spool.done([kept.number for kept in batch])

    @rule(skip=st.integers(0, 2))
    def refuse(self, skip: int) -> None:
        for kept in self.spool.oldest(skip + 1)[skip:]:
            self.spool.park(kept.number, "no")

    @rule(skip=st.integers(0, 4))
    def drop(self, skip: int) -> None:
        alerts = [kept for kept in self.spool.oldest(20) if kept.alert.camera]
        for kept in alerts[skip : skip + 1]:
            connection = self.spool._connection()
            connection.execute("BEGIN IMMEDIATE")
            chain.drop(connection, kept.number)
            connection.execute("COMMIT")

    @rule()
    def restart(self) -> None:
        self.spool = self.box.again()
        self.key_waits = False

    @precondition(lambda self: not self.key_waits)
    @rule()
    def rotate(self) -> None:
        prepare_rotation(self.box.folder / "keys", is_lost=False)
        self.key_waits = True

    @invariant()
    def nothing_is_missing_that_the_box_does_not_hold(self) -> None:
        self.judge(self.center.report(self.spool))

    def judge(self, report: Report) -> None:
        wrong = (report.missing, report.cut, report.forked, report.restarts, report.retired)
        assert not any(wrong), report
        assert report.refused == ()

    def teardown(self) -> None:
        # Something has to get through before the last records are made.
        self.spool.append(an_alert("last"))
        report = self.center.drain(self.spool)
        self.box.close()
        shutil.rmtree(self.box.folder)
        assert report.is_whole, report


TestChainStaysWhole = ChainStaysWhole.TestCase
TestChainStaysWhole.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
