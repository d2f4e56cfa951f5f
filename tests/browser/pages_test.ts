import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { liveThroughDay, PageScene } from "../support/page_scene.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { A, HASH, HASSH, liveInSessions } from "../support/session_scene.ts";
import { findProgram, needs } from "../support/needs.ts";
import { tempFolder } from "../support/temp.ts";
import { MINUTE } from "../../src/clock.ts";

/** What the pages are looked at with: each is a size and a colour scheme of the system. */
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1280, height: 900 },
  { name: "dark", colorScheme: "dark", width: 1280, height: 900 },
  { name: "phone", colorScheme: "light", width: 375, height: 740 },
] as const;

/** A browser, and a service on a port of its own that steps by itself, but faster. */
async function openScene(isFilled: boolean) {
  // Playwright would look for Windows in files that Deno lets no program read.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  const scene = new PageScene({}, {
    sourceLinks: ["Shodan=https://www.shodan.io/host/{ip}"],
    silentSensorMs: 60 * MINUTE,
    repeat: (work) => {
      const timer = setInterval(work, 50);
      return { stop: () => clearInterval(timer) };
    },
  });
  if (isFilled) await liveThroughDay(scene);
  let ending = new AbortController();
  const listen = (port: number) =>
    Deno.serve(
      { hostname: "127.0.0.1", port, signal: ending.signal, onListen: () => undefined },
      (request, { remoteAddr }) =>
        scene.app.fetch(request, {
          remoteAddress: "hostname" in remoteAddr ? remoteAddr.hostname : "",
        }),
    );
  let server = listen(0);
  const browser = await chromium.launch({
    executablePath: findProgram("chromium")!,
    args: ["--no-sandbox"],
  });
  const complaints: string[] = [];
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    scene,
    url,
    complaints,
    /** Ends the service, streams and all, and gives what starts it again. */
    stop: async () => {
      const { port } = server.addr;
      ending.abort();
      await server.finished;
      ending = new AbortController();
      return () => void (server = listen(port));
    },
    open: async (path: string, options: Parameters<typeof browser.newPage>[0] = {}) => {
      const page = await browser.newPage(options);
      page.setDefaultTimeout(60_000);
      page.on("console", (message) => void complaints.push(`${path}: ${message.text()}`));
      page.on("pageerror", (error) => void complaints.push(`${path}: ${error.message}`));
      page.on("request", (request) => {
        if (!request.url().startsWith(url)) complaints.push(`${path} asked ${request.url()}`);
      });
      await page.goto(url + path);
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await server.shutdown();
      scene[Symbol.dispose]();
    },
  };
}

async function violations(page: Page): Promise<readonly string[]> {
  const { default: axe } = await import("axe-core");
  // As the inspector does: the page's own policy lets no inline script in.
  if (await page.evaluate<boolean>("globalThis.axe === undefined")) await page.evaluate(axe.source);
  const found = await page.evaluate<readonly Violation[]>(
    "axe.run().then((one) => one.violations)",
  );
  return found.map(({ id, nodes }) =>
    `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`
  );
}

/** As axe-core reports it. */
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

// This side does not know the browser's own names: what runs there is passed as text.
const WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const FOCUSED = "document.activeElement?.textContent";
const CUT_OFF = `[...document.querySelectorAll("a, button")]
  .filter((one) => !one.closest(".skip"))
  .filter((one) => one.getBoundingClientRect().right > innerWidth)
  .map((one) => one.textContent)`;
const STATE = "document.documentElement.dataset.state";

Deno.test({
  name: "pages look right in light, dark and on a phone, with nothing to complain about",
  ...needs("chromium"),
  fn: async () => {
    using folder = tempFolder();
    await using scene = await openScene(true);
    await liveInSessions(scene.scene);
    const [first] = (await scene.scene.buffer.views.overview(scene.scene.now, "day")).sources;
    const [, reason] = /action="(\/refused\/[0-9a-f]{16})\/drop"/.exec(
      await scene.scene.page("/refused"),
    )!;
    const [, key] = /<a href="(\/keys\/[^"]+)">/.exec(await scene.scene.page(`/sources/${A}`))!;
    const paths = [
      ...["/", `/sources/${first!.sourceIp}`, "/refused", "/sources/x", "/?span=month"],
      ...["/sources", "/sources?country=x", "/sensors/honeypot-sgp3", "/docs"],
      ...[`/sources/${A}`, "/payloads", `/payloads/${HASH}`, `/clients/${HASSH}`, key!],
      ...[reason!, `${reason}/retry`, `${reason}/drop`, "/nothing", "/sensors/nothing"],
    ];
    for (const [index, path] of paths.entries()) {
      const page = await scene.open(path);
      for (const { name, colorScheme, width, height } of LOOKS) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height });
        await page.screenshot({ path: folder.file(`${name}-${index}.png`), fullPage: true });
        assert.deepEqual(await violations(page), [], `${name} ${path}`);
        assert.equal(await page.evaluate<number>(WIDER), 0, `${name} ${path} scrolls sideways`);
        if (name === "phone") {
          assert.deepEqual(await page.evaluate(CUT_OFF), [], `${path} cuts links off`);
        }
      }
      await page.close();
    }
    // A browser says so itself when an address is not found.
    assert.deepEqual(
      scene.complaints.filter((one) =>
        !/^\/(sources\/x|nothing|sensors\/nothing): .*404|^\/sources\?country=x: .*400/.test(one)
      ),
      [],
    );
    assert.equal(folder.names().length, LOOKS.length * paths.length);
  },
});

Deno.test({
  name: "the overview changes by itself, and keeps the focus, what is open and what is paused",
  ...needs("chromium"),
  fn: async () => {
    await using scene = await openScene(false);
    const page = await scene.open("/");
    const post = async (source: string) => {
      const message = `Failed password for root from ${source} port 51676 ssh2`;
      const time = new Date(scene.scene.now).toISOString();
      const body = JSON.stringify(sshdAlert({ message, time }));
      const response = await fetch(`${scene.url}/alerts`, { method: "POST", body });
      assert.deepEqual((await response.json()).accepted, 1);
    };
    await page.getByText("No attacks yet").waitFor();
    assert.deepEqual(await violations(page), []);
    await post("82.202.219.155");
    const link = page.getByRole("link", { name: "82.202.219.155", exact: true });
    await link.waitFor();
    await link.focus();
    await page.getByText("The numbers, hour by hour").click();
    await link.focus();
    await post("82.1.1.1");
    await page.getByRole("link", { name: "82.1.1.1", exact: true }).waitFor();
    assert.equal(await page.evaluate<string>(FOCUSED), "82.202.219.155");
    assert.equal(await page.locator("#hours").getAttribute("open"), "");
    await scene.scene.publish(true);
    await page.getByText("delivered").first().waitFor();
    assert.equal(await page.evaluate<string>(FOCUSED), "82.202.219.155");

    await page.getByRole("button", { name: "Pause" }).click();
    assert.equal(await page.locator("#liveness").textContent(), "paused");
    await post("82.1.1.2");
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("link", { name: "82.1.1.2", exact: true }).waitFor();
    assert.deepEqual(scene.complaints, []);
  },
});

Deno.test({
  name: "the button of a refused report sends it again, by keyboard too",
  ...needs("chromium"),
  fn: async () => {
    await using scene = await openScene(false);
    scene.scene.answer = () => ({ kind: "refused", reason: "<b>no</b>" });
    await scene.scene.attack({ source: "82.1.1.1" }, { source: "82.1.1.2" });
    await scene.scene.publish(true);
    const page = await scene.open("/refused");
    await page.getByText("<b>no</b>").first().waitFor();
    await page.getByRole("button", { name: "Send again: 82.1.1.1 to misp" }).click();
    await page.getByText("1 report is due now").waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole("button", { name: "Send again: 82.1.1.2 to misp" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("There is none").waitFor();
    assert.equal((await scene.scene.buffer.views.status()).waiting, 2);
    assert.deepEqual(scene.complaints, []);
  },
});

Deno.test({
  name: "the pages work without JavaScript",
  ...needs("chromium"),
  fn: async () => {
    await using scene = await openScene(false);
    await scene.scene.attack({ source: "82.1.1.1" });
    const page = await scene.open("/", { javaScriptEnabled: false });
    await page.getByRole("link", { name: "82.1.1.1", exact: true }).click();
    await page.getByRole("heading", { name: "82.1.1.1" }).waitFor();
    await page.getByRole("textbox").fill("82.1.1.9");
    await page.getByRole("button", { name: "Look up" }).click();
    await page.getByRole("heading", { name: "Unknown source" }).waitFor();
    assert.equal(page.url(), `${scene.url}/sources/82.1.1.9`);
    await page.getByRole("link", { name: "Sources" }).click();
    await page.getByLabel("User name").fill("nobody");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("No source matches.").waitFor();
    await page.getByLabel("User name").fill("root");
    await page.getByLabel("State").selectOption("open");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "82.1.1.1", exact: true }).waitFor();
    await page.getByRole("link", { name: "last seen" }).click();
    await page.getByRole("link", { name: "82.1.1.1", exact: true }).waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("link", { name: "last 7 days" }).click();
    await page.getByRole("link", { name: "honeypot-fra1" }).first().click();
    await page.getByRole("heading", { name: "Sources" }).or(
      page.getByRole("heading", { name: "honeypot-fra1" }),
    ).first().waitFor();
  },
});

Deno.test({
  name: "refused reports are handled by reason without JavaScript, and files are found",
  ...needs("chromium"),
  fn: async () => {
    await using scene = await openScene(false);
    scene.scene.answer = () => ({ kind: "refused", reason: "attribute 1 is not valid" });
    await scene.scene.attack(...["82.1.1.1", "82.1.1.2", "82.1.1.3", "82.1.1.4"].map((source) => ({
      source,
    })));
    await scene.scene.publish(true);
    const page = await scene.open("/refused", { javaScriptEnabled: false });
    await page.getByRole("heading", { name: "Attribute … is not valid" }).waitFor();
    await page.getByRole("link", { name: "List them" }).click();
    await page.getByRole("heading", { name: "Refused for one reason" }).waitFor();
    await page.getByRole("link", { name: "82.1.1.1", exact: true }).waitFor();
    await page.getByRole("link", { name: "All reasons" }).click();
    await page.getByRole("button", { name: "Drop all 4" }).click();
    await page.getByRole("heading", { name: "Drop 4 reports?" }).waitFor();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Send all 4 again" }).click();
    await page.getByRole("button", { name: "Send 4 reports again" }).click();
    await page.getByText("4 reports are due now").waitFor();
    assert.equal((await scene.scene.buffer.views.status()).waiting, 4);

    await liveInSessions(scene.scene);
    await page.getByRole("link", { name: "Payloads" }).click();
    await page.getByRole("link", { name: HASH }).click();
    await page.getByRole("link", { name: A, exact: true }).click();
    await page.getByRole("heading", { name: "Sessions at a decoy" }).waitFor();
    await page.getByRole("link", { name: HASSH }).click();
    await page.getByRole("link", { name: A, exact: true }).waitFor();
    assert.deepEqual(scene.complaints, []);
  },
});

Deno.test({
  name: "the overview says at once that its server is lost, and comes back with it",
  ...needs("chromium"),
  fn: async () => {
    await using scene = await openScene(false);
    await scene.scene.attack({ source: "82.1.1.1" });
    const page = await scene.open("/");
    await page.locator("header").getByText("live", { exact: true }).waitFor();
    assert.equal(await page.locator("header #liveness").textContent(), "live");
    const start = await scene.stop();
    await page.locator("header").getByText("not live: the service cannot be reached").waitFor();
    assert.equal(await page.evaluate(STATE), "lost");
    assert.match(
      await page.evaluate<string>("getComputedStyle(document.querySelector('main')).filter"),
      /grayscale/,
    );
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], colorScheme);
    }
    await scene.scene.attack({ source: "82.1.1.2" });
    start();
    await page.locator("header").getByText("live", { exact: true }).waitFor();
    await page.getByRole("link", { name: "82.1.1.2", exact: true }).waitFor();
  },
});

Deno.test({
  name: "relative times go on without the server, and an address can be copied",
  ...needs("chromium"),
  fn: async () => {
    await using scene = await openScene(false);
    await scene.scene.attack({ source: "82.1.1.1" });
    scene.scene.now += 30_000;
    const page = await scene.open("/sources/82.1.1.1");
    await page.clock.install();
    await page.reload();
    const last = page.locator("dt:text('last seen') + dd time[data-rel]");
    assert.match(await last.textContent() ?? "", /^3\d s ago$/);
    await page.clock.runFor(45_000);
    assert.match(await last.textContent() ?? "", /^(?:7[5-9]|8\d) s ago$/);
    await page.clock.runFor(60 * MINUTE);
    assert.match(await last.textContent() ?? "", /^6[12] min ago$/);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy 82.1.1.1" }).click();
    await page.getByText("Copied").waitFor();
    assert.equal(await page.evaluate("navigator.clipboard.readText()"), "82.1.1.1");
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(scene.complaints, []);
  },
});
