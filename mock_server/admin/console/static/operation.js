// The documentation of an operation, to be tried: Swagger UI, with a token of this world filled in.
"use strict";

const place = document.querySelector("[data-openapi]");
const credentials = JSON.parse(place.dataset.credentials);
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

// Swagger UI asks for the addresses of OpenID Connect by itself, from this server or another one: the journal would show
// it. What it needs of them is a token, which is a bearer token.
const withoutDiscovery = (contract) => {
  const schemes = contract.components?.securitySchemes ?? {};
  for (const [name, scheme] of Object.entries(schemes)) {
    if (scheme.type === "openIdConnect") schemes[name] = { type: "http", scheme: "bearer", description: scheme.description };
  }
  return contract;
};

const show = (contract) => {
  const ui = SwaggerUIBundle({
    spec: withoutDiscovery(contract),
    domNode: place,
    validatorUrl: null,
    docExpansion: "full",
    defaultModelsExpandDepth: -1,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    requestInterceptor: (request) => {
      const token = credentials.find(([kind]) => kind === "token");
      if (token && !Object.keys(request.headers).some((name) => name.toLowerCase() === "authorization")) {
        request.headers.Authorization = `Bearer ${token[2]}`;
      }
      return request;
    },
    onComplete: () => {
      for (const [kind, name, value] of credentials) {
        if (kind === "basic") ui.preauthorizeBasic(name, "user", "password");
        else if (kind !== "token") ui.preauthorizeApiKey(name, value);
      }
    },
  });
};

fetch(place.dataset.openapi)
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
  .then(show)
  .catch((error) => { place.textContent = `The contract could not be loaded (${error.message}). Load the page again.`; });

// What it leaves without a name gets one, and what scrolls can be reached by the keyboard.
const mend = () => {
  for (const select of place.querySelectorAll("select:not([aria-label])")) {
    select.setAttribute("aria-label", select.closest("label, tr, .servers")?.querySelector("label, .parameter__name, small")?.textContent?.trim() || "choice");
  }
  for (const text of place.querySelectorAll("textarea:not([aria-label])")) {
    text.setAttribute("aria-label", text.closest("tr")?.querySelector(".parameter__name")?.textContent?.trim() || "Request body");
  }
  for (const text of place.querySelectorAll("pre:not([tabindex])")) text.tabIndex = 0;
};
new MutationObserver(mend).observe(place, { childList: true, subtree: true });
