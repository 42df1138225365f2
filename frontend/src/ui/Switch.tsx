/** On or off, shown as a switch: a checkbox for the keyboard and for screen readers. */
export function Switch({ id, describedBy, checked, disabled = false, onChange }: {
  readonly id: string;
  readonly describedBy: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <input id={id} type="checkbox" role="switch" class="switch" aria-describedby={describedBy} checked={checked} disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.checked)} />
  );
}
