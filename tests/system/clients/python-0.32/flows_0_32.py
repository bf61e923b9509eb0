"""A customer's way through Polar on the Python SDK 0.32: session, portal, checkout, refund; with MOCK_SERVER_URL set.

Prints one JSON object: what the records say after each step.
"""

import json
import os
from collections.abc import Callable

import polar_sdk  # type: ignore[import-not-found,unused-ignore]
from polar_sdk import Polar, models

PRICE = {"amount_type": "fixed", "price_amount": 1500}


def portal(polar: Polar, token: str) -> dict[str, object]:
    """What a customer sees and changes of itself with the token of a session."""
    customers = polar.customer_portal.customers
    before = customers.get(security=polar_sdk.CustomerPortalCustomersGetSecurity(customer_session=token))
    after = customers.update(
        security=polar_sdk.CustomerPortalCustomersUpdateSecurity(customer_session=token),
        request={"billing_name": "Ada Ltd"},
    )
    merchant = polar.customers.get(id=before.id)
    return {"email": before.email, "billing_name": after.billing_name, "merchant": merchant.billing_name}


def bought(polar: Polar, product: dict[str, object]) -> tuple[models.Checkout, models.Order]:
    """The checkout and the order of a product that a customer buys."""
    made = polar.products.create(request={**product, "prices": [PRICE]})
    checkout = polar.checkouts.create(request={"products": [made.id], "customer_email": "grace@example.com"})
    polar.checkouts.client_confirm(
        client_secret=checkout.client_secret, checkout_confirm_stripe={"confirmation_token_id": "tok"}
    )
    done = polar.checkouts.get(id=checkout.id)
    page = polar.orders.list(product_id=made.id)
    (order,) = [order for order in page.result.items if order.checkout_id == checkout.id]
    return done, order


def refused(call: Callable[[], object]) -> list[object]:
    """The class and the status of the error that a call raises."""
    try:
        call()
    except models.PolarError as error:
        return [type(error).__name__, error.status_code]
    return []


def main() -> None:
    with Polar("polar_oat_mock", server_url=os.environ["MOCK_SERVER_URL"]) as polar:
        customer = polar.customers.create(request={"email": "ada@example.com", "name": "Ada"})
        session = polar.customer_sessions.create(request={"customer_id": customer.id})
        results: dict[str, object] = {"portal": portal(polar, session.token)}
        checkout, order = bought(polar, {"name": "Book"})
        refund = polar.refunds.create(request={"order_id": order.id, "reason": "customer_request", "amount": 500})
        results["order"] = {
            "checkout": checkout.status,
            "status": order.status,
            "total": order.total_amount,
            "refund": refund.status,
            "after": polar.orders.get(id=order.id).status,
        }
        _, order = bought(polar, {"name": "Club", "recurring_interval": "month"})
        subscription = polar.subscriptions.get(id=order.subscription_id)
        change = polar.subscriptions.update
        cancelled = change(id=subscription.id, subscription_update={"cancel_at_period_end": True})
        resumed = change(id=subscription.id, subscription_update={"cancel_at_period_end": False})
        revoked = polar.subscriptions.revoke(id=subscription.id)
        results["subscription"] = {
            "status": subscription.status,
            "cancelled": [cancelled.status, cancelled.cancel_at_period_end],
            "resumed": [resumed.status, resumed.cancel_at_period_end],
            "revoked": revoked.status,
            "again": refused(lambda: polar.subscriptions.revoke(id=subscription.id)),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
