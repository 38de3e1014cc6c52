"use strict";
// Takes pictures with the door's camera, one at a press, until there are three good ones.
const place = document.getElementById("capture");
const WANTED = 3;
if (place) {
  place.hidden = false;
  const consent = document.getElementById("consent"), shoot = document.getElementById("shoot");
  const said = document.getElementById("shot-said"), shots = document.getElementById("shots");
  const settle = () => { shoot.disabled = !consent.checked || shots.children.length >= WANTED; };
  consent.addEventListener("change", settle);
  settle();
  shoot.addEventListener("click", async () => {
    shoot.disabled = true;
    said.textContent = "Looking …";
    const form = new FormData();
    form.append("form_token", place.dataset.token);
    try {
      const answer = await fetch("/people/capture", { method: "POST", body: form });
      if (!answer.ok) {
        const isOver = answer.status === 401 || answer.status === 403;
        said.textContent = isOver
          ? "You are no longer logged in, so no picture was taken. Open this page again."
          : "The door does not answer. Try again in a moment.";
        settle();
        return;
      }
      const told = await answer.json();
      if (told.is_good) {
        const item = document.createElement("li"), picture = document.createElement("img");
        picture.src = `data:image/jpeg;base64,${told.jpeg}`;
        picture.alt = `Picture ${shots.children.length + 1}`;
        const hidden = document.createElement("input");
        hidden.type = "hidden"; hidden.name = "shot"; hidden.value = told.shot;
        item.append(picture, hidden);
        shots.append(item);
      }
      const left = WANTED - shots.children.length;
      said.textContent = left ? `${told.said} ${left} more.` : "Three good pictures: enough.";
    } catch {
      said.textContent = "The page does not answer.";
    }
    settle();
  });
}
