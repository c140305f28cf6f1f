// The shell: hash routes, lazy views, navigation, theme, toasts, login.

import { api, ApiError } from "./api.js";
import { watchConnection } from "./parts/connection.js";
import { dropAll } from "./parts/keeping.js";
import { Places } from "./parts/places.js";
import { button, el, empty, icon, refill } from "./parts/dom.js";

const VIEWS = {
  search: () => import("./views/search.js"),
  why: () => import("./views/why.js"),
  recognize: () => import("./views/recognize.js"),
  atlas: () => import("./views/atlas.js"),
  place: () => import("./views/landmark.js"),
  collection: () => import("./views/collection.js"),
  login: () => import("./views/login.js"),
};

const main = document.getElementById("main");
const state = {}; // What views remember between visits; each uses a key of its own name.
const places = new Places(); // Where each entry of the history was scrolled to.
let info = null;
let shown = null; // { name, unmount }
let warmed = false;
let turn = 0; // Grows with every route: a view that arrives late is not shown.

/** The route of a hash: `#/search?labels=a` → { name: "search", params }. */
function route(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?");
  return { name: VIEWS[path] ? path : "search", params: new URLSearchParams(search) };
}

function go(hash) {
  const target = hash.startsWith("#") ? hash : `#/${hash}`;
  if (location.hash === target) show();
  else location.hash = target;
}

/** Say something for a moment: kind "info", "success" or "error"; errors stay until they are closed. */
function say(text, kind = "info") {
  const mark = { success: "verified", error: "warning" }[kind] || "info";
  const toast = el("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" });
  const close = () => toast.remove();
  toast.append(icon(mark), el("p", {}, text));
  toast.append(button("Close", { icon: "close", only: true, kind: "quiet", onclick: close }));
  document.getElementById("toasts").append(toast);
  if (kind !== "error") setTimeout(close, 6000);
}

/** Tell screen readers what changed, without showing it. */
function announce(text) {
  const region = document.getElementById("said");
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}

function context(params) {
  return { api, info, params, go, say, announce, state, refreshInfo };
}

async function refreshInfo() {
  info = await api.get("info");
  document.getElementById("collection-name").textContent = info.name;
  document.getElementById("leave").hidden = !info.login;
  return info;
}

/** Show the view that the address names; false where it was shown and stays. */
async function show() {
  const { name, params } = route(location.hash);
  const top = places.enter();
  if (shown?.name === name && stays(params)) {
    turn += 1; // A view that is still on its way, as after a quick “back”, is not wanted any more.
    if (top !== null) places.restore(top, main);
    return false;
  }
  await mount(name, params, top);
  return true;
}

/** A view may follow its own parameters: it listens to "params" and prevents the default. */
function stays(params) {
  const event = new CustomEvent("params", { detail: params, cancelable: true });
  return !main.firstElementChild?.dispatchEvent(event);
}

async function mount(name, params, top = null) {
  const mine = ++turn;
  let view;
  try {
    [view] = await Promise.all([VIEWS[name](), info || name === "login" ? null : refreshInfo()]);
  } catch (error) {
    if (mine === turn && error?.status !== 401) trouble(error);
    return;
  }
  if (mine !== turn) return;
  leave();
  const root = el("div", { class: `view view-${name}` });
  refill(main, root);
  mark(name, view.title);
  shown = { name, unmount: () => {} };
  try {
    shown.unmount = view.mount(root, context(params)) || (() => {});
  } catch (error) {
    trouble(error);
  }
  places.restore(top ?? 0, main);
  warm();
}

/** Fetch the other views while nothing happens: they open at once then, and without a server. */
function warm() {
  if (warmed) return;
  warmed = true;
  const load = () => Object.values(VIEWS).forEach((view) => view().catch(() => {}));
  setTimeout(() => (globalThis.requestIdleCallback ?? setTimeout)(load), 4000);
}

function leave() {
  try {
    shown?.unmount();
  } catch (error) {
    console.error(error);
  }
  shown = null;
}

function mark(name, title) {
  document.title = title ? `${title} · relook` : "relook";
  const current = name === "why" ? "search" : name;
  for (const link of document.querySelectorAll(".nav a")) {
    if (link.hash === `#/${current}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.body.dataset.view = name;
}

function trouble(error) {
  leave();
  if (!(error instanceof ApiError)) console.error(error);
  const known = error instanceof ApiError;
  const text = known ? error.detail : "This part of the page could not be loaded. Is the server still running?";
  const onclick = known ? show : () => location.reload(); // Browsers keep modules that failed.
  const again = button("Try again", { icon: "refresh", kind: "primary", onclick });
  refill(main, el("div", { class: "view" }, empty("warning", "This did not work", text, again)));
}

function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function nameTheme() {
  const text = `Change to the ${dark() ? "light" : "dark"} theme`;
  const control = document.getElementById("theme");
  control.setAttribute("aria-label", text);
  control.title = text;
}

function switchTheme() {
  const theme = dark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("relook-theme", theme);
  } catch {
    // It holds until the page is closed, then.
  }
  nameTheme();
  dispatchEvent(new Event("themechange"));
}

async function signOut() {
  await api.send("DELETE", "session").catch(() => {});
  dropAll();
  location.reload();
}

api.onUnauthorized(() => {
  if (shown?.name !== "login") mount("login", new URLSearchParams());
});
api.onUnreachable(
  watchConnection(document.getElementById("offline"), () => {
    // What failed meanwhile is done again; what is shown and well stays as it is.
    if (main.querySelector('.notice.error, .empty use[href="#icon-warning"]')) mount(...Object.values(route(location.hash)));
  }),
);
document.getElementById("theme").addEventListener("click", switchTheme);
document.getElementById("leave").addEventListener("click", signOut);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // The hash belongs to the router.
  main.focus();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  nameTheme();
  dispatchEvent(new Event("themechange"));
});
addEventListener("hashchange", () => {
  show().then((changed) => changed && !main.contains(document.activeElement) && main.focus({ preventScroll: true }));
});
nameTheme();
show();
