import { expect, test } from "./fixtures";

test("a cold deep link asks who it is, then shows what it named", async ({ page, flights }) => {
  const wanted = `${flights.url}/dags/flights_ingest/calendar?year=2001`;
  await page.goto(wanted);
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel(/token/i).fill("no such token");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/opens nothing here/)).toBeVisible();
  await page.getByLabel(/token/i).fill(flights.token);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(wanted);
  await expect(page.getByRole("heading", { name: "flights_ingest" })).toBeVisible();
  await expect(page.getByText("2001", { exact: true }).first()).toBeVisible();
});

test("a viewer sees all and is offered nothing that acts", async ({ page, flights }) => {
  const made = await flights.call<{ secret?: string; token?: string }>("POST", "/tokens", { name: `eyes-${Date.now()}`, role: "viewer" });
  await page.goto(`${flights.url}/login?next=/dags/flights_ingest`);
  await page.getByLabel(/token/i).fill((made.secret ?? made.token)!);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("grid")).toBeAttached();
  await expect(page.getByRole("button", { name: "Trigger" })).toHaveCount(0);
  await expect(page.getByRole("switch").first()).toBeDisabled();
});

test("an address of nothing says what it did not find", async ({ page, flights, enter }) => {
  await enter(flights, "/dags/no_such_dag");
  await expect(page.getByText(/no DAG no_such_dag/)).toBeVisible();
  await page.goto(`${flights.url}/dags/flights_ingest/runs/no_such_run`);
  await expect(page.getByText(/no_such_run/).first()).toBeVisible();
  await page.goto(`${flights.url}/nowhere`);
  await expect(page.getByText("There is no page at /nowhere.")).toBeVisible();
});
