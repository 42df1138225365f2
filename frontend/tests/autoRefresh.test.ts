import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { autoRefresh } from "../src/page/autoRefresh";
import { PageStore } from "../src/page/store";
import { FakeServer, file, refusal } from "./cast";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  show("visible");
  vi.useRealTimers();
});

function show(state: DocumentVisibilityState): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

function start() {
  const server = new FakeServer(file("1", "a"));
  const store = new PageStore(server, "1", () => Date.now());
  const stop = autoRefresh(store, document, () => Date.now());
  return { server, stop };
}

describe("automatic refresh", () => {
  test("refreshes at once and then every five seconds until it is stopped", async () => {
    const { server, stop } = start();
    await vi.advanceTimersByTimeAsync(10_100);
    expect(server.calls).toHaveLength(3);
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.calls).toHaveLength(3);
  });

  test("pauses in a hidden tab and refreshes at once when the tab is visible again", async () => {
    const { server, stop } = start();
    await vi.advanceTimersByTimeAsync(100);
    show("hidden");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.calls).toHaveLength(1);
    show("visible");
    await vi.advanceTimersByTimeAsync(100);
    expect(server.calls).toHaveLength(2);
    stop();
  });

  test("waits longer after a failure", async () => {
    const { server, stop } = start();
    await vi.advanceTimersByTimeAsync(100);
    server.failNext = refusal(500, "unexpected");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server.calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(server.calls).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.calls).toHaveLength(3);
    stop();
  });
});
