"""Polar's sample call on the Python SDK 1.0: python client_1_0.py TOKEN... with MOCK_SERVER_URL set."""

import json
import os
import sys

from polar import PolarClientError, PolarError  # type: ignore[import-not-found,unused-ignore]
from polar.base import PolarRateLimitError  # type: ignore[import-not-found,unused-ignore]
from polar.v2026_04 import Polar  # type: ignore[import-not-found,unused-ignore]
from polar.v2026_04.outputs import Address, CustomerPortalCustomer  # type: ignore[import-not-found,unused-ignore]


def address_fields(address: Address | None) -> dict[str, object] | None:
    if address is None:
        return None
    return {
        "line1": address.line1,
        "line2": address.line2,
        "postal_code": address.postal_code,
        "city": address.city,
        "state": address.state,
        "country": address.country,
    }


def customer_fields(customer: CustomerPortalCustomer) -> dict[str, object]:
    return {
        "created_at": customer.created_at,
        "modified_at": customer.modified_at,
        "id": customer.id,
        "email": customer.email,
        "email_verified": customer.email_verified,
        "name": customer.name,
        "billing_name": customer.billing_name,
        "billing_address": address_fields(customer.billing_address),
        "tax_id": customer.tax_id,
        "oauth_accounts": {
            key: {"account_id": account.account_id, "account_username": account.account_username}
            for key, account in customer.oauth_accounts.items()
        },
        "default_payment_method_id": customer.default_payment_method_id,
        "type": customer.type,
    }


def raw_body(error: PolarError) -> object:
    """Only a plain client error carries the body; a rate limit replaces it with words of the SDK's own."""
    if isinstance(error, PolarClientError) and not isinstance(error, PolarRateLimitError):
        return error.error
    return None


def error_fields(error: PolarError) -> dict[str, object]:
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "message": error.message,
        "body": raw_body(error),
        "retry_after": error.retry_after if isinstance(error, PolarRateLimitError) else None,
    }


def call(token: str) -> dict[str, object]:
    try:
        with Polar(token, base_url=os.environ["MOCK_SERVER_URL"]) as polar:
            customer = polar.customer_portal.customers.get()
    except PolarError as error:
        return {"token": token, "error": error_fields(error)}
    return {"token": token, "customer": customer_fields(customer)}


def main() -> None:
    for token in sys.argv[1:]:
        print(json.dumps(call(token)))


if __name__ == "__main__":
    main()
