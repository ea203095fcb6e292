import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";

/** Choice is one line of a menu. */
export interface Choice {
  text: string;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

/** Menu opens a list of choices below its trigger. */
export function Menu({
  trigger,
  about,
  choices,
}: {
  trigger: ReactNode;
  about?: ReactNode;
  choices: Choice[];
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {about && (
            <>
              <DropdownMenu.Label className="about">{about}</DropdownMenu.Label>
              <DropdownMenu.Separator asChild>
                <hr />
              </DropdownMenu.Separator>
            </>
          )}
          {choices.map(({ text, icon, danger, disabled = false, onSelect }) => (
            <DropdownMenu.Item
              key={text}
              className={danger ? "danger" : ""}
              disabled={disabled}
              onSelect={() => onSelect()}
            >
              {icon}
              {text}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
