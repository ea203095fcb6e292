import { describe, expect, test } from "vitest";
import { agoText, bodyText, partText, readSpan, spanOf, spanText } from "./words.js";

test.each([
  [0, "0 s"],
  [0.0004, "1 ms"],
  [0.25, "250 ms"],
  [1.25, "1.3 s"],
  [5, "5 s"],
  [59.6, "1 min"],
  [150, "2 min 30 s"],
  [3600, "1 h"],
  [3601, "1 h"],
  [5400, "1 h 30 min"],
  [90_000, "1 d 1 h"],
  [604_800, "7 d"],
])("%d seconds are said as %s", (seconds, text) => {
  expect(spanText(seconds)).toBe(text);
});

test.each([
  ["90", 90],
  ["2m 30s", 150],
  ["2 min 30 s", 150],
  ["1.5h", 5400],
  ["1d", 86_400],
  ["250 ms", 0.25],
  ["", undefined],
  ["soon", undefined],
  ["5 x", undefined],
  ["-5", undefined],
])("%j is read as %j seconds", (text, seconds) => {
  expect(readSpan(text)).toBe(seconds);
});

describe("A time", () => {
  const at = new Date(1_000_000_000);
  test.each([
    [1_000_001_000, "now"],
    [1_000_005_000, "5 s ago"],
    [1_000_150_000, "2 min ago"],
    [999_400_000, "in 10 min"],
    [1_100_000_000, "1 d ago"],
  ])("seen from %d", (now, text) => {
    expect(agoText(at, now)).toBe(text);
  });
});

test("A span goes to the API and keeps its parts of a second.", () => {
  expect(spanOf(1.5)).toEqual({ seconds: 1n, nanos: 500_000_000 });
});

test("What is no part of anything is a dash.", () => {
  expect([partText(undefined), partText(0.985)]).toEqual(["–", "98.5 %"]);
});

test("A body is shown with its structure, and as it is when it has none.", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect([bodyText(bytes('{"a":1}')), bodyText(bytes("no"))]).toEqual(['{\n  "a": 1\n}', "no"]);
});
