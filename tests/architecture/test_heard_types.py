"""What a service passes over unread means nothing to it: its list of types and its translation say the same."""

import importlib

import pytest

from shared.events.catalogue import CATALOGUE
from tests.events.samples import recorded, sample


@pytest.mark.parametrize("service", ["referral", "triage", "support"])
def test_the_types_a_service_hears_are_those_its_translation_knows(service: str) -> None:
    kafka = importlib.import_module(f"services.{service}.adapters.kafka")
    meant = {wire for wire, event in CATALOGUE.items() if kafka.to_inputs(recorded(sample(event)))}

    assert meant == kafka.HEARD
