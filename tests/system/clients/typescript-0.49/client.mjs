// Polar's own sample call on the TypeScript SDK 0.49: node client.mjs TOKEN... with MOCK_SERVER_URL set.
import { Polar } from "@polar-sh/sdk";
import { PolarError } from "@polar-sh/sdk/models/errors/polarerror.js";

if (!process.env["MOCK_SERVER_URL"]) throw new Error("set MOCK_SERVER_URL: without it the SDK would call production");

// POLAR_RETRIES is how many milliseconds the SDK goes on retrying; without it, it does not.
const elapsed = process.env["POLAR_RETRIES"];
const retryConfig = elapsed && {
  strategy: "backoff",
  backoff: { initialInterval: 50, maxInterval: 1500, exponent: 1.5, maxElapsedTime: Number(elapsed) },
  retryConnectionErrors: true,
};

const polar = new Polar({ serverURL: process.env["MOCK_SERVER_URL"], ...(retryConfig && { retryConfig }) });

// A member's token goes where this SDK wants it; the sample shows only the customer's.
function security(token) {
  return token.startsWith("polar_mst_") ? { memberSession: token } : { customerSession: token };
}

// JSON drops undefined, so an absent key becomes null here and every field is always printed.
function addressFields(address) {
  return address && {
    line1: address.line1 ?? null,
    line2: address.line2 ?? null,
    postal_code: address.postalCode ?? null,
    city: address.city ?? null,
    state: address.state ?? null,
    country: address.country,
  };
}

function accountFields([key, account]) {
  return [key, { account_id: account.accountId, account_username: account.accountUsername }];
}

function customerFields(customer) {
  return {
    created_at: customer.createdAt.toISOString(),
    modified_at: customer.modifiedAt?.toISOString() ?? null,
    id: customer.id,
    email: customer.email,
    email_verified: customer.emailVerified,
    name: customer.name,
    billing_name: customer.billingName,
    billing_address: addressFields(customer.billingAddress),
    tax_id: customer.taxId,
    oauth_accounts: Object.fromEntries(Object.entries(customer.oauthAccounts).map(accountFields)),
    default_payment_method_id: customer.defaultPaymentMethodId ?? null,
    type: customer.type ?? null,
  };
}

function errorFields(error) {
  return {
    class: error.constructor.name,
    status: error.statusCode,
    message: error.message,
    body: error.body,
    retry_after: error.headers.get("Retry-After"),
  };
}

async function call(token) {
  try {
    const customer = await polar.customerPortal.customers.get(security(token));
    return { token, customer: customerFields(customer) };
  } catch (error) {
    if (error instanceof PolarError) return { token, error: errorFields(error) };
    if (elapsed) return { token, error: { class: error.constructor.name, status: null } };
    throw error;
  }
}

for (const token of process.argv.slice(2)) {
  console.log(JSON.stringify(await call(token)));
}
