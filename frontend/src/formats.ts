/** Dates, durations and sizes in the viewer's language and time zone. */

export interface Formats {
  /** The time of day today; on other days with the date; in other years with the year. */
  moment(iso: string): string;
  /** Date, time and zone in full, for tooltips. */
  full(iso: string): string;
  /** The two largest units of a duration in seconds; null under a minute. */
  duration(seconds: number): string | null;
  /** The time left, rounded up so that a fresh lock of two days has two days; null under a minute. */
  left(seconds: number): string | null;
  /** Whole hours in words: "8 hours", "2 days", "1 week". */
  hours(count: number): string;
  size(bytes: number): string;
  number(value: number): string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SPANS = [["week", 168], ["day", 24], ["hour", 1]] as const;
const KILO = 1024;
const SIZE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Units whose short form does not read well: "2 Tg." */
const SPELT_OUT: ReadonlySet<string> = new Set(["byte", "day"]);

type Part = readonly [value: number, unit: "day" | "hour" | "minute"];

function parts(seconds: number): readonly Part[] {
  const days = Math.floor(seconds / DAY);
  const hours = Math.floor((seconds % DAY) / HOUR);
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  const all: readonly Part[] = [[days, "day"], [hours, "hour"], [minutes, "minute"]];
  const first = all.findIndex(([value]) => value > 0);
  return first < 0 ? [] : all.slice(first, first + 2).filter(([value]) => value > 0);
}

type UnitFormat = (unit: string, digits: number) => Intl.NumberFormat;

/** Return a function that makes each format once: making one takes as long as rendering a row. */
function unitFormats(locale: string): UnitFormat {
  const made = new Map<string, Intl.NumberFormat>();
  return (unit, digits) => {
    const key = `${unit} ${String(digits)}`;
    const unitDisplay = SPELT_OUT.has(unit) ? "long" : "short";
    const format = made.get(key) ?? new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay, maximumFractionDigits: digits });
    made.set(key, format);
    return format;
  };
}

function inHours(locale: string, count: number): string {
  const [unit, size] = SPANS.find(([, hours]) => count % hours === 0) ?? SPANS[2];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count / size);
}

/** Return the seconds rounded up to what is shown: hours beyond a day, else minutes. */
function roundedUp(seconds: number): number {
  const unit = seconds > DAY ? HOUR : MINUTE;
  return Math.ceil(seconds / unit) * unit;
}

function zoned(locale: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone });
  } catch {
    // This browser does not know the zone, so it uses its own.
    return new Intl.DateTimeFormat(locale, options);
  }
}

/** Return formats for one viewer; `now` is a parameter because tests set "today". */
export function formatsFor(locale: string, timeZone: string, now: () => Date = () => new Date()): Formats {
  const time = zoned(locale, timeZone, { timeStyle: "short" });
  const thisYear = zoned(locale, timeZone, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
  const otherYear = zoned(locale, timeZone, { dateStyle: "medium", timeStyle: "short" });
  const complete = zoned(locale, timeZone, { dateStyle: "full", timeStyle: "long" });
  const day = zoned("en-CA", timeZone, { dateStyle: "short" });
  const numbers = new Intl.NumberFormat(locale);
  const units = unitFormats(locale);
  const lists = new Intl.ListFormat(locale, { style: "narrow", type: "unit" });
  const duration = (seconds: number): string | null => {
    const shown = parts(seconds).map(([value, unit]) => units(unit, 0).format(value));
    return shown.length === 0 ? null : lists.format(shown);
  };
  return {
    moment(iso) {
      const at = new Date(iso);
      const [date, today] = [day.format(at), day.format(now())];
      if (date === today) return time.format(at);
      return (date.slice(0, 4) === today.slice(0, 4) ? thisYear : otherYear).format(at);
    },
    full: (iso) => complete.format(new Date(iso)),
    duration,
    left: (seconds) => (seconds < MINUTE ? null : duration(roundedUp(seconds))),
    hours: (count) => inHours(locale, count),
    number: (value) => numbers.format(value),
    size(bytes) {
      const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SIZE_UNITS.length - 1);
      const unit = SIZE_UNITS[power] ?? "byte";
      return units(unit, power === 0 ? 0 : 1).format(bytes / KILO ** power);
    },
  };
}
