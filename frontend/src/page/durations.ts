/** How long a lock may last, as choices. */

export const USUAL = "usual";
export const OTHER = "other";
export const CHOICES = [2, 4, 8, 24, 48, 168] as const;
const LONGEST = 8_760;

/** Return whole hours; null for the site's usual time, "wrong" for a number that is none. */
export function chosenHours(choice: string, other: string): number | null | "wrong" {
  if (choice === USUAL) return null;
  const hours = Number(choice === OTHER ? other.trim() || "none" : choice);
  return Number.isInteger(hours) && hours >= 1 && hours <= LONGEST ? hours : "wrong";
}
