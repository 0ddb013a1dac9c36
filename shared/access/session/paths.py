"""Where to go after signing in: a path of this service, never another place that a link may have named."""

from urllib.parse import urlsplit

LONGEST = 500
HOME = "/"


def local_path(asked: str | None) -> str:
    """`asked` if it is a path of ours, else the first page. Refuses schemes, hosts, backslashes, controls."""
    if not asked or len(asked) > LONGEST or not asked.isascii() or not asked.isprintable():
        return HOME
    parts = urlsplit(asked)
    if parts.scheme or parts.netloc or not asked.startswith("/") or asked.startswith("//") or "\\" in asked:
        return HOME
    return asked
