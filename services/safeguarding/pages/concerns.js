// The list follows the server: any change reloads it; when the stream is lost, it reloads every 30 seconds and says so.
"use strict";
let first = true;
const stream = new EventSource("/api/concerns/stream");
stream.addEventListener("concerns", () => {
  if (!first) location.reload();
  first = false;
});
stream.addEventListener("error", () => {
  document.getElementById("live").textContent = "The live connection is lost. This list is read again every 30 seconds.";
  setTimeout(() => location.reload(), 30000);
});
