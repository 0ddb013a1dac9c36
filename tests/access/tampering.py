"""Ways to tamper with a stored log, for whoever has the database and the heads' file but not the key."""

import random
from collections.abc import Callable
from typing import Any

import bson

from shared.access.audit.chain import START, Head, line_of, linked, mac_of
from tests.access.audited import Log, entry

OTHER_KEY = bytes(32)
Tampering = Callable[[random.Random, Log], None]


def some_id(chance: random.Random, log: Log) -> str:
    return chance.choice(sorted(log.documents))


def read(log: Log, id_: str) -> dict[str, Any]:
    return bson.decode(log.documents[id_])


def put(log: Log, document: dict[str, Any]) -> None:
    log.documents[document["_id"]] = bson.encode(document)


def of_chain(log: Log, chain: str) -> list[str]:
    return sorted(id_ for id_ in log.documents if id_.startswith(f"{chain}/"))


def some_chain(chance: random.Random, log: Log, shortest: int = 1) -> str:
    return chance.choice([chain for chain, length in log.lengths.items() if length >= shortest])


def flips_a_bit(chance: random.Random, log: Log) -> None:
    """Any bit of any stored byte: names, types and lengths as well as values."""
    id_ = some_id(chance, log)
    raw = bytearray(log.documents[id_])
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    log.documents[id_] = bytes(raw)


def changes_a_field(chance: random.Random, log: Log) -> None:
    document = read(log, some_id(chance, log))
    name = chance.choice(sorted(document["content"]))
    values = [1, True, None, "x", ["x"], {}, 1.5, b"x", "", document["content"][name]]
    value = chance.choice(values)
    if value == document["content"][name] and type(value) is type(document["content"][name]):
        value = "other"
    document["content"][name] = value
    put(log, document)


def changes_the_frame(chance: random.Random, log: Log) -> None:
    document = read(log, some_id(chance, log))
    name = chance.choice(["chain", "number", "before", "mac"])
    values = [float(document["number"]), 0, "1" * 64, "triage/2026-11-24/000000000000", None]
    document[name] = chance.choice(values)
    put(log, document)


def adds_a_field(chance: random.Random, log: Log) -> None:
    document = read(log, some_id(chance, log))
    chance.choice([document, document["content"]])["remark"] = "approved"
    put(log, document)


def takes_a_field(chance: random.Random, log: Log) -> None:
    document = read(log, some_id(chance, log))
    where = chance.choice([document, document["content"]])
    del where[chance.choice([name for name in where if name != "_id"])]
    put(log, document)


def drops_an_entry(chance: random.Random, log: Log) -> None:
    """Any but those at the very end, behind the last head."""
    chain = some_chain(chance, log)
    keep = log.lengths[chain] if log.proven[chain] < log.lengths[chain] else log.lengths[chain] + 1
    del log.documents[of_chain(log, chain)[chance.randrange(keep - 1)]]


def swaps_two(chance: random.Random, log: Log) -> None:
    """What two places hold, with or without the codes."""
    first, second = (read(log, id_) for id_ in chance.sample(sorted(log.documents), 2))
    names = chance.choice([("content",), ("content", "mac"), ("content", "mac", "before")])
    for name in names:
        first[name], second[name] = second[name], first[name]
    put(log, first)
    put(log, second)


def doubles_an_entry(chance: random.Random, log: Log) -> None:
    """A copy at the end of its chain, or under an id of the copier's own making."""
    document = read(log, some_id(chance, log))
    chain = document["chain"]
    if chance.random() < 0.5:
        document["number"] = log.lengths[chain] + 1
        document["_id"] = f"{chain}/{document['number']:010d}"
    else:
        document["_id"] += chance.choice(["0", "/0000000001", "x"])
    put(log, document)


def forges_an_entry(chance: random.Random, log: Log) -> None:
    """One that never was, at the end, under any code but the key's."""
    chain = some_chain(chance, log)
    last = read(log, of_chain(log, chain)[-1])
    content = entry(chance.randrange(10**6)).content()
    number = last["number"] + 1
    mac = chance.choice([mac_of(OTHER_KEY, chain, number, content, last["mac"]), last["mac"], "f" * 64, START])
    put(log, {"_id": f"{chain}/{number:010d}", "chain": chain, "number": number, "content": content,
              "before": last["mac"], "mac": mac})  # fmt: skip


def forges_a_chain(chance: random.Random, log: Log) -> None:
    """A whole chain, in itself in order, under another key."""
    chain = f"referral/2026-11-24/{chance.randrange(1 << 48):012x}"
    documents, _ = linked(OTHER_KEY, Head(chain, 0, START), [entry(n) for n in range(chance.randrange(1, 4))])
    for document in documents:
        put(log, document)


def signs_again_with_another_key(chance: random.Random, log: Log) -> None:
    """A chain, changed, and all its codes made again from there to the end."""
    chain = some_chain(chance, log)
    ids = of_chain(log, chain)
    start = chance.randrange(len(ids))
    before = read(log, ids[start])["before"]
    for id_ in ids[start:]:
        document = read(log, id_)
        document["content"]["who"] = "nobody"
        document["before"] = before
        before = document["mac"] = mac_of(OTHER_KEY, chain, document["number"], document["content"], before)
        put(log, document)


def moves_an_entry(chance: random.Random, log: Log) -> None:
    """Into another chain, at its end, away from its own."""
    id_ = some_id(chance, log)
    document = read(log, id_)
    chain = chance.choice([one for one in log.lengths if one != document["chain"]])
    del log.documents[id_]
    document |= {"chain": chain, "number": log.lengths[chain] + 1}
    document["_id"] = f"{chain}/{document['number']:010d}"
    put(log, document)


def renames_a_chain(chance: random.Random, log: Log) -> None:
    chain = some_chain(chance, log)
    other = f"referral/2026-11-2{chance.randrange(4, 7)}/{chance.randrange(1 << 48):012x}"
    for id_ in of_chain(log, chain):
        document = read(log, id_)
        del log.documents[id_]
        document["_id"] = id_.replace(chain, other)
        if chance.random() < 0.9:
            document["chain"] = other
        put(log, document)


def cuts_off_before_the_last_head(chance: random.Random, log: Log) -> None:
    chain = some_chain(chance, log)
    for id_ in of_chain(log, chain)[chance.randrange(log.proven[chain]) :]:
        del log.documents[id_]


def deletes_a_chain(chance: random.Random, log: Log) -> None:
    for id_ in of_chain(log, some_chain(chance, log)):
        del log.documents[id_]


def deletes_the_beginning_and_numbers_anew(chance: random.Random, log: Log) -> None:
    chain = some_chain(chance, log, shortest=2)
    ids = of_chain(log, chain)
    gone = chance.randrange(1, len(ids))
    documents = [read(log, id_) for id_ in ids[gone:]]
    for id_ in ids:
        del log.documents[id_]
    for number, document in enumerate(documents, 1):
        put(log, document | {"number": number, "_id": f"{chain}/{number:010d}"})


def forges_a_head(chance: random.Random, log: Log) -> None:
    chain = chance.choice([some_chain(chance, log), "referral/2026-11-24/ffffffffffff"])
    head = Head(chain, chance.randrange(1, 30), chance.choice(["f" * 64, read(log, some_id(chance, log))["mac"]]))
    log.heads.insert(chance.randrange(len(log.heads) + 1), line_of(OTHER_KEY, head))


def flips_a_bit_of_a_head(chance: random.Random, log: Log) -> None:
    index = chance.randrange(len(log.heads))
    line = bytearray(log.heads[index])
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    log.heads[index] = bytes(line)


def puts_an_old_copy_back(chance: random.Random, log: Log) -> None:
    """All of it as it was at one moment before, which the heads have seen pass."""
    passed = chance.randrange(1, 12)
    for chain in log.lengths:
        for id_ in of_chain(log, chain)[min(passed, log.proven[chain] - 1) :]:
            del log.documents[id_]


TAMPERED: tuple[Tampering, ...] = (
    flips_a_bit, changes_a_field, changes_the_frame, adds_a_field, takes_a_field, drops_an_entry, swaps_two,
    doubles_an_entry, forges_an_entry, forges_a_chain, signs_again_with_another_key, moves_an_entry, renames_a_chain,
    cuts_off_before_the_last_head, deletes_a_chain, deletes_the_beginning_and_numbers_anew, forges_a_head,
    flips_a_bit_of_a_head, puts_an_old_copy_back,
)  # fmt: skip
