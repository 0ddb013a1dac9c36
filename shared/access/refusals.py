"""How a caller is told no: who she is was not proved, or she may not; never a hint of what there is."""

from shared.runtime.problems import Refused

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="beside"'}


def unproved(code: str) -> Refused:
    """401: nobody is signed in, or what was shown proves nothing. `code` is for the log and the machine at the end."""
    detail = "Sign in, or send a valid access token."
    headers = {"WWW-Authenticate": f'{CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
    return Refused(401, code, detail, headers=CHALLENGE if code == "access.missing" else headers)


PROVE_AGAIN = "access.prove_again"
ASKS_FOR_MORE = "access.sign_in_for_this"
"""A remembered phone is not enough for this: she signs in."""


def prove_again() -> Refused:
    """401: she is signed in, but this record asks her to prove herself anew (RFC 9470)."""
    headers = {"WWW-Authenticate": f'{CHALLENGE["WWW-Authenticate"]}, error="insufficient_user_authentication"'}
    return Refused(401, PROVE_AGAIN, "Sign in again to open this.", headers=headers)


def not_allowed(code: str = "access.not_allowed") -> Refused:
    """403: this caller may not do this, whatever it is done to."""
    return Refused(403, code, "This role may not do this.")


def too_often(retry_after_s: int) -> Refused:
    """429, with the seconds to wait."""
    return Refused(
        429, "access.too_often", "Too many requests; wait a little.", headers={"Retry-After": str(retry_after_s)}
    )
