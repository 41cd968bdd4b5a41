// The page of /docs. A token comes as for the page itself: …/docs#token=…
const token = new URLSearchParams(location.hash.slice(1)).get("token");

function withToken(request) {
  if (token) request.headers.Authorization = `Bearer ${token}`;
  return request;
}

window.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#interface",
  deepLinking: false,
  validatorUrl: null,
  requestInterceptor: withToken,
});
