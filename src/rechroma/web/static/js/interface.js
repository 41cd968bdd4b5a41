// The page of /docs. A token comes as for the page itself: …/docs#token=…
import { headers, takeToken } from "./api.js";

function withToken(request) {
  Object.assign(request.headers, headers());
  return request;
}

takeToken();
addEventListener("hashchange", () => { if (takeToken()) location.reload(); });
window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#interface",
  deepLinking: false,
  validatorUrl: null,
  requestInterceptor: withToken,
});
