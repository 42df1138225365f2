import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { liveRefresh } from "../../src/lists/liveRefresh";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test("reads at once and again, not while hidden, and at once when what is shown again is too old", async () => {
  const page = new EventTarget() as unknown as Document;
  const see = (state: DocumentVisibilityState): void => {
    Object.defineProperty(page, "visibilityState", { value: state, configurable: true });
    page.dispatchEvent(new Event("visibilitychange"));
  };
  Object.defineProperty(page, "visibilityState", { value: "visible", configurable: true });
  const refresh = vi.fn(async () => undefined);
  const stop = liveRefresh({ refresh, delay: ({ hidden }) => (hidden ? null : 1_000), now: () => Date.now() }, page);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(refresh).toHaveBeenCalledTimes(3);
  see("hidden");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refresh).toHaveBeenCalledTimes(3);
  see("visible");
  await vi.advanceTimersByTimeAsync(10);
  expect(refresh).toHaveBeenCalledTimes(4);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refresh).toHaveBeenCalledTimes(4);
});
