// What pages do beyond what they say: NHS components, live parts, leaving at once, and the warning before time is up.
// Every page works without it.
import { initAll } from "./nhsuk-frontend.js";

const WARN_BEFORE_MS = 120000;
const READ_AGAIN_MS = 30000;
const READ_AT_MOST_EVERY_MS = 1000;
const THREE_PRESSES_WITHIN_MS = 5000;
const csrf = document.querySelector('meta[name="beside-csrf"]')?.content;

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();

// ---- htmx: its requests carry the token that forms carry in a hidden field
document.body.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["Beside-Csrf"] = csrf;
});
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  initAll(target);
  if (target.id !== "maincontent" || target.querySelector(".nhsuk-error-summary")) return; // that takes the focus itself
  const heading = target.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
});
for (const failed of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(failed, ({ target }) => {
    const alert = document.querySelector("[data-beside-not-sent]");
    if (target.tagName !== "FORM" || !alert) return;
    alert.textContent = ""; // said again each time
    setTimeout(() => { alert.textContent = alert.dataset.besideNotSent; alert.scrollIntoView(); });
  });
}

// ---- live parts: the server says that something changed, and htmx fetches the part anew
for (const part of document.querySelectorAll("[data-beside-live]")) follow(part);

function follow(part) {
  const says = part.querySelector("[data-beside-says]");
  const target = () => part.querySelector("[hx-get]");
  let resting = null;
  let changedMeanwhile = false;
  const readAgain = () => { // a storm of changes is one reading a second, and the last change is always read
    changedMeanwhile = resting !== null;
    if (changedMeanwhile) return;
    resting = setTimeout(() => {
      resting = null;
      if (changedMeanwhile) readAgain();
    }, READ_AT_MOST_EVERY_MS);
    target().dispatchEvent(new CustomEvent("beside:changed", { bubbles: true }));
  };
  let lost = false;
  const lose = () => {
    if (!lost) setTimeout(readAgain, READ_AGAIN_MS);
    lost = true;
    says.textContent = part.dataset.besideLost;
  };
  const stream = new EventSource(part.dataset.besideLive);
  stream.addEventListener("error", lose);
  stream.addEventListener("open", () => { lost = false; });
  stream.addEventListener(part.dataset.besideEvent, readAgain); // the first one too: much can happen before it
  part.addEventListener("htmx:afterSwap", () => {
    if (!lost) return;
    says.textContent = part.dataset.besideLost;
    setTimeout(readAgain, READ_AGAIN_MS);
  });
  part.addEventListener("htmx:sendError", () => { lost = false; lose(); });
  part.addEventListener("htmx:responseError", (event) => {
    if ([401, 403].includes(event.detail.xhr.status)) location.reload();
    else { lost = false; lose(); }
  });
  addEventListener("pagehide", () => stream.close());
}

// ---- leaving at once: the page is hidden before the other loads, and takes no place in the history
const exit = document.querySelector("[data-beside-exit]");
if (exit) {
  const presses = [];
  const leave = () => {
    document.documentElement.classList.add("beside-left");
    document.title = exit.dataset.besideTitle;
    location.replace(exit.href);
  };
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  addEventListener("click", (event) => { // one entry in the history, however far she goes
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.pathname === location.pathname) return;
    event.preventDefault();
    location.replace(link.href);
  });
  addEventListener("keyup", (event) => {
    if (event.key !== "Shift") {
      presses.length = 0;
      return;
    }
    presses.push(event.timeStamp);
    if (presses.length === 3 && event.timeStamp - presses.shift() < THREE_PRESSES_WITHIN_MS) leave();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) leave(); });
}

// ---- time is nearly up: one press stays, where staying is possible
const idle = document.querySelector("[data-beside-idle]");
if (idle) {
  const form = idle.querySelector("form");
  let timers = [];
  const watch = (milliseconds) => {
    timers.forEach(clearTimeout);
    timers = [
      setTimeout(() => idle.open || idle.showModal(), Math.max(0, milliseconds - WARN_BEFORE_MS)),
      setTimeout(() => location.replace(location.href.split("#")[0]), milliseconds),
    ];
  };
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json", "Beside-Csrf": csrf ?? "" },
      body: new URLSearchParams(new FormData(form)),
    }).catch(() => null);
    if (!answer?.ok) {
      form.submit();
      return;
    }
    const said = await answer.json().catch(() => ({}));
    idle.close();
    watch((said.seconds ?? Number(idle.dataset.besideIdle)) * 1000);
  });
  watch(Number(idle.dataset.besideIdle) * 1000);
}

// ---- "I am worried": to its own service, after two seconds also to safeguarding under the same signal; green only with a
// receipt; what has none is kept here (a signal, an answer, a case: no words, no names) and sent again
const worried = document.querySelector("[data-beside-worried]");
if (worried) {
  const SECOND_WAY_AFTER_MS = 2000;
  const GIVE_UP_AFTER_MS = 30000;
  const NOT_SENT_AFTER_MS = 8000;
  const AGAIN_EVERY_MS = 10000;
  const KEPT = "beside-worries";
  const { pass, own, other } = worried.dataset;
  const state = worried.querySelector("[data-beside-worried-state]");
  const say = (is, words) => { state.dataset.is = is; state.textContent = words; };
  const kept = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
  const keep = (all) => { try { localStorage.setItem(KEPT, JSON.stringify(all)); } catch { /* no room: still shown as not sent */ } };
  const forget = (signal) => keep(kept().filter((one) => one.signal_id !== signal));

  const post = async (url, worry, headers) => {
    const about = { ...worry, about: "unknown", ...(worry.case ? {} : { case: undefined }) };
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": worry.signal_id, ...headers },
      body: JSON.stringify(about),
      signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
    });
    const { receipt } = await answer.json();
    if (!receipt) throw new Error("no receipt");
    return receipt;
  };
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  const send = (worry) => { // the first receipt counts; both ways lead to the same concern
    const first = post(own, worry, csrf ? { "Beside-Csrf": csrf } : {});
    let received = false;
    const ended = first.then(() => { received = true; }, () => undefined);
    const second = async () => {
      await Promise.race([pause(SECOND_WAY_AFTER_MS), ended]);
      if (received || !other) throw new Error("not needed");
      return post(other, worry, { "Beside-Worry-Pass": pass });
    };
    return Promise.any([first, second()]);
  };
  const again = async () => {
    for (const worry of kept()) {
      try {
        const receipt = await send(worry);
        forget(worry.signal_id);
        say("received", `${worried.dataset.late} ${receipt.slice(0, 8)}`);
      } catch { say("not-sent", worried.dataset.notSent); }
    }
  };
  worried.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const worry = { signal_id: crypto.randomUUID(), in_danger: event.submitter?.value ?? "not_sure", case: worried.dataset.case };
    keep([...kept(), worry]);
    say("sending", worried.dataset.sending);
    const late = setTimeout(() => say("not-sent", worried.dataset.notSent), NOT_SENT_AFTER_MS);
    try {
      const receipt = await send(worry);
      forget(worry.signal_id);
      say("received", `${worried.dataset.received} ${receipt.slice(0, 8)}`);
    } catch { say("not-sent", worried.dataset.notSent); }
    clearTimeout(late);
  });
  addEventListener("online", again);
  setInterval(() => { if (state.dataset.is !== "sending") again(); }, AGAIN_EVERY_MS);
  again();
}
