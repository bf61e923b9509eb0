// openapi-backend behind Node's own server: node openapi_backend.mjs CONTRACT ANSWER PORT mock|fixed|judged
// mock: its own mock answers; fixed: the bytes of ANSWER; judged: the same, judged by ajv each time.
// Requests are judged in all of them, which is its default.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { OpenAPIBackend } from "openapi-backend";

const [contract, answer, port, manner] = process.argv.slice(2);
const definition = JSON.parse(readFileSync(contract, "utf8"));
const fixed = JSON.parse(readFileSync(answer, "utf8"));
const body = Buffer.from(fixed.body, "latin1").toString("utf8"); // a text leaves in one write with its head
const headers = Object.fromEntries(fixed.headers);
const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

const api = new OpenAPIBackend({
  definition,
  quick: true, // its check of a whole document knows OpenAPI 3.0 alone
  // Its own ajv is of draft 7, which passes a wrong prefixItems.
  customizeAjv: (_, options) => addFormats.default(new Ajv2020.default(options)).addFormat("uuid4", uuid4),
});

const handlers = {
  mock: (context, _, response) => {
    const { status, mock } = api.mockResponseForOperation(context.operation.operationId);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(mock));
  },
  fixed: (_context, _, response) => response.writeHead(fixed.status, headers).end(body),
  judged: (context, _, response) => {
    const { errors } = api.validateResponse(JSON.parse(body), context.operation, fixed.status);
    if (errors) return response.writeHead(500).end(JSON.stringify(errors));
    return response.writeHead(fixed.status, headers).end(body);
  },
};

api.register({
  "customer_portal:customers:get": handlers[manner],
  unauthorizedHandler: (_context, _, response) => response.writeHead(401).end(),
  notFound: (_context, _, response) => response.writeHead(404).end(),
  validationFail: (context, _, response) => response.writeHead(400).end(JSON.stringify(context.validation.errors)),
});
// A token has to be there; which, does not matter.
for (const scheme of Object.keys(definition.components.securitySchemes))
  api.registerSecurityHandler(scheme, (context) => Boolean(context.request.headers.authorization));
await api.init();

createServer((request, response) => {
  const [path, query] = request.url.split("?");
  api.handleRequest({ method: request.method, path, query, headers: request.headers }, request, response);
}).listen(Number(port), "127.0.0.1");
