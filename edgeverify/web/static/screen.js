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
const events = new EventSource("/screen/events");
events.onmessage = (event) => put(JSON.parse(event.data));
