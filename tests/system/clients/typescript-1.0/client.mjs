// Polar's sample call on the TypeScript SDK 1.0: node client.mjs TOKEN... with MOCK_SERVER_URL set.
import { PolarClientError, PolarError, PolarRateLimitError } from "@polar-sh/sdk";
import { createPolar } from "@polar-sh/sdk/2026-04";

if (!process.env["MOCK_SERVER_URL"]) throw new Error("set MOCK_SERVER_URL: without it the SDK would call production");

// JSON drops undefined, so an absent key becomes null here and every field is always printed.
function addressFields(address) {
  return address && {
    line1: address.line1 ?? null,
    line2: address.line2 ?? null,
    postal_code: address.postal_code ?? null,
    city: address.city ?? null,
    state: address.state ?? null,
    country: address.country,
  };
}

function accountFields([key, account]) {
  return [key, { account_id: account.account_id, account_username: account.account_username }];
}

function customerFields(customer) {
  return {
    created_at: customer.created_at,
    modified_at: customer.modified_at,
    id: customer.id,
    email: customer.email,
    email_verified: customer.email_verified,
    name: customer.name,
    billing_name: customer.billing_name,
    billing_address: addressFields(customer.billing_address),
    tax_id: customer.tax_id,
    oauth_accounts: Object.fromEntries(Object.entries(customer.oauth_accounts).map(accountFields)),
    default_payment_method_id: customer.default_payment_method_id ?? null,
    type: customer.type ?? null,
  };
}

// Only a plain client error carries the body; a rate limit replaces it with words of the SDK's own.
function rawBody(error) {
  return error instanceof PolarClientError && !(error instanceof PolarRateLimitError) ? error.error : null;
}

function errorFields(error) {
  return {
    class: error.constructor.name,
    status: error.statusCode ?? null,
    message: error.message,
    body: rawBody(error),
    retry_after: error.retryAfter ?? null,
  };
}

async function call(token) {
  const polar = createPolar({ accessToken: token, baseUrl: process.env["MOCK_SERVER_URL"] });
  try {
    const customer = await polar.customerPortal.customers.get();
    return { token, customer: customerFields(customer) };
  } catch (error) {
    if (error instanceof PolarError) return { token, error: errorFields(error) };
    throw error;
  }
}

for (const token of process.argv.slice(2)) {
  console.log(JSON.stringify(await call(token)));
}
