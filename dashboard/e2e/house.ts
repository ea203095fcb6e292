import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type Dev, startDev } from "../../clients/typescript/test/dev.js";
import { launch } from "./chromium.js";
import { type Receiver, startReceiver } from "./receiver.js";

/** House is all that the tests of a file need: synchook, a browser, and an app that gets webhooks. */
export interface House {
  dev: Dev;
  browser: Browser;
  receiver: Receiver;
}

/** withHouse has a house for the tests of a file. It is there when the first one begins. */
export function withHouse(): House {
  const house = {} as House;
  beforeAll(async () => {
    [house.dev, house.browser, house.receiver] = await Promise.all([startDev(), launch(), startReceiver()]);
  });
  afterAll(async () => {
    await house.browser?.close();
    await house.receiver?.stop();
    await house.dev?.stop();
  });
  return house;
}
