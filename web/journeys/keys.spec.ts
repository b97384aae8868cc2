import { expect, test } from "./fixtures";

test("goes anywhere by keys alone", async ({ page, flights, enter }) => {
  await enter(flights, "/");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.keyboard.press("Shift+?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await expect(page).toHaveURL(`${flights.url}/dags`);
  await expect(page.getByRole("link", { name: "flights_ingest" }).first()).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("train");
  await expect(page.getByRole("link", { name: "flights_ingest" })).toHaveCount(0);
  await expect(page).toHaveURL(/q=train/);
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog");
  await expect(palette).toBeVisible();
  await page.keyboard.type("flights_feat");
  await expect(palette.getByRole("option").first()).toContainText("flights_features");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/dags\/flights_features/);
});

test("takes what is typed before the palette has come", async ({ page, flights, enter }) => {
  await enter(flights, "/");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  let letThrough = () => {};
  const typed = new Promise<void>((wake) => (letThrough = wake));
  await page.route("**/assets/*.js", async (route) => {
    await typed;
    await route.continue();
  });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("flights_feat");
  letThrough();
  await expect(page.getByRole("combobox")).toHaveValue("flights_feat");
  await page.keyboard.type("ures");
  await expect(page.getByRole("combobox")).toHaveValue("flights_features");
});

test("hears a key while the page that was chosen in the palette is still coming", async ({ page, flights, enter }) => {
  await enter(flights, "/");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox")).toBeFocused();
  await page.keyboard.type("flights_feat");
  await expect(page.getByRole("dialog").getByRole("option").first()).toContainText("flights_features");
  // The scripts of the next page stay out for as long as it takes to press another key.
  let letThrough = () => {};
  const pressed = new Promise<void>((wake) => (letThrough = wake));
  await page.route("**/assets/*.js", async (route) => {
    await pressed;
    await route.continue();
  });
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/dags\/flights_features/);
  await page.keyboard.press("Shift+?");
  letThrough();
  const keys = page.getByRole("dialog", { name: "Keyboard" });
  await expect(keys).toBeVisible();
  await expect(keys).toContainText("Trigger a run");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("t");
  await expect(page.getByRole("dialog", { name: "Trigger flights_features" })).toBeVisible();
});

test("walks the grid by arrows, and says where it is", async ({ page, flights, enter }) => {
  await enter(flights, "/dags/flights_features");
  const cell = page.getByRole("gridcell");
  await page.getByRole("grid").waitFor({ state: "attached" });
  await cell.first().focus();
  const before = await cell.first().getAttribute("aria-label");
  await page.keyboard.press("ArrowLeft");
  await expect(cell.first()).not.toHaveAttribute("aria-label", before!);
  await expect(cell.first()).toHaveAttribute("aria-label", /, run 2001-01-\d\d, success/);
});
