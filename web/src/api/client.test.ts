import { expect, it } from "vitest";

import { urlOf } from "./client";

it("encodes what a path and a query are made of", () => {
  expect(urlOf("/dags/{dag_id}/runs/{run_id}", { dag_id: "a/b", run_id: "manual__2013-06-10T00:00:00+00:00" }, { q: "auc 0.7", empty: "", no: undefined, state: ["a", "b"] }))
    .toBe("/dags/a%2Fb/runs/manual__2013-06-10T00%3A00%3A00%2B00%3A00?q=auc%200.7&state=a&state=b");
  expect(urlOf("/x", {}, { from: "2013-06-10T00:00:00+00:00", q: "1+1 2" })).toBe("/x?from=2013-06-10T00%3A00%3A00%2B00%3A00&q=1%2B1%202");
});
