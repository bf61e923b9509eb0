// A customer's way through Polar on the TypeScript SDK 0.49: session, portal, checkout, refund; with MOCK_SERVER_URL set.
// Prints one JSON object: what the records say after each step.
import { Polar } from "@polar-sh/sdk";
import { PolarError } from "@polar-sh/sdk/models/errors/polarerror.js";

const serverURL = process.env["MOCK_SERVER_URL"];
if (!serverURL) throw new Error("set MOCK_SERVER_URL: without it the SDK would call production");
const price = { amountType: "fixed", priceAmount: 1500 };
const polar = new Polar({ accessToken: "polar_oat_mock", serverURL });

async function portal(token) {
  const { customers } = polar.customerPortal;
  const before = await customers.get({ customerSession: token });
  const after = await customers.update({ customerSession: token }, { billingName: "Ada Ltd" });
  const merchant = await polar.customers.get({ id: before.id });
  return { email: before.email, billing_name: after.billingName, merchant: merchant.billingName };
}

async function bought(product) {
  const { id } = await polar.products.create({ ...product, prices: [price] });
  const checkout = await polar.checkouts.create({ products: [id], customerEmail: "grace@example.com" });
  await polar.checkouts.clientConfirm({
    clientSecret: checkout.clientSecret,
    checkoutConfirmStripe: { confirmationTokenId: "tok" },
  });
  const orders = [];
  for await (const page of await polar.orders.list({ productId: id })) orders.push(...page.result.items);
  return [await polar.checkouts.get({ id: checkout.id }), orders.find((order) => order.checkoutId === checkout.id)];
}

async function refused(call) {
  try {
    await call();
  } catch (error) {
    if (error instanceof PolarError) return [error.constructor.name, error.statusCode];
    throw error;
  }
  return [];
}

const customer = await polar.customers.create({ email: "ada@example.com", name: "Ada" });
const session = await polar.customerSessions.create({ customerId: customer.id });
const results = { portal: await portal(session.token) };
const [checkout, order] = await bought({ name: "Book" });
const refund = await polar.refunds.create({ orderId: order.id, reason: "customer_request", amount: 500 });
results.order = {
  checkout: checkout.status,
  status: order.status,
  total: order.totalAmount,
  refund: refund.status,
  after: (await polar.orders.get({ id: order.id })).status,
};
const [, cycle] = await bought({ name: "Club", recurringInterval: "month" });
const subscription = await polar.subscriptions.get({ id: cycle.subscriptionId });
const change = (subscriptionUpdate) => polar.subscriptions.update({ id: subscription.id, subscriptionUpdate });
const cancelled = await change({ cancelAtPeriodEnd: true });
const resumed = await change({ cancelAtPeriodEnd: false });
const revoked = await polar.subscriptions.revoke({ id: subscription.id });
results.subscription = {
  status: subscription.status,
  cancelled: [cancelled.status, cancelled.cancelAtPeriodEnd],
  resumed: [resumed.status, resumed.cancelAtPeriodEnd],
  revoked: revoked.status,
  again: await refused(() => polar.subscriptions.revoke({ id: subscription.id })),
};
console.log(JSON.stringify(results));
