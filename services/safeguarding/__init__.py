"""Safeguarding: concerns, who is on call, pages, acknowledgement, escalation, and the record until closed."""
