"""The roles people and systems act in; one person may hold several and acts in one at a time."""

ROLES = (
    "referrer-system",
    "referrer",
    "triage-worker",
    "project-manager",
    "volunteer",
    "facilitator",
    "safeguarding-lead",
    "safeguarding-manager",
    "trainer",
    "evaluator",
    "commissioner",
    "auditor",
    "information-governance",
    "operator",
)
"""Source: docs/design.md, who may do what."""
ANYONE = "anyone"
"""Whoever asks, signed in or not."""
SERVICE = "service"
"""One of the five services, for itself or for the person it names."""


def written(role: str) -> str:
    """The role with hyphens, as it is written here; issuers and older callers use underscores."""
    return role.strip().lower().replace("_", "-")
