import { useState } from "react";
import { spanOf } from "../../lib/words.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field, Select } from "../../ui/form.js";

const overlaps = [
  { value: "86400", text: "24 hours" },
  { value: "604800", text: "7 days" },
  { value: "3600", text: "an hour" },
  { value: "0", text: "not at all: it has leaked" },
];

interface RotateProps {
  open: boolean;
  busy: boolean;
  onClose: () => void;
  onRotate: (overlap: ReturnType<typeof spanOf>) => void;
}

/** RotateDialog asks how long the former secret signs beside the new one. */
export function RotateDialog({ open, busy, onClose, onRotate }: RotateProps) {
  const [overlap, setOverlap] = useState("86400");
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Make a new signing secret"
      about="Both sign each webhook for a while, so that you can change your app without a gap."
    >
      <div className="stack">
        <Field label="The former one signs on for">
          {(told) => <Select {...told} value={overlap} onChange={setOverlap} options={overlaps} />}
        </Field>
        <div className="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="main" busy={busy} onClick={() => onRotate(spanOf(Number(overlap)))}>
            Make it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
