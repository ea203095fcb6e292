import { ProjectService } from "@synchook/client/gen/project_pb";
import { useState } from "react";
import { useChange } from "../../lib/change.js";
import { usePlace } from "../../lib/session.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { SecretDialog } from "../../ui/dialog.js";
import { Ago } from "../../ui/time.js";
import { RotateDialog } from "./rotate.js";

/** Secret makes a new signing secret. The present one is shown to nobody. */
export function Secret() {
  const { may } = usePlace();
  const [asking, setAsking] = useState(false);
  const rotate = useChange(ProjectService.method.rotateSigningSecret, { after: () => setAsking(false) });
  const made = rotate.data;
  return (
    <Card
      title="Signing secret"
      about="Signs each webhook, so that your app knows who sent it. It was shown when the project was made, and is never shown again."
      actions={
        <Button disabled={!may("write")} onClick={() => setAsking(true)}>
          Make a new one
        </Button>
      }
    >
      <code className="soft">whsec_••••••••••••••••••••</code>
      <RotateDialog
        open={asking}
        busy={rotate.isPending}
        onClose={() => setAsking(false)}
        onRotate={(overlap) => rotate.mutate({ overlap })}
      />
      <SecretDialog
        title="The new signing secret"
        secret={made?.signingSecret ?? ""}
        onClose={() => rotate.reset()}
      >
        {made?.formerSecretExpireTime && (
          <p>
            The former one signs beside it; it ends <Ago time={made.formerSecretExpireTime} />.
          </p>
        )}
      </SecretDialog>
    </Card>
  );
}
