import type { MessageInitShape } from "@bufbuild/protobuf";
import { useQuery } from "@connectrpc/connect-query";
import { EndpointService } from "@synchook/client/gen/endpoint_pb";
import {
  ProjectService,
  type ProjectSettings,
  type ProjectSettingsSchema,
} from "@synchook/client/gen/project_pb";
import { useChange } from "../../lib/change.js";

/** useSettings asks for the project's settings. */
export function useSettings() {
  return useQuery(ProjectService.method.getProjectSettings, {});
}

/** SettingsChange is what is new, and which fields of it count. */
type SettingsChange = MessageInitShape<typeof ProjectSettingsSchema>;

/**
 * useSettingsChange changes some fields of the settings that a person looked at. It is refused when somebody else
 * changed them in between; the form then shows what they are now.
 */
export function useSettingsChange(settings: ProjectSettings, paths: string[], done: string) {
  const change = useChange(ProjectService.method.updateProjectSettings, {
    done,
    quiet: true,
    touches: [ProjectService, EndpointService],
  });
  const save = (given: SettingsChange) =>
    change.mutate({ settings: { ...given, etag: settings.etag }, updateMask: { paths } });
  return { save, error: change.error, busy: change.isPending };
}
