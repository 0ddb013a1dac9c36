"""Who acts is believed from this machine only, in a known role, said once."""

import pytest
from starlette.requests import Request

from shared.access.acting import ROLES, Acting, require
from shared.runtime.problems import Refused


def _request(*said: str, host: str | None = "127.0.0.1", more: tuple[tuple[bytes, bytes], ...] = ()) -> Request:
    headers = [(b"beside-acting", one.encode("latin-1")) for one in said] + list(more)
    return Request({"type": "http", "headers": headers, "client": (host, 1) if host is not None else None})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_a_caller_on_this_machine_is_believed(host: str) -> None:
    assert Acting.of(_request("project-manager/sam", host=host)) == Acting("project-manager", "sam")


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "0.0.0.0", "::ffff:192.0.2.1", "localhost", "", None])  # noqa: S104 - an address that is refused
def test_a_caller_from_elsewhere_is_not_believed(host: str | None) -> None:
    with pytest.raises(Refused) as refused:
        Acting.of(_request("project-manager/sam", host=host))

    assert refused.value.status == 401


@pytest.mark.parametrize("forwarded", [b"x-forwarded-for", b"forwarded", b"x-real-ip"])
def test_a_forwarded_address_counts_for_nothing(forwarded: bytes) -> None:
    with pytest.raises(Refused):
        Acting.of(_request("project-manager/sam", host="192.0.2.1", more=((forwarded, b"127.0.0.1"),)))


@pytest.mark.parametrize(
    "said",
    ["", "sam", "queen/sam", "project-manager/", "/sam", "project-manager/sam smith", "project-manager/a/b",
     "project-manager/" + "x" * 81, "project-manager/sam\n", "PROJECT-MANAGER/sam", "project-manager/é"],
)  # fmt: skip
def test_a_malformed_header_is_refused(said: str) -> None:
    with pytest.raises(Refused) as refused:
        Acting.of(_request(said))

    assert (refused.value.status, refused.value.headers["WWW-Authenticate"]) == (401, "Beside-Acting")


def test_two_headers_are_refused() -> None:
    with pytest.raises(Refused):
        Acting.of(_request("project-manager/sam", "safeguarding-lead/sam"))


def test_nobody_acts_without_the_header() -> None:
    assert Acting.of(_request()) is None
    with pytest.raises(Refused) as refused:
        require(_request())
    assert (refused.value.status, refused.value.code) == (401, "acting.missing")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_role_may_act_in_its_own_name_only(role: str) -> None:
    request = _request(f"{role}/p-1")

    assert require(request, role).is_any(role.replace("-", "_"))
    with pytest.raises(Refused) as refused:
        require(request, *(ROLES - {role}))
    assert refused.value.status == 403


def test_underscores_in_a_role_are_read_as_hyphens() -> None:
    assert str(Acting.of(_request("safeguarding_lead/lee_1"))) == "safeguarding-lead/lee_1"
