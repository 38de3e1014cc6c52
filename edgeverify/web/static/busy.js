"use strict";
// Says that something is under way, so that nobody presses twice; and that files are too large before they are sent.
const idle = () => {
  for (const button of document.querySelectorAll("button[data-idle]")) {
    button.disabled = false;
    button.textContent = button.dataset.idle;
    delete button.dataset.idle;
  }
};
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !button.dataset.busy) return;
  // Only after this turn: a disabled button's own value would not be sent.
  setTimeout(() => {
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
    button.disabled = true;
  });
});
window.addEventListener("pageshow", idle);
const files = document.querySelector("input[data-limit]");
if (files) {
  const mebibytes = (bytes) => `${Math.ceil(bytes / 1048576)} MiB`;
  files.addEventListener("change", () => {
    const sum = [...files.files].reduce((bytes, file) => bytes + file.size, 0);
    const limit = Number(files.dataset.limit);
    files.setCustomValidity(
      sum > limit ? `Together ${mebibytes(sum)}; at most ${mebibytes(limit)} are taken. Choose fewer or smaller photos.` : "",
    );
    files.reportValidity();
  });
}
