import type { DescMessage, DescMethodUnary, DescService, MessageShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useToast } from "../ui/toast.js";
import { explain } from "./fault.js";

/** ChangeOptions say what follows a change. */
export interface ChangeOptions<O extends DescMessage> {
  /** What a toast says when it is done. Unset: there is none. */
  done?: string | ((answer: MessageShape<O>) => string);
  /** The services whose answers it makes stale. Unset: the method's own. */
  touches?: DescService[];
  /** Whether the page shows the error itself, as a <Form> does. Unset: a toast shows it. */
  quiet?: boolean;
  /** What else is done with the answer. */
  after?: (answer: MessageShape<O>) => void;
}

/** useChange calls a method that changes something: it says so when it is done, and has everything shown anew. */
export function useChange<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  { done, touches = [method.parent], quiet = false, after }: ChangeOptions<O> = {},
) {
  const toast = useToast();
  const queries = useQueryClient();
  const names = new Set(touches.map((service) => service.typeName));
  const stale = () =>
    queries.invalidateQueries({ predicate: ({ queryKey }) => names.has(serviceOf(queryKey)) });
  return useMutation(method, {
    onSuccess: async (answer) => {
      after?.(answer);
      if (done) {
        toast.good(typeof done === "string" ? done : done(answer));
      }
      await stale();
    },
    onError: (error) => {
      if (error.code === Code.Aborted) {
        // somebody else was first: the page shows what is there now
        void stale();
      }
      if (!quiet) {
        const { title, help } = explain(error);
        toast.bad(title, help);
      }
    },
  });
}

/** serviceOf returns the service whose answer a query's key names. */
export function serviceOf(queryKey: readonly unknown[]): string {
  const [, about] = queryKey;
  return typeof about === "object" && about !== null && "serviceName" in about
    ? String(about.serviceName)
    : "";
}
