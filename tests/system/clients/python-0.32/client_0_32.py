"""Polar's own sample call on the Python SDK 0.32: python client_0_32.py TOKEN... with MOCK_SERVER_URL set.

POLAR_RETRIES is how many milliseconds the SDK goes on retrying; without it, it does not.
"""

import json
import os
import sys
from datetime import UTC, datetime

import httpx
import polar_sdk  # type: ignore[import-not-found,unused-ignore]
from polar_sdk import Polar
from polar_sdk.models import Address, CustomerPortalCustomer, PolarError  # type: ignore[import-not-found,unused-ignore]
from polar_sdk.types.basemodel import Unset  # type: ignore[import-not-found,unused-ignore]
from polar_sdk.utils import BackoffStrategy, RetryConfig  # type: ignore[import-not-found,unused-ignore]


def security(token: str) -> polar_sdk.CustomerPortalCustomersGetSecurity:
    """A member's token goes where this SDK wants it; the sample shows only the customer's."""
    if token.startswith("polar_mst_"):
        return polar_sdk.CustomerPortalCustomersGetSecurity(member_session=token)
    return polar_sdk.CustomerPortalCustomersGetSecurity(customer_session=token)


def given(value: object) -> object:
    """The SDK fills an absent key with an Unset, which JSON cannot say: absent becomes null."""
    return None if isinstance(value, Unset) else value


def utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def address_fields(address: Address | None) -> dict[str, object] | None:
    if address is None:
        return None
    return {
        "line1": given(address.line1),
        "line2": given(address.line2),
        "postal_code": given(address.postal_code),
        "city": given(address.city),
        "state": given(address.state),
        "country": address.country,
    }


def customer_fields(customer: CustomerPortalCustomer) -> dict[str, object]:
    return {
        "created_at": utc(customer.created_at),
        "modified_at": utc(customer.modified_at),
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
        "default_payment_method_id": given(customer.default_payment_method_id),
        "type": given(customer.type),
    }


def error_fields(error: PolarError) -> dict[str, object]:
    return {
        "class": type(error).__name__,
        "status": error.status_code,
        "message": error.message,
        "body": error.body,
        "retry_after": error.headers.get("Retry-After"),
    }


def call(polar: Polar, token: str) -> dict[str, object]:
    try:
        customer = polar.customer_portal.customers.get(security=security(token))
    except PolarError as error:
        return {"token": token, "error": error_fields(error)}
    except httpx.HTTPError as error:
        return {"token": token, "error": {"class": type(error).__name__, "status": None}}
    return {"token": token, "customer": customer_fields(customer)}


def retries() -> RetryConfig | None:
    if "POLAR_RETRIES" not in os.environ:
        return None
    return RetryConfig("backoff", BackoffStrategy(50, 1500, 1.5, int(os.environ["POLAR_RETRIES"])), True)


def main() -> None:
    with Polar(server_url=os.environ["MOCK_SERVER_URL"], retry_config=retries()) as polar:
        for token in sys.argv[1:]:
            print(json.dumps(call(polar, token)))


if __name__ == "__main__":
    main()
