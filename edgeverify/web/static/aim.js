"use strict";
// Asks for one look after the other, while the page can be seen.
const at = (id) => document.getElementById(id);
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const cell = (text, kind) => {
  const made = document.createElement("td");
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
};
const show = (look) => {
  const frame = at("frame"), box = at("box");
  at("away").hidden = look.is_there;
  frame.hidden = !look.is_there;
  if (!look.is_there) {
    at("away").textContent = look.why;
    box.setAttribute("width", 0);
    at("verdict").className = "note warn";
    at("say").textContent = "No picture";
    return;
  }
  frame.src = `data:image/jpeg;base64,${look.jpeg}`;
  frame.onload = () => { at("picture").style.aspectRatio = `${frame.naturalWidth} / ${frame.naturalHeight}`; };
  const [left, top, width, height] = look.box.length ? look.box : [0, 0, 0, 0];
  for (const [name, value] of Object.entries({ x: left, y: top, width, height })) box.setAttribute(name, value);
  box.setAttribute("class", look.is_usable ? "box good" : "box");
  at("verdict").className = look.is_usable ? "note good" : "note warn";
  const words = look.is_usable ? "Good: a face here can be compared" : look.advice;
  const said = words.charAt(0).toUpperCase() + words.slice(1);
  if (at("say").textContent !== said) at("say").textContent = said;
  at("rate").textContent = `${Math.round(look.frames_per_second)} pictures a second`;
  if (look.rows.length) {
    at("rows").replaceChildren(...look.rows.map((row) => {
      const line = document.createElement("tr");
      line.append(cell(row.name), cell(row.measured, "figure"), cell(row.asked), cell(row.is_good ? "yes" : "no"));
      return line;
    }));
  }
};
const watch = async () => {
  for (;;) {
    if (document.hidden) { await wait(500); continue; }
    try {
      const answer = await fetch("/aim/look", { headers: { accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      show(await answer.json());
    } catch {
      show({ is_there: false, why: "The page does not answer." });
      await wait(2000);
    }
    await wait(250);
  }
};
watch();
