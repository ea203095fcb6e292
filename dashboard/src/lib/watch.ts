import type {
  DescMessage,
  DescMethodServerStreaming,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useEffectEvent } from "react";

/**
 * useWatch calls `take` with each message of a stream for as long as the page is shown, and connects again when the
 * stream ends. A browser has few connections to one server: a page watches one stream at most.
 */
export function useWatch<I extends DescMessage, O extends DescMessage>(
  method: DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I>,
  take: (message: MessageShape<O>) => void,
): void {
  const transport = useTransport();
  const onMessage = useEffectEvent(take);
  const about = JSON.stringify(request, (_, value) => (typeof value === "bigint" ? String(value) : value));
  // biome-ignore lint/correctness/useExhaustiveDependencies: `about` is the request by value
  useEffect(() => {
    const ended = new AbortController();
    const follow = async () => {
      const input = once(create(method.input, request));
      const { message } = await transport.stream(method, ended.signal, undefined, undefined, input);
      for await (const one of message) {
        onMessage(one);
      }
    };
    void keepOn(follow, ended.signal);
    return () => ended.abort();
  }, [transport, method, about]);
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value;
}

/** keepOn does something again and again, waiting longer the more often it fails, until the signal ends it. */
async function keepOn(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let wait = 500; !signal.aborted; wait = Math.min(2 * wait, 10_000)) {
    const began = Date.now();
    await work().catch(() => undefined);
    if (Date.now() - began > 10_000) {
      wait = 500;
    }
    await new Promise((resume) => setTimeout(resume, wait));
  }
}
