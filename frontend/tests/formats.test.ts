import { describe, expect, test } from "vitest";
import { formatsFor } from "../src/formats";
import { NOW } from "./cast";

const berlin = formatsFor("en-GB", "Europe/Berlin", () => NOW);

describe("formats", () => {
  test("a moment of today is a time of day in the viewer's zone", () => {
    expect(berlin.moment("2026-11-21T09:12:00Z")).toBe("10:12");
  });

  test("the viewer's zone decides what today is", () => {
    expect(berlin.moment("2026-11-20T23:30:00Z")).toBe("00:30");
    expect(formatsFor("en-GB", "America/New_York", () => NOW).moment("2026-11-20T23:30:00Z")).toContain("20 Nov");
  });

  test("the year is shown only in other years", () => {
    expect(berlin.moment("2026-03-01T09:00:00Z")).not.toContain("2026");
    expect(berlin.moment("2025-03-01T09:00:00Z")).toContain("2025");
  });

  test("a zone that the browser does not know is replaced by the browser's own", () => {
    expect(formatsFor("en-GB", "Mars/Olympus", () => NOW).moment("2020-01-01T09:00:00Z")).toContain("2020");
  });

  test("a duration shows its two largest units", () => {
    expect(berlin.duration(2 * 86_400 + 3 * 3_600 + 59)).toBe("2 days 3 hrs");
    expect(berlin.duration(7_260)).toBe("2 hrs 1 min");
    expect(berlin.duration(86_400 + 59)).toBe("1 day");
    expect(berlin.duration(59)).toBeNull();
  });

  test("days are spelt out in every language", () => {
    const days = (locale: string) => formatsFor(locale, "Europe/Berlin", () => NOW).duration(2 * 86_400)?.replace(/\s/, " ");
    expect(["de", "ru", "fr", "nl", "ja"].map(days)).toEqual(["2 Tage", "2 дня", "2 jours", "2 dagen", "2 日"]);
  });

  test("a size uses the unit that keeps it short", () => {
    expect([0, 1_023, 1_024, 24_211, 5 * 1024 ** 3].map(berlin.size)).toEqual([
      "0 bytes", "1,023 bytes", "1 kB", "23.6 kB", "5 GB",
    ]);
  });
});
