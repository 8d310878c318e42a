"""A complaint points to the line on which the technician has to change something."""

import pytest

from edge_agent.toml.lines import Lines, Place

_TEXT = '''\
site = "x"
broker.url = "y"
[spool]
  size_mb=1
text = """
[not.a.table]
site = 2
"""
# url = "z"
[[zones]]
name = "a"
[[ zones ]]
outline = [
  [0, 0],
]
["quoted"]
'key' = 1
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("site",), 1),
        (("broker", "url"), 2),
        (("spool",), 3),
        (("spool", "size_mb"), 4),
        (("spool", "missing"), 3),
        (("not", "a", "table"), None),
        (("zones",), 10),
        (("zones", 0, "name"), 11),
        (("zones", 0, "outline"), 10),
        (("zones", 1, "name"), 12),
        (("zones", 1, "outline"), 13),
        (("quoted", "key"), 17),
        (("missing",), None),
        ((), None),
    ],
)
def test_each_place_has_its_line(place: Place, line: int | None) -> None:
    assert Lines(_TEXT).find(place) == line
