"""Half of the proxy's mode is no mode, and the true door's word counts only when it is said once."""

from pathlib import Path

import pytest
from starlette.requests import Request

from deploy.simulate import bundles
from services.referral.adapters.national_proxy import NationalProxy, national_proxy
from shared.access.wiring import policy
from shared.runtime.clock import new_id
from shared.runtime.problems import Refused

NAME, KEY = "proxy.bars.example.nhs.uk", "what the door alone knows"
SEND = policy().operations["referral.send"]


def request(**headers: str | list[str]) -> Request:
    """A message with the standard's headers and these."""
    said = {name: [value] for name, value in bundles.headers(new_id(), new_id(), "halton").items()}
    said |= {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in headers.items()}
    raw = [(name.lower().encode(), one.encode()) for name, values in said.items() for one in values]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


async def test_the_door_speaks_for_the_proxy_and_the_proxy_for_the_trust() -> None:
    caller = await NationalProxy(NAME, KEY)(request(beside_peer=NAME, beside_front_door=KEY), SEND)

    assert caller is not None
    assert (caller.role, caller.via, caller.organisations) == ("referrer-system", "peer", (bundles.TRUST,))
    assert policy().reach("referral.send", caller) is not None
    assert policy().reach("triage.list", caller) is None


async def test_whoever_says_nothing_of_the_kind_is_left_to_the_others() -> None:
    assert await NationalProxy(NAME, KEY)(request(), SEND) is None


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"beside_peer": NAME}, 401),
        ({"beside_peer": NAME, "beside_front_door": "guessed"}, 401),
        ({"beside_peer": NAME, "beside_front_door": [KEY, KEY]}, 401),
        ({"beside_peer": NAME, "beside_front_door": ["guessed", KEY]}, 401),
        ({"beside_peer": "", "beside_front_door": KEY}, 403),
        ({"beside_peer": f"{NAME}.evil.example", "beside_front_door": KEY}, 403),
    ],
)
async def test_nobody_else_is_taken_for_it(said: dict[str, str | list[str]], status: int) -> None:
    with pytest.raises(Refused) as refused:
        await NationalProxy(NAME, KEY)(request(**said), SEND)

    assert refused.value.status == status


def test_half_of_the_mode_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "empty").write_text("\n")

    assert national_proxy("", None) == ()
    assert len(national_proxy(NAME, tmp_path / "key")) == 1
    for name, file in ((NAME, None), ("", tmp_path / "key"), (NAME, tmp_path / "empty")):
        with pytest.raises(ValueError, match="national proxy"):
            national_proxy(name, file)
    with pytest.raises(FileNotFoundError):
        national_proxy(NAME, tmp_path / "absent")
