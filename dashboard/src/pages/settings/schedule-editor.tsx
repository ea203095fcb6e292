import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { readSpan, spanText } from "../../lib/words.js";
import { Button, IconButton } from "../../ui/button.js";
import { Text } from "../../ui/form.js";
import { attemptTimes, marks, mostWaits, placeOf } from "./schedule.js";

/** Timeline draws when attempts come. The list beside it says the same. */
export function Timeline({ waits }: { waits: number[] }) {
  const times = attemptTimes(waits);
  const last = times.at(-1) ?? 0;
  const x = (time: number) => `${2 + 96 * placeOf(time, last)}%`;
  return (
    <svg className="timeline" width="100%" height="56" aria-hidden="true">
      <line x1="2%" x2="98%" y1="20" y2="20" />
      {marks(last).map((mark) => (
        <g key={mark}>
          <line className="mark" x1={x(mark)} x2={x(mark)} y1="14" y2="34" />
          <text x={x(mark)} y="48">
            {spanText(mark)}
          </text>
        </g>
      ))}
      {times.map((time, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an attempt is its number
        <circle key={index} cx={x(time)} cy="20" r={index === 0 ? 6 : 5} />
      ))}
      <text className="end" x="98%" y="48">
        {spanText(last)}
      </text>
    </svg>
  );
}

interface EditorProps {
  waits: number[];
  onChange: (waits: number[]) => void;
  disabled: boolean;
}

/** ScheduleEditor lets a person change each wait, take one away, and add one at the end. */
export function ScheduleEditor({ waits, onChange, disabled }: EditorProps) {
  const times = attemptTimes(waits);
  const put = (index: number, wait: number) => onChange(waits.map((one, at) => (at === index ? wait : one)));
  const add = () => onChange([...waits, Math.min(2 * (waits.at(-1) ?? 5), 86_400)]);
  return (
    <ol className="waits">
      {waits.map((wait, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a wait is its place in the list
        <li key={`${index} ${wait}`}>
          <span className="soft">then after</span>
          <WaitInput
            number={index + 2}
            wait={wait}
            disabled={disabled}
            onChange={(next) => put(index, next)}
          />
          <span className="soft number">
            attempt {index + 2}, at {spanText(times[index + 1] ?? 0)}
          </span>
          <IconButton
            label={`Take attempt ${index + 2} away`}
            disabled={disabled}
            onClick={() => onChange(waits.filter((_, at) => at !== index))}
          >
            <Trash2 size={14} />
          </IconButton>
        </li>
      ))}
      <li>
        <Button disabled={disabled || waits.length >= mostWaits} onClick={add}>
          <Plus size={14} /> One more attempt
        </Button>
      </li>
    </ol>
  );
}

interface WaitProps {
  /** The attempt that the wait is before. */
  number: number;
  wait: number;
  disabled: boolean;
  onChange: (wait: number) => void;
}

function WaitInput({ number, wait, disabled, onChange }: WaitProps) {
  const [text, setText] = useState(spanText(wait));
  const read = readSpan(text);
  const wrong = read === undefined || read < 1;
  const leave = () => (wrong ? setText(spanText(wait)) : read !== wait && onChange(read));
  return (
    <Text
      className="wait"
      aria-label={`Wait before attempt ${number}, such as 2 min 30 s`}
      value={text}
      disabled={disabled}
      onChange={setText}
      onBlur={leave}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          leave();
        }
      }}
      {...(wrong && { "aria-invalid": true })}
    />
  );
}
