import Foundation
import GRDB
import SalesforceSimulator
import TestSupport
import Testing

/// The status page in a real browser, against the built daemon and the simulator.
///
/// Screenshots are kept in `.build/screenshots`. A browser takes more of a machine than all other tests
/// together, so these run by themselves: `BROWSER=1 swift test --filter BrowserTests`.
@Suite(
    .enabled(
        if: Program.chromeDriver.isInstalled,
        "Chromium is missing: apt-get install chromium chromium-driver"),
    .enabled(
        if: ProcessInfo.processInfo.environment["BROWSER"] != nil, "they run with BROWSER=1"),
    .serialized)
struct BrowserTests {
    @Test(arguments: [true, false])
    func `a failure is seen, retried with a click, and seen converted`(withScripts: Bool)
        async throws
    {
        try await withFailure { fixture, url, lead in
            try await withBrowser { browser in
                try await browser.setScripts(on: withScripts)
                try await browser.open(url)
                let code = "document.querySelector('#failures .code')?.textContent"
                #expect(try await browser.text(code) == "UNABLE_TO_LOCK_ROW")
                #expect(
                    try await browser.text("document.querySelector('#latest code').textContent")
                        == lead)
                try await browser.click("#failures button[data-key^='retry UNABLE_TO_LOCK_ROW']")
                let notice = "document.querySelector('.notice').textContent"
                try await browser.wait(until: "\(notice) === '1 lead will run again.'")
                try await fixture.await("the lead is converted") { _ in
                    try fixture.counts() == ["converted": 1]
                }
                let converted = "document.querySelector('.tile.converted b')?.textContent === '1'"
                if withScripts {
                    try await browser.wait(until: converted)
                } else {
                    try await within(.seconds(400), "the page shows it") {
                        repeat {
                            try await browser.open(url)
                        } while try await browser.text(converted)
                            != "true"
                    }
                }
                try await browser.open("\(url)/leads?id=\(lead)")
                #expect(
                    try await browser.text("document.querySelector('.pill').textContent")
                        == "converted")
                let operation = try fixture.rows("SELECT * FROM operations").first
                #expect(operation?["by"] == "status page")
                #expect(operation?["target"] == "code UNABLE_TO_LOCK_ROW")
            }
        }
    }

    @Test func `the keyboard alone is enough to find a lead and to retry it`() async throws {
        try await withFailure { fixture, url, lead in
            try await withBrowser { browser in
                try await browser.open(url)
                // Past the link to the content and the one to the queue, to the search.
                try await browser.press("\u{E004}\u{E004}\u{E004}")
                #expect(try await browser.text("document.activeElement.id") == "lead")
                try await browser.press(lead + "\u{E007}")
                try await browser.wait(until: "location.pathname === '/leads'")
                try await browser.press("\u{E004}\u{E004}\u{E004}\u{E004}\u{E004}\u{E004}")
                #expect(try await browser.text("document.activeElement.textContent") == "Retry")
                try await browser.press("\u{E007}")
                try await browser.wait(until: "document.querySelector('.pill.converted')")
                #expect(try fixture.counts() == ["converted": 1])
            }
        }
    }

    @Test
    func `names, labels and contrast are right on every page, wide and narrow, light and dark`()
        async throws
    {
        let folder = URL(fileURLWithPath: ".build/screenshots")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await withFailure { fixture, url, lead in
            let pages = [
                ("overview", ""), ("lead", "leads?id=\(lead)"),
                ("failures", "failures?code=UNABLE_TO_LOCK_ROW"), ("jobs", "jobs?state=failed"),
            ]
            try await withBrowser { browser in
                for (name, path) in pages {
                    for width in [360, 768, 1280] {
                        for isDark in [false, true] {
                            try await browser.show(width: width, isDark: isDark)
                            try await browser.open("\(url)/\(path)")
                            #expect(try await browser.text(Self.faults) == "", "\(name) \(width)")
                            let file = "\(name)-\(width)-\(isDark ? "dark" : "light").png"
                            try await browser.picture().write(
                                to: folder.appendingPathComponent(file))
                        }
                    }
                }
                // The policy of the page lets nothing run that is put into it.
                try await browser.run(
                    """
                    const script = document.createElement("script");
                    script.textContent = "window.wasRun = 1";
                    document.body.append(script);
                    """)
                #expect(try await browser.text("window.wasRun") == "undefined")
            }
        }
    }

    /// What a check of accessibility would find: nothing, as lines.
    private static let faults = """
        (() => {
          const faults = [];
          const luminance = ([r, g, b]) => {
            const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
            return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
          };
          const numbers = text => text.match(/[\\d.]+/g).map(Number);
          const background = element => {
            for (let e = element; e; e = e.parentElement) {
              const c = numbers(getComputedStyle(e).backgroundColor);
              if (c.length === 3 || c[3] === 1) return c;
            }
            return [255, 255, 255];
          };
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (!walker.currentNode.textContent.trim() || element.closest("title, script, noscript")) continue;
            if (!element.checkVisibility() || element.closest(".hidden, .skip")) continue;
            const style = getComputedStyle(element);
            const [a, b] = [numbers(style.color), background(element)].map(luminance);
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim()}`);
          }
          for (const input of document.querySelectorAll("input:not([type=hidden])"))
            if (!input.labels.length) faults.push(`no label: ${input.name}`);
          for (const button of document.querySelectorAll("button, a"))
            if (!(button.getAttribute("aria-label") || button.textContent).trim()) faults.push("no name: " + button.outerHTML);
          for (const image of document.querySelectorAll("svg"))
            if (!image.getAttribute("aria-label") && image.getAttribute("aria-hidden") !== "true") faults.push("no name: svg " + image.getAttribute("class"));
          const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
          for (const id of new Set(ids)) if (ids.filter(i => i === id).length > 1) faults.push(`id twice: ${id}`);
          for (const e of document.querySelectorAll("[aria-labelledby]"))
            if (!document.getElementById(e.getAttribute("aria-labelledby"))) faults.push("labelled by nothing: " + e.id);
          if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
          if (!document.documentElement.lang) faults.push("no language");
          if (document.documentElement.scrollWidth > innerWidth) faults.push(`wider than the window: ${document.documentElement.scrollWidth}`);
          return faults.join("\\n");
        })()
        """

    /// A daemon with a page, and a lead in its queue that has failed and will be converted when it
    /// is tried again.
    private func withFailure(
        _ body: @escaping (Fixture, _ url: String, _ lead: String) async throws -> Void
    ) async throws {
        try await withFixture { fixture in
            let lead = await fixture.simulator.addLead(.lockedFor(times: 1))
            _ = try await fixture.run("policy", "set", "default", "--max-attempts", "1")
            try fixture.enqueue([lead])
            let daemon = try fixture.startDaemon(
                changing: ["LEADCONVERT_LISTEN": "127.0.0.1:0"])
            let url = try await daemon.pageURL()
            try await fixture.await("it has failed") { _ in try fixture.counts() == ["failed": 1] }
            try await within(.seconds(400), "the page has seen it") {
                while try await !Self.get("\(url)/metrics").contains(
                    "leadconvert_jobs{state=\"failed\"} 1")
                {}
            }
            try await body(fixture, url, lead)
            daemon.terminate()
            #expect(try await daemon.waitForExit().code == 0)
        }
    }

    private static func get(_ url: String) async throws -> String {
        try await Page.get(url).body
    }
}
