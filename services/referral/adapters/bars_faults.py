"""How the FHIR door says no: an OperationOutcome with the standard's codes, no personal data, the same every time."""

from dataclasses import dataclass
from typing import Any

FHIR_JSON = "application/fhir+json"
PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome"
ERROR_CODES = "https://fhir.nhs.uk/CodeSystem/http-error-codes"
REC = {
    400: "REC_BAD_REQUEST",
    401: "REC_UNAUTHORIZED",
    403: "REC_FORBIDDEN",
    404: "REC_NOT_FOUND",
    405: "REC_METHOD_NOT_ALLOWED",
    406: "REC_NOT_ACCEPTABLE",
    408: "REC_TIMEOUT",
    409: "REC_CONFLICT",
    413: "REC_BAD_REQUEST",
    415: "REC_UNSUPPORTED_MEDIA_TYPE",
    422: "REC_UNPROCESSABLE_ENTITY",
    425: "REC_TOO_EARLY",
    429: "REC_TOO_MANY_REQUESTS",
    500: "REC_SERVER_ERROR",
    501: "REC_NOT_IMPLEMENTED",
    503: "REC_SERVICE_UNAVAILABLE",
}
"""Source: BaRS Core 1.4.1, failure scenarios; 413 has no code of its own there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be refused: HTTP status, FHIR issue code, and words that are true of every such message."""

    status: int
    issue: str
    words: str


FAULTS: dict[str, Fault] = {
    "bars.request_id_missing": Fault(400, "required", "The header X-Request-Id is required."),
    "bars.request_id_invalid": Fault(400, "value", "The header X-Request-Id must be a UUID."),
    "bars.correlation_id_missing": Fault(400, "required", "The header X-Correlation-Id is required."),
    "bars.correlation_id_invalid": Fault(400, "value", "The header X-Correlation-Id must be a UUID."),
    "bars.organisation_invalid": Fault(400, "value", "NHSD-End-User-Organisation cannot be read."),
    "bars.unproved": Fault(401, "security", "Send a valid access token."),
    "bars.not_allowed": Fault(403, "forbidden", "This client may not do this."),
    "bars.organisation_mismatch": Fault(401, "forbidden", "This client may not send for this organisation."),
    "bars.sender": Fault(400, "invariant", "MessageHeader.sender must lead to an Organization with an ODS code."),
    "bars.too_often": Fault(429, "throttled", "Too many requests. Send the same request again a little later."),
    "bars.not_acceptable": Fault(406, "processing", "Answers are application/fhir+json."),
    "bars.media_type": Fault(415, "not-supported", "Send application/fhir+json."),
    "bars.core_version": Fault(422, "not-supported", "This version of the standard is not supported."),
    "bars.too_large": Fault(413, "too-long", "A message may have at most 1 MB."),
    "bars.timeout": Fault(408, "timeout", "The message did not arrive, or was not taken, in time."),
    "bars.unreadable": Fault(400, "invalid", "The body is not a JSON object."),
    "bars.bundle": Fault(400, "invariant", "The body must be a Bundle of type message with an id and a timestamp."),
    "bars.bundle_profile": Fault(400, "invariant", "Bundle.meta must name the profile BARSBundleMessage."),
    "bars.message_version_missing": Fault(400, "invariant", "Bundle.meta.versionId is required."),
    "bars.message_version": Fault(422, "not-supported", "This Bundle.meta.versionId is not supported."),
    "bars.entries": Fault(400, "invariant", "Each entry needs a resource and a fullUrl of its own as urn:uuid."),
    "bars.last_updated": Fault(400, "invariant", "Each resource needs meta.lastUpdated."),
    "bars.header_first": Fault(400, "invariant", "The first entry must be the MessageHeader."),
    "bars.cardinality": Fault(400, "invariant", "A resource of the message is missing or there are too many."),
    "bars.header": Fault(400, "invariant", "MessageHeader needs event, reason, destination, sender, source, focus."),
    "bars.response": Fault(400, "invariant", "MessageHeader.response needs an identifier and a code."),
    "bars.event": Fault(400, "invariant", "This event, reason and definition make no known workflow."),
    "bars.event_not_offered": Fault(400, "not-supported", "Bookings are not taken."),
    "bars.moved_on": Fault(
        409, "conflict", "This referral has moved on. Read it again; to stop or change it, ring us."
    ),
    "bars.search": Fault(400, "required", "Search by patient:identifier, as system|value, or by one or two contexts."),
    "bars.not_offered": Fault(501, "not-supported", "This is not offered here."),
    "bars.request": Fault(400, "invariant", "ServiceRequest lacks what a new referral needs."),
    "bars.request_status": Fault(400, "invariant", "A referral needs status active and intent plan."),
    "bars.category": Fault(400, "invariant", "ServiceRequest.category must be referral with one use case."),
    "bars.use_case": Fault(400, "not-supported", "This use case is not taken here."),
    "bars.reference": Fault(400, "invariant", "A reference does not lead to an entry of this Bundle."),
    "bars.encounter": Fault(400, "invariant", "Encounter.status must be triaged or finished."),
    "bars.care_plan": Fault(400, "invariant", "CarePlan needs status completed and intent plan."),
    "bars.contact": Fault(400, "invariant", "Patient needs exactly one contact of rank 1, with a telephone number."),
    "bars.patient": Fault(400, "invariant", "Patient needs a name."),
    "bars.consent": Fault(400, "invariant", "Consent must be active, for direct care, with an implied policy."),
    "bars.task": Fault(400, "invariant", "Task needs status requested and intent order."),
    "bars.service": Fault(400, "invariant", "The HealthcareService is not one of ours."),
    "bars.bundle_id_used": Fault(400, "invariant", "This Bundle.id was taken before under another X-Request-Id."),
    "bars.duplicate": Fault(409, "duplicate", "This X-Request-Id was processed before."),
    "bars.in_progress": Fault(425, "duplicate", "This X-Request-Id is being processed."),
    "bars.not_found": Fault(404, "not-found", "There is no such thing here."),
    "bars.method": Fault(405, "not-supported", "This is not done here."),
    "bars.invalid": Fault(422, "processing", "A value of the message cannot be processed."),
    "bars.busy": Fault(503, "transient", "Nothing was confirmed. Send the same request again."),
    "bars.fault": Fault(500, "exception", "The fault is ours and was recorded. Nothing was confirmed."),
}


class BarsRefused(Exception):
    """A message that cannot be taken; `code` is a key of `FAULTS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def fault(self) -> Fault:
        """What the sender is told."""
        return FAULTS[self.code]

    @property
    def status(self) -> int:
        """What it is answered with."""
        return self.fault.status


def require(holds: object, code: str) -> None:
    """Raise `BarsRefused(code)` unless the condition holds."""
    if not holds:
        raise BarsRefused(code)


def operation_outcome(code: str) -> dict[str, Any]:
    """The body that says why."""
    fault = FAULTS[code]
    return {
        "resourceType": "OperationOutcome",
        "meta": {"profile": [PROFILE]},
        "issue": [
            {
                "severity": "error",
                "code": fault.issue,
                "details": {"coding": [{"system": ERROR_CODES, "code": REC[fault.status]}]},
                "diagnostics": f"{fault.words} ({code})",
            }
        ],
    }


def media_type(core_version: str) -> str:
    """The content type of an answer."""
    return f"{FHIR_JSON}; version={core_version}"


def deterministic(code: str) -> bool:
    """Whether the same request must be refused the same way for ever: not what may pass, or was never looked at."""
    return FAULTS[code].status in (400, 422) and code != "bars.bundle_id_used"
