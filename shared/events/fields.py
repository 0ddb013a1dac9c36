"""The allow-list: every field that may be on Kafka, what kind of thing it holds, and why it is there.

What is listed is pseudonymised personal data; a field outside the list fails the build. The data protection impact
assessment prints this table. Kinds: id (a UUID), code (a closed list or a stable code), band, score, date, count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "code", "band", "score", "date", "count", "group"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field's kind and reason; a `group` only holds other listed fields."""

    kind: Kind
    why: str


FIELDS: Mapping[str, Field] = {
    # envelope
    "case": Field("id", "joins the facts of one journey; the person behind it is known only to a vault"),
    "occurred_at": Field("date", "when it happened, which may be before it was entered"),
    # what was sent about her
    "programme": Field("code", "which programme's rules apply"),
    "source": Field("code", "the kind of referrer, for referrals by source"),
    "route": Field("code", "how the referral came in"),
    "baby": Field("group", "stage of pregnancy or age of the child decides eligibility on any date"),
    "kind": Field("code", "whether the date is a due date or a birth date; a due date never implies a birth"),
    "on": Field("date", "the due date or birth date itself, dropped on erasure"),
    "conditions": Field("code", "coded reasons for referral that triage and review rules read"),
    "preferences": Field("code", "what she would rather have, so that no offer goes against it"),
    "signals": Field("group", "worries the edge found, so that no service raises them twice"),
    "age_band": Field("band", "under-18 rules, without a birth date"),
    "text_unread": Field("code", "free words came and nobody has read them yet; the words stay in the vault"),
    "repeat_of": Field("id", "the earlier case this one repeats"),
    "sent_by": Field("code", "the sending organisation's code, so that it may read its own referrals and no others"),
    "heard_from": Field("code", "how she heard of the programme, from a closed list, for referrals by source"),
    "into": Field("id", "the case a person merged this one into"),
    "scope": Field("code", "which of her consents changed"),
    "how": Field("code", "how she said it, so that her word can be shown"),
    "text_version": Field("code", "which wording of the question she heard"),
    "given": Field("code", "yes, no or not asked"),
    "status": Field("code", "standing of a volunteer or a case, or the HTTP status a refusal answered with"),
    "organisation": Field("code", "the sending organisation's public code, so that somebody can ring it"),
    # worries
    "signal_id": Field("id", "one worry, recognised on both of its paths"),
    "about": Field("code", "who is at risk, by kind"),
    "code": Field("code", "what the worry is, from the risk table, or why a request was refused"),
    "level": Field("band", "how urgent a worry is, or which rung of the ladder is asked"),
    "observed_at": Field("date", "when the worry was seen, from which the time to a page is measured"),
    # measures
    "measures": Field("group", "questionnaires that came with a referral"),
    "instrument": Field("code", "which questionnaire"),
    "version": Field("code", "which version of it"),
    "items": Field("score", "item number to score; alert items and totals are computed from it; never wording"),
    "totals": Field("score", "scale name to total; bands and change are computed from it"),
    "stage": Field("code", "before, during or after support, so that pairs can be formed"),
    "taken_on": Field("date", "the day it was answered, which orders the pair"),
    "device": Field("id", "a remembered phone, so that a worry from one that was lost is seen as such"),
    "by": Field("code", "role and id of who recorded it, or ids of the volunteers who led a session"),
    # triage
    "urgency": Field("band", "where the case stands in the queue"),
    "offers": Field("group", "what may fit her and why"),
    "offer": Field("code", "one kind of support a site gives"),
    "fits": Field("code", "whether the rules find the offer suitable"),
    "reasons_for": Field("code", "why an offer fits"),
    "reasons_against": Field("code", "why an offer may not fit"),
    "missing": Field("code", "names of facts somebody must ask for"),
    "needs_person": Field("code", "why only a person may decide"),
    "rule_version": Field("code", "which version of the rules advised"),
    "outcome": Field("code", "what a person decided, or how a session went"),
    "reason": Field("code", "why, from a closed list"),
    "reasons": Field("code", "barriers met, from a closed list"),
    "decided_by": Field("code", "role and id of the person who decided"),
    "signposts": Field("code", "other help that was named to her"),
    # support
    "gates": Field("code", "readiness checks a volunteer has passed"),
    "cap": Field("count", "how many people a volunteer may support at once"),
    "can_give": Field("code", "which kinds of support a volunteer is ready to give"),
    "free": Field("count", "places an offer has left"),
    "expected_on": Field("date", "when the next place is expected"),
    "joint_plan": Field("code", "whether support runs beside specialist care"),
    "volunteer": Field("id", "the volunteer, known by name only to support's vault"),
    "until": Field("date", "until when a place is kept"),
    "session": Field("id", "one session, shared by all who were there"),
    "channel": Field("code", "how people met, or how a page was sent"),
    "minutes": Field("count", "length of a session"),
    "attended": Field("code", "whether she came"),
    "review": Field("code", "whether the ending was reviewed with her"),
    # safeguarding
    "routes": Field("code", "which agencies a concern may go to"),
    "ladder_level": Field("count", "rung of the ladder, counted from 1"),
    "role": Field("code", "the role that is paged, never the person"),
    "answer_by": Field("date", "when the next rung is asked if nobody answers"),
    "delivered": Field("code", "whether a channel took the page"),
    "by_role": Field("code", "the role that took the concern"),
    "next_step": Field("code", "what the person who took it will do"),
    "next_at": Field("date", "by when"),
    "actions": Field("code", "what was done before closing"),
    # erasure
    "basis": Field("code", "the legal ground on which a record is kept"),
    "review_on": Field("date", "when that ground is looked at again"),
}
