import { describe, expect, it } from "vitest";

import { fuzzy, ranked } from "./fuzzy";

const NAMES = ["flights_features", "flights_ingest", "flights_train", "ingest_weather", "train_delay_model", "Event log"];
const find = (typed: string) => ranked(typed, NAMES, (name) => name);

describe("what is typed", () => {
  it("fits in any case, words in any order", () => {
    expect(find("INGEST")).toEqual(["ingest_weather", "flights_ingest"]);
    expect(find("train flights")).toEqual(["flights_train"]);
    expect(find("event")).toEqual(["Event log"]);
  });
  it("fits as letters of words", () => {
    expect(find("flin")[0]).toBe("flights_ingest");
    expect(find("tdm")).toEqual(["train_delay_model"]);
    expect(find("ff")[0]).toBe("flights_features");
  });
  it("fits nothing where letters are missing or out of order", () => {
    expect(find("xyz")).toEqual([]);
    expect(fuzzy("mdt", "train_delay_model")).toBeNull();
    expect(fuzzy("ingest gpu", "flights_ingest")).toBeNull();
  });
  it("prefers beginnings of words, then middles", () => {
    expect(ranked("model", ["remodel_all", "train_model"], (name) => name)).toEqual(["train_model", "remodel_all"]);
    expect(ranked("run", ["runs of a", "run"], (name) => name)).toEqual(["run", "runs of a"]);
  });
  it("may be nothing", () => {
    expect(find("")).toEqual(NAMES);
    expect(fuzzy("  ", "x")).toBe(0);
  });
});
