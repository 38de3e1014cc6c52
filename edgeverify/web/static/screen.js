"use strict";
// Shows what the door says, as soon as it says it; after an interruption the browser asks again by itself.
const put = (now) => {
  document.documentElement.lang = now.language;
  document.title = now.words;
  document.body.dataset.moment = now.moment;
  document.body.dataset.code = now.code;
  document.body.dataset.light = now.light;
  document.body.dataset.sound = now.is_sounding;
  for (const id of ["words", "more"]) {
    const place = document.getElementById(id);
    if (place.textContent !== now[id]) place.textContent = now[id];
  }
};
// What was shown last may be a welcome: where nothing is heard any more, it must not stay.
const lost = () => put({
  moment: "denied", code: "out_of_order", words: document.body.dataset.lost, more: "",
  language: document.body.dataset.language, light: "", is_sounding: false,
});
let silence = 0;
const wait = (seconds) => {
  clearTimeout(silence);
  silence = setTimeout(lost, seconds * 1000);
};
const events = new EventSource("/screen/events");
events.onmessage = (event) => {
  wait(25);
  put(JSON.parse(event.data));
};
events.addEventListener("alive", () => wait(25));
events.onerror = () => {
  wait(2);
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000);
};
wait(25);
