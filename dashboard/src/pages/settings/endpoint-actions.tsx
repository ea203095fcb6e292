import {
  type Endpoint,
  EndpointKind,
  EndpointService,
  EndpointState,
} from "@synchook/client/gen/endpoint_pb";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { usePlace } from "../../lib/session.js";
import { Button } from "../../ui/button.js";
import { Dialog, SecretDialog } from "../../ui/dialog.js";
import { type Choice, Menu } from "../../ui/menu.js";
import { EndpointDialog } from "./endpoint-dialog.js";
import { RotateDialog } from "./rotate.js";
import { SendTest } from "./send-test.js";

type Open = "" | "test" | "rotate" | "edit" | "delete";

/** EndpointActions is what can be done with an endpoint. */
export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const { may } = usePlace();
  const [open, setOpen] = useState<Open>("");
  const { pause, resume } = usePausing();
  const { id, kind, state } = endpoint;
  const held =
    state === EndpointState.PAUSED || state === EndpointState.DISABLED || state === EndpointState.FAILING;
  const further: Choice[] = [
    { text: "Edit", onSelect: () => setOpen("edit") },
    { text: "Make a new signing secret", onSelect: () => setOpen("rotate") },
    { text: "Delete", danger: true, onSelect: () => setOpen("delete") },
  ];
  const choices: Choice[] = [
    { text: "Send a test webhook", onSelect: () => setOpen("test") },
    ...(held
      ? [{ text: state === EndpointState.FAILING ? "Try now" : "Resume", onSelect: () => resume(id) }]
      : []),
    ...(state === EndpointState.PAUSED ? [] : [{ text: "Pause", onSelect: () => pause(id) }]),
    ...(kind === EndpointKind.FURTHER ? further : []),
  ];
  const close = () => setOpen("");
  return (
    <>
      <Menu
        trigger={
          <Button
            look="quiet"
            className="icon"
            disabled={!may("write")}
            aria-label={`Actions of ${endpoint.name || endpoint.url}`}
          >
            <Ellipsis size={16} />
          </Button>
        }
        choices={choices}
      />
      <SendTest endpointId={id} open={open === "test"} onClose={close} />
      <Rotate endpoint={endpoint} open={open === "rotate"} onClose={close} />
      {open === "edit" && <EndpointDialog endpoint={endpoint} onClose={close} />}
      <Delete endpoint={endpoint} open={open === "delete"} onClose={close} />
    </>
  );
}

function usePausing() {
  const pause = useChange(EndpointService.method.pauseEndpoint, {
    done: "It is paused. Everything is kept for it.",
  });
  const resume = useChange(EndpointService.method.resumeEndpoint, {
    done: "It is resumed, and gets everything that it missed.",
  });
  return { pause: (id: string) => pause.mutate({ id }), resume: (id: string) => resume.mutate({ id }) };
}

interface PartProps {
  endpoint: Endpoint;
  open: boolean;
  onClose: () => void;
}

function Rotate({ endpoint: { id }, open, onClose }: PartProps) {
  const rotate = useChange(EndpointService.method.rotateEndpointSecret, { after: onClose });
  return (
    <>
      <RotateDialog
        open={open}
        busy={rotate.isPending}
        onClose={onClose}
        onRotate={(overlap) => rotate.mutate({ id, overlap })}
      />
      <SecretDialog
        title="The new signing secret"
        secret={rotate.data?.signingSecret ?? ""}
        onClose={() => rotate.reset()}
      />
    </>
  );
}

function Delete({ endpoint: { id, name, url }, open, onClose }: PartProps) {
  const remove = useChange(EndpointService.method.deleteEndpoint, { done: "The endpoint is deleted." });
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Delete ${name || url}?`}
      about="What it is still owed is cancelled. It cannot be taken back; pausing it keeps everything."
    >
      <div className="actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="main danger"
          onClick={() => {
            onClose();
            remove.mutate({ id });
          }}
        >
          Delete it
        </Button>
      </div>
    </Dialog>
  );
}
