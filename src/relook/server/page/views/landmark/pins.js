// Pictures as pins on a map. Those that would overlap become one pin that says how many it holds.

import { count, el } from "../../parts/dom.js";

const APART = 46; // Pixels between the middles of two pins.
const SAME = 1e-7; // Of the world: about four meters; closer pictures are not parted by zooming.

/** `pick(hit)` and `zoom(members)` are clicks; pins are for the pointer: a list says the same. */
export function pins(layer, { pick, zoom, thumbnail }) {
  const made = new Map();
  return { place };

  function place(pictures, view) {
    const inside = pictures.map((one) => ({ one, at: screen(one.at, view) })).filter(({ at }) => visible(at, view));
    const groups = gather(inside);
    const wanted = new Map(groups.map((group) => [group.members.map((one) => one.id).join(), group]));
    for (const [key, node] of made) {
      if (wanted.has(key)) continue;
      node.remove();
      made.delete(key);
    }
    for (const [key, group] of wanted) {
      if (!made.has(key)) {
        made.set(key, pin(group));
        layer.append(made.get(key));
      }
      made.get(key).style.transform = `translate(${group.at[0]}px, ${group.at[1]}px)`;
    }
  }

  function pin({ members }) {
    const [first] = members;
    const { role, verified } = (members.find((one) => one.hit.role === "agrees") ?? first).hit;
    const single = members.length === 1;
    const title = single ? `${first.name}: ${words(first.hit)}` : count(members.length, "picture");
    const onclick = () => (single || together(members) ? pick(first.hit) : zoom(members));
    return el(
      "button",
      { type: "button", class: `pin ${role} ${verified ? "" : "unverified"}`, tabindex: "-1", title, onclick },
      el("img", { src: thumbnail(first.id), alt: "", draggable: "false" }),
      single ? null : el("span", { class: "pin-count number" }, members.length),
    );
  }
}

/** What a role means, in words; only what geometry verified says where the estimate is wrong. */
export function words({ role, verified }) {
  if (role === "agrees") return verified ? "agrees" : "nearby, not verified";
  if (role === "nowhere") return "location unavailable";
  return verified ? "probably wrongly geotagged" : "elsewhere, looks similar";
}

function screen([x, y], view) {
  const near = x + Math.round(view.x - x);
  return [view.width / 2 + (near - view.x) * view.scale, view.height / 2 + (y - view.y) * view.scale];
}

function visible([x, y], { width, height }) {
  return x > -APART && x < width + APART && y > -10 && y < height + 2 * APART;
}

/** Pins in order of rank; a later one that would cover an earlier one joins it. */
function gather(found) {
  const groups = [];
  for (const { one, at } of found) {
    const near = groups.find((group) => Math.hypot(group.at[0] - at[0], group.at[1] - at[1]) < APART);
    if (near) near.members.push(one);
    else groups.push({ at, members: [one] });
  }
  return groups;
}

function together(members) {
  const [{ at }] = members;
  return members.every((one) => Math.hypot(one.at[0] - at[0], one.at[1] - at[1]) < SAME);
}
