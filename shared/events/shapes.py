"""The shapes that names on the wire must have; matched whole, so that a value cannot hide behind a good part."""

import re

CODE_PATTERN = r"^[A-Za-z0-9_.:/-]{1,80}$"
CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,80}\Z")
WIRE = re.compile(r"[a-z]{1,40}\.[a-z_]{1,60}\.v[1-9][0-9]{0,3}\Z")
STREAM = re.compile(r"[a-z_]{1,40}/[A-Za-z0-9_.:/-]{1,200}\Z")
