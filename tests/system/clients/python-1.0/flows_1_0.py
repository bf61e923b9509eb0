"""A customer's way through Polar on the Python SDK 1.0: session, portal, checkout, refund; with MOCK_SERVER_URL set.

Prints one JSON object: what the records say after each step.
"""

import json
import os
from collections.abc import Callable

from polar import PolarError  # type: ignore[import-not-found,unused-ignore]
from polar.v2026_10 import Polar  # type: ignore[import-not-found,unused-ignore]
from polar.v2026_10.outputs import Checkout, CustomerSession, Order  # type: ignore[import-not-found,unused-ignore]


def portal(polar: Polar, url: str, session: CustomerSession) -> dict[str, object]:
    """What a customer sees and changes of itself with the token of a session."""
    with Polar(session.token, base_url=url) as own:
        customers = own.customer_portal.customers
        before = customers.get()
        customers.update(billing_name="Ada Ltd")
        after = customers.get()
    merchant = polar.customers.get(before.id)
    return {
        "email": before.email,
        "billing_name": after.billing_name,
        "merchant": merchant.billing_name,
    }


def bought(polar: Polar, **product: object) -> tuple[Checkout, Order]:
    """The checkout and the order of a product that a customer buys."""
    made = polar.products.create(**product)
    checkout = polar.checkouts.create(products=[made.id], customer_email="grace@example.com")
    polar.checkouts.client_confirm(checkout.client_secret, confirmation_token_id="tok")
    done = polar.checkouts.get(checkout.id)
    (order,) = [order for order in polar.orders.iter_list() if order.checkout_id == checkout.id]
    return done, order


def refused(call: Callable[[], object]) -> list[object]:
    """The class and the status of the error that a call raises."""
    try:
        call()
    except PolarError as error:
        return [type(error).__name__, getattr(error, "status_code", None)]
    return []


def main() -> None:
    url = os.environ["MOCK_SERVER_URL"]
    with Polar("polar_oat_mock", base_url=url) as polar:
        customer = polar.customers.create(email="ada@example.com", name="Ada")
        session = polar.customer_sessions.create(customer_id=customer.id)
        results = {"portal": portal(polar, url, session)}
        price = {"amount_type": "fixed", "price_amount": 1500}
        checkout, order = bought(polar, name="Book", prices=[price])
        refund = polar.refunds.create(order_id=order.id, reason="customer_request", amount=500)
        results["order"] = {
            "checkout": checkout.status,
            "status": order.status,
            "total": order.total_amount,
            "refund": refund.status,
            "after": polar.orders.get(order.id).status,
        }
        _, order = bought(polar, name="Club", recurring_interval="month", prices=[price])
        subscription = polar.subscriptions.get(order.subscription_id)
        cancelled = polar.subscriptions.update(subscription.id, cancel_at_period_end=True)
        resumed = polar.subscriptions.update(subscription.id, cancel_at_period_end=False)
        revoked = polar.subscriptions.revoke(subscription.id)
        results["subscription"] = {
            "status": subscription.status,
            "cancelled": [cancelled.status, cancelled.cancel_at_period_end],
            "resumed": [resumed.status, resumed.cancel_at_period_end],
            "revoked": revoked.status,
            "again": refused(lambda: polar.subscriptions.revoke(subscription.id)),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
