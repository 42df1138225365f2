/** Texts of the field that chooses people, apps and groups. */
export const choose = {
  "choose.person": "Type a name",
  "choose.group": "Type the name of a group",
  "choose.app": "Type the name or the account ID of an app",
  "choose.chosen": "{label}: chosen",
  "choose.remove": "Remove {name}",
  "choose.unknown": "Unknown account {id}",
  "choose.byId": "Use the account ID {id}",
  "choose.searching": "Searching…",
  "choose.nobody": "Nothing was found. Check the spelling, or type another part of the name.",
  "choose.found": { one: "{count} result. Choose with the arrow keys.", other: "{count} results. Choose with the arrow keys." },
  "choose.full": "The list is full: it takes {count} entries.",
} as const;
