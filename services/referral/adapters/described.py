"""Describes the bare route that takes referrals in the OpenAPI document, which FastAPI cannot see by itself."""

from typing import Any

from fastapi import FastAPI

from services.referral.adapters.requests import ReferralRequest

TEMPLATE = "#/components/schemas/{model}"
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 8, "maxLength": 64},
}


def describe(app: FastAPI) -> None:
    """Add `POST /api/referrals` to what `app` says of itself."""
    found = app.openapi

    def openapi() -> dict[str, Any]:
        document = found()
        schema = ReferralRequest.model_json_schema(ref_template=TEMPLATE)
        parts = document.setdefault("components", {}).setdefault("schemas", {})
        parts.update(schema.pop("$defs", {}))
        parts["ReferralRequest"] = schema
        document["paths"]["/api/referrals"] = {"post": _operation()}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending it


def _operation() -> dict[str, Any]:
    answer = {
        "type": "object",
        "required": ["id", "version", "status"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "version": {"type": "integer", "minimum": 1},
            "status": {"const": "received"},
        },
    }
    problem = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}
    refusals = {400: "unreadable, or no key", 413: "too large", 415: "not JSON", 422: "a field cannot be taken"}
    return {
        "operationId": "receive_referral",
        "summary": "Refer somebody; the same key and body get the same answer.",
        "parameters": [KEY_HEADER],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": TEMPLATE.format(model="ReferralRequest")}}},
        },
        "responses": {
            "201": {"description": "received", "content": {"application/json": {"schema": answer}}},
            **{str(status): {"description": words, **problem} for status, words in refusals.items()},
            "503": {"description": "nothing was confirmed; send the same again", **problem},
        },
    }
