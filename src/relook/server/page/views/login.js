// Sign in with the token of the server.

import { ApiError } from "../api.js";
import { button, count, el, icon } from "../parts/dom.js";

export const title = "Sign in";

export function mount(root, { api, go }) {
  const field = el("input", {
    id: "token",
    class: "input",
    type: "password",
    autocomplete: "current-password",
    required: true,
    spellcheck: "false",
    "aria-describedby": "token-help token-error",
  });
  const error = el("p", { id: "token-error", class: "error", role: "alert" });
  const enter = button("Sign in", { kind: "primary", type: "submit" });
  const form = el(
    "form",
    { class: "card login", onsubmit: submit },
    icon("lock"),
    el("h1", {}, "Sign in"),
    el("p", { id: "token-help" }, "This collection is protected. Whoever started the server has its token."),
    el("input", { type: "text", autocomplete: "username", value: "relook", hidden: true }), // for password managers
    el("label", { class: "field", for: "token" }, el("span", {}, "Token"), field),
    error,
    enter,
    el("p", { class: "muted small" }, "The token is kept in a cookie that only this server can read, until you sign out."),
  );
  root.append(form);
  field.focus();

  async function submit(event) {
    event.preventDefault();
    enter.disabled = true;
    error.textContent = "";
    try {
      await api.send("POST", "session", { token: field.value });
      root.closest("main")?.focus({ preventScroll: true }); // What comes is read from its beginning.
      go(location.hash || "#/search");
    } catch (problem) {
      error.textContent = said(problem);
      enter.disabled = false;
      field.select();
    }
  }
}

function said(problem) {
  if (!(problem instanceof ApiError)) return "Something went wrong. Try again.";
  if (problem.status === 401) return "This is not the token. Check it for missing characters.";
  if (problem.status === 429 && problem.retryAfter) return `Too many wrong tokens. Try again in ${count(problem.retryAfter, "second")}.`;
  return problem.detail;
}
