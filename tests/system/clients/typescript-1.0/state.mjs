// Records made, read, changed, listed to the end and deleted on the TypeScript SDK 1.0, with MOCK_SERVER_URL set.
// Prints one JSON object: what came of each step, by resource.
import { PolarError } from "@polar-sh/sdk";
import { createPolar } from "@polar-sh/sdk/2026-10";

if (!process.env["MOCK_SERVER_URL"]) throw new Error("set MOCK_SERVER_URL: without it the SDK would call production");

const COUNT = 25;
const PAGE = 10;

async function refused(call, key) {
  try {
    await call(key);
  } catch (error) {
    if (error instanceof PolarError) return [error.constructor.name, error.statusCode ?? null];
    throw error;
  }
  return [];
}

async function listed(iterate) {
  const keys = [];
  for await (const record of iterate({ limit: PAGE })) keys.push(record.id);
  return keys;
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function steps({ create, get, update, remove, iterate, bodies, change }) {
  const before = await listed(iterate);
  const keys = [];
  const sent = [];
  for (const body of bodies) keys.push((await create(body)).id);
  for (const [index, key] of keys.entries()) {
    const record = await get(key);
    sent.push(Object.keys(bodies[index]).map((name) => record[name]));
  }
  await update(keys[0], change);
  const after = await get(keys[0]);
  const pages = await listed(iterate);
  for (const key of keys) await remove(key);
  return {
    different: new Set(keys).size === COUNT,
    as_sent: same(sent, bodies.map(Object.values)),
    changed: Object.fromEntries(Object.keys(change).map((name) => [name, after[name]])),
    stays: Object.entries(bodies[0]).filter(([name]) => !(name in change)).map(([name, value]) => same(after[name], value)),
    each_once: pages.length === new Set(pages).size,
    all: same([...pages].sort(), [...before, ...keys].sort()),
    after: await refused(get, keys[0]),
    again: await refused(remove, keys[0]),
    gone: same(await listed(iterate), before),
  };
}

function times(make) {
  return Array.from({ length: COUNT }, (_, n) => make(n));
}

const { customers, discounts, webhooks } = createPolar({
  accessToken: "polar_oat_mock",
  baseUrl: process.env["MOCK_SERVER_URL"],
});
console.log(JSON.stringify({
  customers: await steps({
    create: customers.create,
    get: customers.get,
    update: customers.update,
    remove: (key) => customers.delete(key),
    iterate: customers.iterList,
    bodies: times((n) => ({ email: `ada-${n}@example.com`, name: `Ada ${n}`, external_id: `ada-${n}` })),
    change: { name: "Ada Lovelace" },
  }),
  discounts: await steps({
    create: discounts.create,
    get: discounts.get,
    update: discounts.update,
    remove: discounts.delete,
    iterate: discounts.iterList,
    bodies: times((n) => ({ type: "percentage", name: `Sale ${n}`, duration: "once", basis_points: 100 * n + 100 })),
    change: { name: "Winter sale" },
  }),
  webhook_endpoints: await steps({
    create: webhooks.createWebhookEndpoint,
    get: webhooks.getWebhookEndpoint,
    update: webhooks.updateWebhookEndpoint,
    remove: webhooks.deleteWebhookEndpoint,
    iterate: webhooks.iterListWebhookEndpoints,
    bodies: times((n) => ({ url: `https://example.com/hooks/${n}`, format: "raw", events: ["order.paid"] })),
    change: { url: "https://example.com/hooks/new" },
  }),
}));
