"""Who is paged and whose code counts: by the site, never nobody, never a hint."""

from datetime import UTC, datetime

import pytest
import yaml

from services.safeguarding.domain.coverage import coverage
from services.safeguarding.domain.rota import hashed, rota_from
from tests.safeguarding.world import LADDER, ROTA, shipped

NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_the_role_is_taken_by_the_sites_own_people():  # S25
    assert [person.id for person in ROTA.takers("newham", "primary")] == ["lead-newham"]
    assert [person.id for person in ROTA.takers("halton", "primary")] == ["lead-halton"]


def test_an_unknown_site_goes_to_the_default_rota_and_an_untaken_role_to_everyone():
    assert ROTA.takers("nowhere", "primary") == ROTA.takers(ROTA.default_site, "primary")
    assert {person.id for person in ROTA.takers("newham", "trustee")} == {"lead-newham", "backup-north", "manager"}


def test_a_personal_code_counts_at_its_own_site_only():  # S25
    person = ROTA.who_knows("newham", "468012")
    assert person is not None
    assert person.acting == "safeguarding-lead/lead-newham"
    assert ROTA.who_knows("halton", "468012") is None
    assert ROTA.who_knows("newham", "468013") is None
    assert ROTA.who_knows("newham", "") is None


def test_no_code_stands_in_the_file():
    assert not any(
        code in shipped("rota.yaml") for code in ("246810", "357911", "468012", "579135", "681357", "802468", "913579")
    )
    assert hashed("246810", b"a") != hashed("246810", b"b")


@pytest.mark.parametrize(
    ("cover", "plan", "now", "expected"),
    [
        ("always", "", NIGHT, (True, False)),
        ("working_hours", "999 and the council's team", NIGHT, (False, False)),
        ("working_hours", "", NIGHT, (False, True)),
        ("working_hours", "", DAY, (True, False)),
        ("none", "", DAY, (False, True)),
    ],
)
def test_every_minute_has_a_primary_a_plan_or_a_gap(cover, plan, now, expected):  # S25
    data = yaml.safe_load(shipped("rota.yaml"))
    data["sites"]["newham"] |= {"cover": cover, "out_of_hours_plan": plan}
    found = coverage(rota_from(yaml.safe_dump(data)), LADDER.working_hours, "newham", now=now)
    assert (found.covered, found.gap) == expected
    assert found.next_reading == now if found.covered else found.next_reading > now


def test_a_rota_that_names_nobody_stops_the_service():
    data = yaml.safe_load(shipped("rota.yaml"))
    data["sites"]["newham"]["takes"] = {"primary": ["somebody-else"]}
    with pytest.raises(ValueError, match="newham"):
        rota_from(yaml.safe_dump(data))
