"""What a first script with Stripe's SDK does: make customers, find them again, page through them, delete one.

It has the server's address as its argument, and prints what came of each step as one JSON object.
"""

import json
import sys

import stripe  # type: ignore[import-not-found,unused-ignore]

stripe.api_key = "sk_test_script"
stripe.api_base = sys.argv[1]
stripe.max_network_retries = 0
COUNT = 25
PAGE = 10


def missing(read: object, key: str) -> str:
    """The name of the error that a read raises."""
    try:
        read(key)  # type: ignore[operator]
    except stripe.InvalidRequestError as error:
        return f"{type(error).__name__} {error.http_status}"
    return "none"


def ids(page: stripe.ListObject[stripe.Customer]) -> list[str]:
    """The keys of all pages."""
    return [found.id for found in page.auto_paging_iter()]


seeds = [customer.id for customer in stripe.Customer.list(limit=PAGE).auto_paging_iter()]
customers = [
    stripe.Customer.create(email=f"customer-{number}@example.com", name=f"Customer {number}", metadata={"n": number})
    for number in range(COUNT)
]
first = customers[0]
modified = stripe.Customer.modify(first.id, name="Ada", metadata={"plan": "pro"})
read = stripe.Customer.retrieve(first.id)
listed = [customer.id for customer in stripe.Customer.list(limit=PAGE).auto_paging_iter()]
one_page = stripe.Customer.list(limit=PAGE)
product = stripe.Product.create(name="Tea")
price = stripe.Price.create(product=product.id, unit_amount=1250, currency="eur")
prices = [found.id for found in stripe.Price.list(product=product.id).auto_paging_iter()]
intent = stripe.PaymentIntent.create(amount=1250, currency="eur", customer=first.id, metadata={"order": "7"})
intents = [found.id for found in stripe.PaymentIntent.list(customer=first.id).auto_paging_iter()]
charge = stripe.Charge.create(amount=900, currency="eur", customer=first.id)
deleted = stripe.Customer.delete(first.id)

print(
    json.dumps(
        {
            "keys": len({customer.id for customer in customers}),
            "created": {"email": first.email, "name": first.name, "metadata": first.metadata.to_dict()},
            "modified": {"name": modified.name, "metadata": modified.metadata.to_dict()},
            "read": {"email": read.email, "name": read.name, "metadata": read.metadata.to_dict()},
            "listed_once": len(listed) == len(set(listed)),
            "listed_all": {*listed} == {*seeds, *(customer.id for customer in customers)},
            "page": [len(one_page.data), one_page.has_more],
            "by_email": [found.name for found in stripe.Customer.list(email="customer-7@example.com").data],
            "by_email_of_nobody": len(stripe.Customer.list(email="nobody@example.com").data),
            "price": [price.unit_amount, price.currency, price.product == product.id, prices == [price.id]],
            "product": [stripe.Product.retrieve(product.id).name, product.id in ids(stripe.Product.list(limit=100))],
            "intent": [intent.amount, intent.customer == first.id, intent.metadata.to_dict(), intents == [intent.id]],
            "charge": [charge.amount, stripe.Charge.retrieve(charge.id).amount, charge.customer == first.id],
            "deleted": [deleted.deleted, deleted.id == first.id],
            "after": missing(stripe.Customer.retrieve, first.id),
            "after_in_list": first.id in ids(stripe.Customer.list(limit=100)),
        }
    )
)
