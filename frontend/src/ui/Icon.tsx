/** Line icons. They are decoration; the words beside them carry the meaning. */

const PATHS = {
  locked: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2M3.5 7h9v6.5h-9z",
  mine: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2M3.5 7h9v6.5h-9zM6 10.2l1.5 1.5 2.6-2.8",
  free: "M4.5 7V5a3.5 3.5 0 0 1 6.8-1.2M3.5 7h9v6.5h-9z",
  ending: "M4 2h8M4 14h8M5 2v2.5L8 8l3-3.5V2M5 14v-2.5L8 8l3 3.5V14",
  undo: "M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.4v.4",
  waiting: "M8 2a4 4 0 0 0-4 4v3l-1.5 2.5h11L12 9V6a4 4 0 0 0-4-4zM6.5 13.5a1.5 1.5 0 0 0 3 0",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2",
  download: "M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M3 13.5h10",
  up: "M8 12.5v-9M4.5 7 8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9 8 12.5 11.5 9",
  more: "M4.5 6.5 8 10l3.5-3.5",
  done: "M3 8.5l3.2 3.2L13 5",
  info: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 7.2v4M8 4.8v.4",
  upload: "M8 10.5v-8M4.8 5.5 8 2.3l3.2 3.2M3 13.5h10",
  options: "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3",
  note: "M3.5 2.5h9v8l-3 3h-6zM9.5 13.5v-3h3M5.5 5.5h5M5.5 8h3",
  extend: "M8 2.2a5.8 5.8 0 1 0 5.8 5.8M8 4.8V8l2.2 1.6M13.8 2.5v3.2M12.2 4.1h3.2",
  hand: "M2.5 5.5h8.5M8.5 3 11 5.5 8.5 8M13.5 10.5H5M7.5 8 5 10.5 7.5 13",
  ask: "M2.5 3h11v8H8l-3 2.5V11H2.5zM6.5 6a1.5 1.5 0 1 1 1.5 1.5v.6M8 9.3v.1",
  bell: "M8 2a4 4 0 0 0-4 4v3l-1.5 2.5h11L12 9V6a4 4 0 0 0-4-4zM6.5 13.5a1.5 1.5 0 0 0 3 0",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
