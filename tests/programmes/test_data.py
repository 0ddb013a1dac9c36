"""The shipped data files hold together, and a broken one is refused with the place of the fault."""

import pytest

from shared.programmes.load import PROGRAMME_FILES, BadData, ProgrammeData, load, programme_from, sites_from
from tests.programmes.conftest import read


def test_the_sites_and_programmes_are_those_that_requests_name(data: ProgrammeData):  # R1, R2
    by_provider = {one.id: [site.id for site in one.sites] for one in data.sites.providers}
    assert by_provider == {"nct": ["coventry-warwickshire", "halton", "newham"], "second-charity": ["stratford"]}
    assert data.sites.provider_of("halton") == "nct"
    assert data.sites.provider_of("atlantis") is None
    assert set(data.programmes) == {"parents-in-mind", "mums-in-mind", "birth-and-beyond"}
    assert data.programmes["parents-in-mind"].rule_version == "parents-in-mind/2026-11-1"


def test_every_offer_of_a_site_is_one_of_a_programme_there(data: ProgrammeData):
    offered = {offer.id for programme in data.programmes.values() for offer in programme.offers}
    assert {offer for one in data.sites.providers for site in one.sites for offer in site.offers} <= offered


def test_every_condition_of_a_programme_has_a_level(data: ProgrammeData):  # S5
    for programme in data.programmes.values():
        named = {*programme.conditions.known, *programme.conditions.review, *programme.conditions.pause_rules}
        assert named | set(programme.eligibility.needs_any_of) <= set(data.risk.conditions)


@pytest.mark.parametrize(
    ("total", "band"),
    [(0, "normal"), (7, "normal"), (8, "mild"), (10, "mild"), (10.53, "mild"), (11, "clinically_significant"),
     (13.07, "clinically_significant"), (21, "clinically_significant")],
)  # fmt: skip
def test_hads_bands_start_at_eight_and_eleven(data: ProgrammeData, total, band):  # R42
    hads = data.programmes["parents-in-mind"].measure("HADS")
    assert hads is not None
    assert hads.band_of(total) == band


@pytest.mark.parametrize("total", [22, -1, 21.5])
def test_a_total_outside_the_scale_is_rejected(data: ProgrammeData, total):  # R42
    hads = data.programmes["parents-in-mind"].measure("HADS")
    assert hads is not None
    with pytest.raises(ValueError, match="HADS: outside 0 to 21"):
        hads.band_of(total)


def test_a_decline_always_carries_a_signpost(data: ProgrammeData):  # R1
    for programme in data.programmes.values():
        assert programme.signposts_for(("no_such_reason",))
        assert programme.signposts_for(("child_too_old",))[0] != "gp"


def test_a_misspelt_setting_is_refused_with_its_name():
    text = read("parents_in_mind.yaml").replace("child_under_months", "child_below_months")
    with pytest.raises(BadData, match="child_below_months"):
        programme_from(text)


def test_a_programme_at_a_site_that_is_not_there_is_refused():
    with pytest.raises(BadData, match="no such site: halton"):
        load(lambda name: read(name).replace("id: halton", "id: elsewhere"))


def test_a_site_named_twice_is_refused():
    with pytest.raises(BadData, match="used twice"):
        sites_from(read("sites.yaml").replace("id: halton", "id: newham"))


def test_text_that_is_not_yaml_is_refused():
    with pytest.raises(BadData):
        sites_from("a: [")


@pytest.mark.parametrize("name", [*PROGRAMME_FILES, "sites.yaml", "risk_levels.yaml"])
def test_every_file_names_version_source_and_owner(name):
    assert all(f"\n{key}: " in "\n" + read(name) for key in ("version", "source", "owner"))
