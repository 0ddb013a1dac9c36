"""The figures of the HTTP edge, and the page on which an operator's scraper reads all of them."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

REQUESTS = Histogram(
    "beside_http_seconds",
    "Seconds from a request's first byte to its answer's last",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
"""`route` is a template of ours ("/api/cases/{case}"), never the path that was asked for; `method` one of METHODS."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RESTARTS = Counter("beside_part_restarts", "Times a background part fell and was started again", ["part"])
RUNNING = Gauge("beside_part_running", "1 while a background part runs, 0 while it waits to be started again", ["part"])


def page() -> Response:
    """Every figure of this process in Prometheus' text form."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
