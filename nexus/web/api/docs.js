"use strict";

// In a file of its own, since the page's Content-Security-Policy allows no inline scripts.
const file = document.currentScript.src;

window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: new URL("../openapi.json", file).href,
    dom_id: "#swagger-ui",
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    displayRequestDuration: true,
    tryItOutEnabled: true,
    persistAuthorization: false, // a pasted token is forgotten with the page
    validatorUrl: null, // nothing is sent to third parties
  });
});
