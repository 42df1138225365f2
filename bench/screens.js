// A server that answers from memory, and a stopwatch, inside a frame of the app: bench/screens.py puts both there.
(() => {
  const ROWS = 1000;
  const PEOPLE = ["Alice Adams", "Bob Baker", "Chiara Conti", "Dana Diaz", "Émile Étienne", "Fatima Farouk", "Gō Gotō", "Hana Horák"];
  const KINDS = ["xlsx", "docx", "pdf", "png", "pptx", "zip", "dwg", "txt"];
  const STATES = ["free", "mine", "other", "other"];
  const CAN = { lock: false, release: false, extend: false, break: false, takeOver: false, notifyMe: false, giveAccess: false, request: false, cancelRequest: false, decline: false, handOver: false };
  const moment = (minutes) => new Date(Date.UTC(2026, 10, 29) + minutes * 60_000).toISOString();
  const person = (number) => ({ accountId: `p${number % PEOPLE.length}`, displayName: PEOPLE[number % PEOPLE.length] });

  function lock(number, state) {
    const held = state !== "free";
    const left = (number * 7_919) % 2_880;
    return {
      state, lockId: held ? `L${number}` : null, holder: held ? person(number) : null, since: held ? moment(-number) : null,
      expiresAt: held ? moment(left) : null, secondsLeft: held ? left * 60 : null, note: number % 5 === 0 && held ? "Adding the figures of the fourth quarter" : null,
      unlockOnUpload: false, protection: number % 20 === 2 && held ? "unprotected" : "protected", unprotectedReason: number % 20 === 2 && held ? "app_blocked" : null,
      pausedUntil: null, notifyMe: { asked: false, count: number % 3, position: null }, requests: [],
      can: { ...CAN, lock: !held, release: state === "mine", extend: state === "mine", notifyMe: state === "other", break: state === "other" }, lastEnded: null,
    };
  }

  const titleOf = (number) => `Offer ${(number * 7_919) % ROWS} for ${PEOPLE[number % PEOPLE.length].split(" ")[1]}.${KINDS[number % KINDS.length]}`;
  const links = (number) => ({ open: `${location.origin}/wiki/open/${number}`, download: `${location.origin}/wiki/download/${number}` });
  const numbers = Array.from({ length: ROWS }, (_, number) => number);
  const files = numbers.map((number) => ({
    id: String(number), title: titleOf(number), mediaType: "application/octet-stream", fileSize: 1_000 + number * 997, version: 3,
    versionCreated: moment(-5_000), links: links(number), lock: lock(number, STATES[number % 4]),
  }));
  const locks = numbers.map((number) => ({
    id: String(number), title: titleOf(number), open: links(number).open, pageId: String(number % 40), pageTitle: `Page ${number % 40}`, lock: lock(number, number % 4 === 0 ? "mine" : "other"),
  }));

  const chosen = {
    mine: ({ lock: { state } }) => state === "mine", other: ({ lock: { state } }) => state === "other", unprotected: ({ lock: { protection } }) => protection === "unprotected", ending: () => false,
  };

  function sorted(all, sort) {
    const key = sort.endsWith("since") ? "since" : "expiresAt";
    const order = sort.startsWith("-") ? -1 : 1;
    return [...all].sort((a, b) => order * (a.lock[key] < b.lock[key] ? -1 : 1));
  }

  function asked(query) {
    const text = (query.get("q") ?? "").toLowerCase();
    const found = locks.filter(({ title }) => title.toLowerCase().includes(text)).filter(chosen[query.get("state")] ?? (() => true));
    return sorted(found, query.get("sort") ?? "expires");
  }

  function part(all, query, more) {
    const start = Number(query.get("cursor") ?? 0);
    const end = start + Number(query.get("limit") ?? 50);
    return { items: all.slice(start, end), nextCursor: end < all.length ? String(end) : null, serverTime: moment(0), ...more };
  }

  function answer({ pathname, searchParams }) {
    if (pathname.endsWith("/attachments")) return part(files, searchParams, { title: "Many files", total: ROWS, active: true, viewer: { accountId: "p0", mayEdit: true, mayBreak: true } });
    if (pathname === "/api/v1/locks") return part(asked(searchParams), searchParams, { searchedAll: true });
    return { items: [], notices: [], serverTime: moment(0) };
  }

  const original = window.fetch;
  window.fetch = async (path, init) => {
    const address = new URL(path instanceof Request ? path.url : path, location.href);
    return address.pathname.startsWith("/api/v1/") ? Response.json(answer(address)) : original(path, init);
  };

  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
  const painted = async () => { await frame(); await new Promise((resolve) => { setTimeout(resolve); }); };

  async function until(holds) {
    const end = performance.now() + 30_000;
    while (!holds()) {
      if (performance.now() > end) throw new Error("The screen never came to this state.");
      await frame();
    }
    await painted();
  }

  /** Return milliseconds from an act to the first frame in which its result is shown. */
  async function took(act, holds) {
    const start = performance.now();
    act();
    await until(holds);
    return performance.now() - start;
  }

  function choose(select, value) {
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function type(input, value) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  window.stopwatch = {
    /** Since the frame began to load. */
    async usable() {
      await until(() => rows().some((row) => [...row.querySelectorAll("button")].some((button) => button.offsetParent !== null && button.ariaDisabled !== "true")));
      return performance.now();
    },
    whole: (count) => until(() => document.querySelector("[role=status].count")?.textContent.replace(/\D/g, "").includes(String(count))),
    filter: (selector, state) => took(() => choose(document.querySelector(selector), state), () => rows().length > 0 && rows().every((row) => row.querySelector(`.badge-${state}`) !== null)),
    search: (selector, text) => took(() => type(document.querySelector(selector), text), () => rows().length > 0 && rows().every((row) => row.textContent.includes(text))),
    sort(head) {
      const first = rows()[0]?.dataset.row;
      return took(() => document.querySelector(head).click(), () => rows().length > 0 && rows()[0]?.dataset.row !== first);
    },
    /** Scroll through all rows; return the times between frames, in how many of them rows were missing in the middle of the view, and how many rows the table said it had at the end. */
    async scroll(step) {
      const inner = document.querySelector("[data-scrolls]");
      const scroller = inner !== null && inner.scrollHeight > inner.clientHeight + 1 ? inner : document.scrollingElement;
      const frames = [];
      let [before, still, blank] = [await frame(), 0, 0];
      while (still < 30) {
        const at = scroller.scrollTop;
        scroller.scrollTop += step;
        const now = await frame();
        frames.push(now - before);
        before = now;
        if (document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("[data-gap]")) blank += 1;
        still = scroller.scrollTop === at ? still + 1 : 0;
      }
      return { frames, blank, rows: Number(document.querySelector("[aria-rowcount]").ariaRowCount) - 1 };
    },
    /** Return the times between frames while nothing happens: what the machine itself does. */
    async idle(count) {
      const frames = [];
      let before = await frame();
      while (frames.length < count) {
        const now = await frame();
        frames.push(now - before);
        before = now;
      }
      return frames;
    },
  };
})();
