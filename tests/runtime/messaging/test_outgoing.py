"""What the relay writes from stored data is what the codec writes from decoded events, and is read back equal."""

from dataclasses import replace

import orjson
import pytest

from shared.events.catalogue import CATALOGUE
from shared.events.cloudevents import from_record, to_headers, to_value
from shared.events.event import Event
from shared.runtime.commit import Claim, Commit, Entry, recorded
from shared.runtime.outgoing import DIGEST_HEADER, outgoing
from tests.events.samples import sample
from tests.runtime.messaging.made import AT, commit, named


def commit_of(event: Event) -> Commit:
    entry = Entry(event.wire, event.case, event.occurred_at, named("cause"), named("flow"), event.data())
    return replace(commit("case"), service=event.wire.split(".")[0], causes=(entry.cause,), entries=(entry,))


@pytest.mark.parametrize("wire", sorted(CATALOGUE))
def test_every_event_goes_out_as_the_codec_would_write_it(wire):
    kept = commit_of(sample(CATALOGUE[wire]))
    [event], [decoded] = outgoing(kept), recorded(kept)

    assert sorted(event.headers) == sorted(to_headers(decoded))
    assert orjson.loads(event.value) == orjson.loads(to_value(decoded))
    assert event.key == decoded.key.encode()
    assert from_record(event.key, event.value, event.headers) == decoded


def test_an_event_about_no_case_is_keyed_by_its_stream_and_needs_no_correlation():
    bare = Entry("support.volunteer_changed.v1", None, AT, named("cause"), None, {"status": "ready"})
    kept = replace(commit("case"), causes=(bare.cause,), entries=(bare,))
    [event] = outgoing(kept)

    assert event.key == str(named("case")).encode()
    assert sorted(event.headers) == sorted(to_headers(recorded(kept)[0]))


def test_claims_and_their_digest_travel_with_the_cause_that_made_them():
    made = commit("case", events=2)
    kept = replace(made, claims=(Claim("key/one", made.causes[0], "abc"), Claim("key/two", made.causes[0], "abc")))
    first, second = outgoing(kept)

    assert dict(first.headers)[DIGEST_HEADER] == b"abc"
    assert orjson.loads(dict(first.headers)["ce_claims"]) == ["key/one", "key/two"]
    assert not {"ce_claims", DIGEST_HEADER} & dict(second.headers).keys()
    assert [from_record(one.key, one.value, one.headers) for one in (first, second)] == recorded(kept)
