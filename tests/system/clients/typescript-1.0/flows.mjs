// A customer's way through Polar on the TypeScript SDK 1.0: session, portal, checkout, refund; with MOCK_SERVER_URL set.
// Prints one JSON object: what the records say after each step.
import { PolarError } from "@polar-sh/sdk";
import { createPolar } from "@polar-sh/sdk/2026-10";

const baseUrl = process.env["MOCK_SERVER_URL"];
if (!baseUrl) throw new Error("set MOCK_SERVER_URL: without it the SDK would call production");
const price = { amount_type: "fixed", price_amount: 1500 };
const polar = createPolar({ accessToken: "polar_oat_mock", baseUrl });

async function portal(token) {
  const { customers } = createPolar({ accessToken: token, baseUrl }).customerPortal;
  const before = await customers.get();
  const after = await customers.update({ billing_name: "Ada Ltd" });
  const merchant = await polar.customers.get(before.id);
  return { email: before.email, billing_name: after.billing_name, merchant: merchant.billing_name };
}

async function bought(product) {
  const { id } = await polar.products.create({ ...product, prices: [price] });
  const checkout = await polar.checkouts.create({ products: [id], customer_email: "grace@example.com" });
  await polar.checkouts.clientConfirm(checkout.client_secret, { confirmation_token_id: "tok" });
  const orders = [];
  for await (const order of polar.orders.iterList()) if (order.checkout_id === checkout.id) orders.push(order);
  return [await polar.checkouts.get(checkout.id), orders[0]];
}

async function refused(call) {
  try {
    await call();
  } catch (error) {
    if (error instanceof PolarError) return [error.constructor.name, error.statusCode ?? null];
    throw error;
  }
  return [];
}

const customer = await polar.customers.create({ email: "ada@example.com", name: "Ada" });
const session = await polar.customerSessions.create({ customer_id: customer.id });
const results = { portal: await portal(session.token) };
const [checkout, order] = await bought({ name: "Book" });
const refund = await polar.refunds.create({ order_id: order.id, reason: "customer_request", amount: 500 });
results.order = {
  checkout: checkout.status,
  status: order.status,
  total: order.total_amount,
  refund: refund.status,
  after: (await polar.orders.get(order.id)).status,
};
const [, cycle] = await bought({ name: "Club", recurring_interval: "month" });
const subscription = await polar.subscriptions.get(cycle.subscription_id);
const cancelled = await polar.subscriptions.update(subscription.id, { cancel_at_period_end: true });
const resumed = await polar.subscriptions.update(subscription.id, { cancel_at_period_end: false });
const revoked = await polar.subscriptions.revoke(subscription.id);
results.subscription = {
  status: subscription.status,
  cancelled: [cancelled.status, cancelled.cancel_at_period_end],
  resumed: [resumed.status, resumed.cancel_at_period_end],
  revoked: revoked.status,
  again: await refused(() => polar.subscriptions.revoke(subscription.id)),
};
console.log(JSON.stringify(results));
