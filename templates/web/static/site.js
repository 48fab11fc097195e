// Comfort only: every page works without this script.
"use strict";

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form && event.target.tagName === "SELECT") form.requestSubmit();
});

// Empty fields stay out of the address, so that it can be read and shared.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form.filters")) return;
  for (const [name, value] of [...event.formData.entries()]) {
    if (value === "") event.formData.delete(name);
  }
});

// What is under way is followed: its part of the page is fetched again until it has ended. Whoever is busy in it is left alone.
const follow = async () => {
  const shown = document.querySelector("[data-live][data-running]");
  if (!shown) return;
  if (!shown.contains(document.activeElement)) {
    try {
      const answer = await fetch(window.location.href);
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("[data-live]");
      if (next) shown.replaceWith(document.adoptNode(next));
    } catch {
      // The site does not answer just now: it is asked again.
    }
  }
  window.setTimeout(follow, 1500);
};
window.setTimeout(follow, 1000);

// Drag over a timeline to look at a part of it: the address says which, so it can be shared.
document.documentElement.classList.add("scripted");
for (const box of document.querySelectorAll("[data-zoom]")) {
  const since = Date.parse(box.dataset.since);
  const until = Date.parse(box.dataset.until);
  let start = null;
  let shade = null;
  const share = (strip, event) => {
    const edges = strip.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - edges.left) / edges.width, 0), 1);
  };
  box.addEventListener("pointerdown", (event) => {
    const strip = event.target.closest("svg.strip");
    if (!strip || event.button !== 0) return;
    start = { strip, at: share(strip, event) };
    shade = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    shade.setAttribute("class", "selection");
    shade.setAttribute("height", "20");
    strip.append(shade);
    strip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  box.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [low, high] = [start.at, share(start.strip, event)].sort((a, b) => a - b);
    shade.setAttribute("x", String(low * 720));
    shade.setAttribute("width", String((high - low) * 720));
  });
  box.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [low, high] = [start.at, share(start.strip, event)].sort((a, b) => a - b);
    shade.remove();
    start = null;
    if (high - low < 0.005) return;
    const instant = (part) => new Date(since + part * (until - since)).toISOString().slice(0, 19) + "Z";
    const address = new URL(window.location.href);
    address.searchParams.set("since", instant(low));
    address.searchParams.set("until", instant(high));
    address.hash = "timeline";
    window.location.assign(address);
  });
}

// Drop files anywhere into the box.
for (const box of document.querySelectorAll("[data-drop]")) {
  const input = box.querySelector("input[type=file]");
  for (const kind of ["dragenter", "dragover"]) {
    box.addEventListener(kind, (event) => {
      event.preventDefault();
      box.classList.add("over");
    });
  }
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    input.files = event.dataTransfer.files;
  });
}
