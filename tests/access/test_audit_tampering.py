"""Ten thousand ways to change a stored log, each found; and the one thing that is not found, said as a test."""

import hmac
import json
import random
from dataclasses import replace

import bson
import pytest
from bson.errors import BSONError

from shared.access.audit.chain import START, Entry, Head, line_of, linked
from tests.access.audited import KEY, Log, chain_name, check_log, entry, made
from tests.access.tampering import TAMPERED, of_chain, put, read, some_chain

pytestmark = pytest.mark.slow

TAMPERINGS = 10_000
SEED = 20_261_124
WHOLE = made((7, 3, 6, 1))


def test_the_log_as_it_was_written_has_no_fault():
    found = check_log(WHOLE)

    assert found.faults == []
    assert {chain: one.entries for chain, one in found.chains.items()} == WHOLE.lengths
    assert {chain: one.proven and one.proven.head.length for chain, one in found.chains.items()} == WHOLE.proven


@pytest.mark.parametrize("part", range(10))
def test_every_one_of_ten_thousand_tamperings_is_found(part):
    """Number n is the same on every run: `random.Random(f"{SEED}/{n}")` makes it again."""
    missed = [number for number in range(part, TAMPERINGS, 10) if not tampered(number)]

    assert missed == []


def tampered(number: int) -> bool:
    """Whether tampering `number` was found."""
    log = WHOLE.copy()
    TAMPERED[number // 10 % len(TAMPERED)](random.Random(f"{SEED}/{number}"), log)
    assert log != WHOLE, number
    return bool(check_log(log).faults)


def test_each_kind_of_tampering_does_what_it_says_now_and_then():
    """None of them is idle: each leaves documents or heads other than they were, in many ways."""
    for kind in TAMPERED:
        ways = set()
        for number in range(50):
            log = WHOLE.copy()
            kind(random.Random(number), log)
            ways.add(hash((*sorted(log.documents.items()), *log.heads)))
        assert len(ways) >= 3, kind.__name__


def test_what_is_cut_off_after_the_last_head_is_not_found():
    """Nobody can: it is why a head is published each minute."""
    chain, length = next((chain, length) for chain, length in WHOLE.lengths.items() if length > WHOLE.proven[chain])
    log = WHOLE.copy()
    for id_ in of_chain(log, chain)[WHOLE.proven[chain] :]:
        del log.documents[id_]

    found = check_log(log)

    assert found.faults == []
    assert found.chains[chain].entries < length
    assert found.chains[chain].unproven == 0


def test_a_chain_of_which_no_head_was_kept_can_go_and_is_not_missed():
    log = WHOLE.copy()
    chain = next(iter(log.lengths))
    log.heads = [line for line in log.heads if chain.encode() not in line]
    for id_ in of_chain(log, chain):
        del log.documents[id_]

    assert check_log(log).faults == []


def test_whoever_has_the_key_cannot_change_what_a_head_has_seen():
    """The service itself, say, broken into: it may write what it likes from now on, and nothing before the head."""
    log = WHOLE.copy()
    chain = some_chain(random.Random(1), log, shortest=5)
    first, *others = (Entry.of_content(read(log, id_)["content"]) for id_ in of_chain(log, chain))
    documents, _ = linked(KEY, Head(chain, 0, START), [replace(first, who="nobody"), *others])
    for document in documents:
        put(log, document)

    assert f"{chain}: the entries up to 5 are not those that were written" in "\n".join(check_log(log).faults)


def test_two_histories_in_one_chain_are_seen_even_without_a_head():
    """As when an older copy was put back under a process that went on."""
    log = Log({}, [], {}, {})
    chain = chain_name(0)
    common, head = linked(KEY, Head(chain, 0, START), [entry(1), entry(2)])
    one, _ = linked(KEY, head, [entry(3)])
    _, other = linked(KEY, head, [entry(4)])
    later, _ = linked(KEY, other, [entry(5)])
    for document in [*common, *one, *later]:
        put(log, document)

    assert check_log(log).faults == [f"{chain}: entry 4 does not follow the one before it"]


def test_a_gap_is_said_as_a_gap():
    log = WHOLE.copy()
    chain = chain_name(0)
    for id_ in of_chain(log, chain)[2:4]:
        del log.documents[id_]

    assert check_log(log).faults == [f"{chain}: entries 3 to 4 are missing"]


def test_a_chain_under_another_name_is_found_even_when_no_head_speaks_of_it():
    log = Log(dict(WHOLE.documents), [], WHOLE.lengths, WHOLE.proven)
    for id_ in of_chain(log, chain_name(0)):
        document = read(log, id_) | {"chain": chain_name(8), "_id": id_.replace(chain_name(0), chain_name(8))}
        del log.documents[id_]
        put(log, document)

    assert check_log(log).faults[0] == f"{chain_name(8)}: entry 1 was changed or forged"


def test_an_entrys_code_is_what_docs_audit_md_says_it_is():
    """Worked out with nothing but the standard library, so that anybody with the key can."""
    chain, before = chain_name(0), START
    for number, id_ in enumerate(of_chain(WHOLE, chain), 1):
        document = read(WHOLE, id_)
        signed = json.dumps([chain, number, before, document["content"]], sort_keys=True, separators=(",", ":"))
        before = hmac.new(KEY, signed.encode(), "sha256").hexdigest()
        assert document["mac"] == before


def test_two_heads_of_one_length_that_differ_show_two_histories():
    log = WHOLE.copy()
    chain = next(iter(log.lengths))
    log.heads.append(line_of(KEY, Head(chain, log.proven[chain], "a" * 64)))

    assert any("two histories" in fault for fault in check_log(log).faults)


def test_a_second_key_in_the_bytes_is_seen_that_a_decoder_passes_over():
    """BSON may hold a field twice; a decoder gives the last, another program may show the first."""
    log = WHOLE.copy()
    id_ = next(iter(log.documents))
    raw = log.documents[id_]
    twice = bson.encode({"mac": "f" * 64})[4:-1] + raw[4:]
    log.documents[id_] = (len(twice) + 4).to_bytes(4, "little") + twice
    assert bson.decode(log.documents[id_])["mac"] == bson.decode(raw)["mac"]

    assert check_log(log).faults


def test_what_is_no_document_at_all_is_a_fault_and_no_failure():
    log = WHOLE.copy()
    log.documents[next(iter(log.documents))] = b"\x05\x00\x00\x00\x01"
    with pytest.raises(BSONError):
        bson.decode(b"\x05\x00\x00\x00\x01")

    assert check_log(log).faults
