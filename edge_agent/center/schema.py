"""The center's tables. Wall clocks are Unix seconds of the center; JSON is text.

docs/reference/center.md tells what each is for. A later center may add tables and columns; it
counts VERSION up when an earlier one can no longer work with what it makes.
"""

from collections.abc import Mapping

VERSION = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS boxes (
  site TEXT NOT NULL, box TEXT NOT NULL, registered INTEGER NOT NULL DEFAULT 0,
  session {big} NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT '', status_time TEXT,
  status_json TEXT, health_json TEXT, seen_wall {real}, version TEXT, place_json TEXT,
  head_seq {big} NOT NULL DEFAULT 0, head_sha256 TEXT, head_time TEXT NOT NULL DEFAULT '',
  head_topic TEXT, head_payload {blob},
  left_below {big} NOT NULL DEFAULT 0, last_seq {big} NOT NULL DEFAULT 0,
  whole_upto {big} NOT NULL DEFAULT 0, gap_since_wall {real}, takeovers {big} NOT NULL DEFAULT 0,
  PRIMARY KEY (site, box));

CREATE TABLE IF NOT EXISTS keys (
  site TEXT NOT NULL, box TEXT NOT NULL, kid TEXT NOT NULL, key_base64 TEXT NOT NULL,
  since_seq {big} NOT NULL, until_seq {big}, confirmed INTEGER NOT NULL,
  from_file INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, box, kid));

CREATE TABLE IF NOT EXISTS messages (
  site TEXT NOT NULL, box TEXT NOT NULL, seq {big} NOT NULL, sha256 TEXT NOT NULL,
  prev TEXT NOT NULL, kid TEXT NOT NULL, type TEXT NOT NULL, topic TEXT NOT NULL,
  alert_id TEXT, revision {big}, thumb_sha256 TEXT, received_wall {real} NOT NULL,
  payload {blob} NOT NULL,
  PRIMARY KEY (site, box, seq));
CREATE INDEX IF NOT EXISTS messages_alert ON messages (site, box, alert_id);

CREATE TABLE IF NOT EXISTS hashes (
  site TEXT NOT NULL, box TEXT NOT NULL, seq {big} NOT NULL, sha256 TEXT NOT NULL,
  PRIMARY KEY (site, box, seq));

CREATE TABLE IF NOT EXISTS missing (
  site TEXT NOT NULL, box TEXT NOT NULL, first {big} NOT NULL, last {big} NOT NULL,
  PRIMARY KEY (site, box, first));

CREATE TABLE IF NOT EXISTS accounted (
  site TEXT NOT NULL, box TEXT NOT NULL, first {big} NOT NULL, last {big} NOT NULL,
  why TEXT NOT NULL, by_seq {big} NOT NULL,
  PRIMARY KEY (site, box, by_seq, first));

CREATE TABLE IF NOT EXISTS alerts (
  id TEXT NOT NULL, site TEXT NOT NULL, box TEXT NOT NULL, camera TEXT NOT NULL,
  rule TEXT NOT NULL, zone TEXT NOT NULL, type TEXT NOT NULL, severity TEXT NOT NULL,
  state TEXT NOT NULL, revision {big} NOT NULL, began TEXT NOT NULL, time TEXT NOT NULL,
  place_json TEXT, agencies_json TEXT NOT NULL, objects_json TEXT NOT NULL,
  clock_json TEXT NOT NULL, first_seq {big} NOT NULL, seq {big} NOT NULL, thumb_sha256 TEXT,
  handling TEXT NOT NULL DEFAULT 'new', handled_by TEXT, handled_wall {real},
  received_wall {real} NOT NULL, change {big} NOT NULL,
  PRIMARY KEY (site, box, id));
CREATE INDEX IF NOT EXISTS alerts_change ON alerts (change);
CREATE INDEX IF NOT EXISTS alerts_received ON alerts (received_wall);
CREATE INDEX IF NOT EXISTS alerts_handling ON alerts (handling, severity, received_wall);
CREATE INDEX IF NOT EXISTS alerts_box ON alerts (site, box, received_wall);
CREATE INDEX IF NOT EXISTS alerts_rule ON alerts (rule, received_wall);

CREATE TABLE IF NOT EXISTS handling (
  number {number}, site TEXT NOT NULL, box TEXT NOT NULL, alert_id TEXT NOT NULL,
  at_wall {real} NOT NULL, became TEXT NOT NULL, by_whom TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS handling_alert ON handling (site, box, alert_id);

CREATE TABLE IF NOT EXISTS pictures (
  site TEXT NOT NULL, box TEXT NOT NULL, alert_id TEXT NOT NULL, sha256 TEXT NOT NULL,
  content {blob} NOT NULL, received_wall {real} NOT NULL,
  PRIMARY KEY (site, box, alert_id, sha256));

CREATE TABLE IF NOT EXISTS held_pictures (
  number {number}, site TEXT NOT NULL, box TEXT NOT NULL, alert_id TEXT NOT NULL,
  sha256 TEXT NOT NULL, content {blob} NOT NULL, received_wall {real} NOT NULL,
  UNIQUE (site, box, alert_id, sha256));

CREATE TABLE IF NOT EXISTS quarantine (
  number {number}, site TEXT NOT NULL, box TEXT NOT NULL, topic TEXT NOT NULL,
  payload {blob} NOT NULL, sha256 TEXT NOT NULL, why TEXT NOT NULL,
  received_wall {real} NOT NULL, UNIQUE (site, box, why, sha256));

CREATE TABLE IF NOT EXISTS alarms (
  number {number}, site TEXT NOT NULL, box TEXT NOT NULL, kind TEXT NOT NULL,
  text TEXT NOT NULL, since_wall {real} NOT NULL, until_wall {real});
CREATE UNIQUE INDEX IF NOT EXISTS alarms_open ON alarms (site, box, kind)
  WHERE until_wall IS NULL;

CREATE INDEX IF NOT EXISTS pictures_received ON pictures (received_wall);

CREATE TABLE IF NOT EXISTS holds (
  number {number}, site TEXT NOT NULL, box TEXT NOT NULL, alert_id TEXT NOT NULL,
  since_wall {real} NOT NULL, by_whom TEXT NOT NULL, why TEXT NOT NULL,
  until_wall {real}, released_by TEXT, released_why TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS holds_lasting ON holds (site, box, alert_id)
  WHERE until_wall IS NULL;

CREATE TABLE IF NOT EXISTS deleted (
  site TEXT NOT NULL, box TEXT NOT NULL, first {big} NOT NULL, last {big} NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (site, box, first));

CREATE TABLE IF NOT EXISTS deleted_pictures (
  site TEXT NOT NULL, box TEXT NOT NULL, alert_id TEXT NOT NULL, sha256 TEXT NOT NULL,
  PRIMARY KEY (site, box, alert_id, sha256));

CREATE TABLE IF NOT EXISTS deletion_letters (
  number {number}, site TEXT NOT NULL, box TEXT NOT NULL, payload {blob} NOT NULL);
CREATE INDEX IF NOT EXISTS deletion_letters_box ON deletion_letters (site, box);

CREATE TABLE IF NOT EXISTS deletions (
  number {number}, at_wall {real} NOT NULL, keep_pictures_days INTEGER NOT NULL,
  keep_alerts_days INTEGER NOT NULL, only_closed INTEGER NOT NULL,
  pictures {big} NOT NULL DEFAULT 0, alerts {big} NOT NULL DEFAULT 0,
  messages {big} NOT NULL DEFAULT 0, others {big} NOT NULL DEFAULT 0,
  size_bytes {big} NOT NULL DEFAULT 0);

CREATE TABLE IF NOT EXISTS deliveries (
  number {number}, agency TEXT NOT NULL, url TEXT NOT NULL, site TEXT NOT NULL,
  box TEXT NOT NULL, alert_id TEXT NOT NULL, revision {big} NOT NULL, body {blob} NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, since_wall {real} NOT NULL, next_wall {real} NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting', last_error TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (state, next_wall);
"""


# What came later, by table: a database of an earlier center gets it when it is opened.
_COLUMNS = (
    # How long it was: of a long one only the beginning is kept.
    ("quarantine", "size_bytes", "{big}"),
    # When its picture was deleted after its term.
    ("alerts", "picture_deleted_wall", "{real}"),
    # The word and the facts that `text` says in English.
    ("alarms", "said_json", "TEXT"),
    # By whom and why; NULL for one that ended by itself.
    ("alarms", "closed_by", "TEXT"),
    ("alarms", "closed_why", "TEXT"),
)


def columns(types: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return what was added to which table: its name, and its type in one engine."""
    return [(table, name, kind.format(**types)) for table, name, kind in _COLUMNS]


def statements(types: Mapping[str, str]) -> list[str]:
    """Return what makes the tables, in the types of one engine."""
    filled = _TABLES.format(**types)
    return [one.strip() for one in filled.split(";") if one.strip()]
