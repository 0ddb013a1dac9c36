"""A file of whole lines: on disk when an append returns, nobody else's to read, and mended by the next append."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.access.audit.lines import ENDS, LineFile, alone, write_whole

WRITER = """
import sys
from pathlib import Path
from shared.access.audit.lines import LineFile
file = LineFile(Path(sys.argv[1]))
for number in range(200):
    file.append([f"{sys.argv[2]} {number}".encode() * 20])
"""

FULL = """
import resource, sys
from pathlib import Path
from shared.access.audit.lines import LineFile
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    LineFile(Path(sys.argv[1])).append([b"two two two"])
except OSError as failed:
    sys.exit(failed.errno)
"""


def test_lines_come_back_in_order_with_the_place_behind_them(tmp_path):
    file = LineFile(tmp_path / "new folder" / "lines")
    file.append([b"one", b"two"])
    file.append([b"three"])

    assert file.read() == ([b"one", b"two", b"three"], 14)
    assert file.read(8) == ([b"three"], 14)
    assert file.read(14) == ([], 14)
    assert file.read(0, most=2) == ([b"one"], 4)
    assert file.size() == 14


def test_without_a_file_there_are_no_lines(tmp_path):
    file = LineFile(tmp_path / "lines")

    assert file.read() == ([], 0)
    assert file.size() == 0


def test_only_this_user_may_read_it(tmp_path):
    file = LineFile(tmp_path / "lines")
    file.append([b"one"])
    write_whole(tmp_path / "place", b"1")

    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("lines", "place")} == {0o600}


def test_what_a_power_cut_left_of_a_line_is_taken_off_and_no_whole_line_is_hurt(tmp_path):
    file = LineFile(tmp_path / "lines")
    file.append([b"one"])
    with file.path.open("ab") as torn:
        torn.write(b"tw")

    assert file.read() == ([b"one"], 4)
    file.append([b"three"])
    assert file.read() == ([b"one", b"three"], 10)


def test_a_file_of_something_else_is_not_cut(tmp_path):
    file = LineFile(tmp_path / "lines")
    file.path.write_bytes(b"x" * (ENDS + 10))

    with pytest.raises(OSError, match="longer"):
        file.append([b"one"])
    assert file.size() == ENDS + 10


def test_it_is_emptied_only_when_nothing_came_since(tmp_path):
    file = LineFile(tmp_path / "lines")
    file.append([b"one"])
    _, place = file.read()
    file.append([b"two"])

    assert not file.empty(place)
    assert file.empty(file.size())
    assert file.read() == ([], 0)


def test_several_processes_may_append_at_once(tmp_path):
    path = tmp_path / "lines"
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, name], cwd=Path(__file__).parents[2]) for name in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]

    lines = path.read_bytes().split(b"\n")[:-1]
    assert sorted(lines) == sorted(f"{name} {number}".encode() * 20 for name in ("a", "b") for number in range(200))


def test_one_at_a_time_is_alone(tmp_path):
    with alone(tmp_path / "lock") as first, alone(tmp_path / "lock") as second:
        assert (first, second) == (True, False)
    with alone(tmp_path / "lock") as third:
        assert third


def test_a_disk_that_is_full_leaves_what_was_there(tmp_path):
    file = LineFile(tmp_path / "lines")
    file.append([b"one"])
    done = subprocess.run([sys.executable, "-c", FULL, str(file.path)], cwd=Path(__file__).parents[2], check=False)

    assert done.returncode == 27, "File too large, as on a disk that is full half-way through a line"
    assert file.path.read_bytes() == b"one\n"
