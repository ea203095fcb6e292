import { expect, test } from "vitest";
import { attemptTimes, defaultWaits, marks, placeOf } from "./schedule.js";

test("One more attempt is made than there are waits.", () => {
  expect(attemptTimes([5, 30])).toEqual([0, 5, 35]);
  expect(attemptTimes(defaultWaits)).toHaveLength(13);
});

test("The line begins with the first attempt and ends with the last.", () => {
  expect([placeOf(0, 100), placeOf(100, 100), placeOf(0, 0)]).toEqual([0, 1, 0]);
});

test("The spans below the line have room for their names.", () => {
  expect(marks(35)).toEqual([10]);
  expect(marks(273_600)).toEqual([10, 60, 600, 3600, 21_600]);
  expect(marks(0)).toEqual([]);
});
