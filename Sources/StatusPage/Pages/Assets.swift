/// What the pages load besides themselves, from the same address.
enum Assets {
    /// Colours are chosen for a contrast of 4.5 or more on what they stand on, in light and dark.
    static let style = """
        :root { --paper: #faf9f7; --card: #ffffff; --ink: #1d1c1a; --quiet: #615d57; --line: #e3dfd9;
          --link: #1d5d8c; --strong: #1d5d8c; --on-strong: #ffffff; --track: #e9e5df;
          --converted: #2c7a4b; --failed: #b23a2d; --retried: #8a6312; --flight: #3b62b3;
          --queued: #4f6d86; --unclear: #6f5a8c; --wait: #a9a39a; }
        @media (prefers-color-scheme: dark) { :root { --paper: #171615; --card: #1f1e1c; --ink: #ebe7e0;
          --quiet: #a9a39a; --line: #35322e; --link: #8cbfe8; --strong: #8cbfe8; --on-strong: #14202b;
          --track: #302d2a; --converted: #6cc18c; --failed: #f0897b; --retried: #dab45e;
          --flight: #8fb0f2; --queued: #9db5c9; --unclear: #bda6df; --wait: #7d776f; } }
        * { box-sizing: border-box; }
        html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
        body { margin: 0 auto; max-width: 76rem; padding: 0 1.25rem 2rem; background: var(--paper);
          color: var(--ink); font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto,
          "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
        a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 1px; }
        :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
        main:focus { outline: none; }
        code, .code { font: 0.9em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
          monospace; overflow-wrap: anywhere; }
        b.code, .code { font-weight: 600; }
        h1, h2 { line-height: 1.2; margin: 0 0 0.75rem; font-weight: 600; }
        h1 { font-size: 1.375rem; } h2 { font-size: 1.0625rem; }
        h2 + p { margin-top: 0; } section > h2:not(:first-child) { margin-top: 1.5rem; }
        small { font-weight: 400; color: var(--quiet); font-size: 0.85em; margin-left: 0.3em; }
        p { margin: 0.4rem 0; }
        .quiet { color: var(--quiet); fill: var(--quiet); } .bad { color: var(--failed); }
        .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
          white-space: nowrap; }
        .skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 0.5rem;
          background: var(--card); padding: 0.4rem 0.8rem; z-index: 1; }
        .top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; padding: 0.9rem 0;
          border-bottom: 1px solid var(--line); margin-bottom: 1.25rem; }
        .home { display: flex; align-items: center; gap: 0.45rem; font-weight: 650; color: var(--ink);
          text-decoration: none; letter-spacing: -0.01em; }
        .mark { width: 1.1rem; height: 1.1rem; fill: none; stroke: var(--converted); stroke-width: 1.8;
          stroke-linecap: round; stroke-linejoin: round; } .mark circle { fill: var(--converted);
          stroke: none; }
        .file { color: var(--quiet); overflow-wrap: anywhere; }
        .search { margin-left: auto; display: flex; align-items: center; gap: 0.4rem; }
        .search label { color: var(--quiet); }
        input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--quiet);
          border-radius: 5px; padding: 0.25rem 0.5rem; min-width: 0; width: 12.5rem; }
        button { font: inherit; font-size: 0.875rem; color: var(--link); background: var(--card);
          border: 1px solid var(--quiet); border-radius: 5px; padding: 0.2rem 0.65rem; cursor: pointer;
          min-height: 1.75rem; white-space: nowrap; }
        button:hover { border-color: var(--link); } button.strong { background: var(--strong);
          border-color: var(--strong); color: var(--on-strong); font-weight: 600; padding: 0.35rem 1rem; }
        button.plain { border-color: transparent; background: none; }
        form { display: inline-block; margin: 0; }
        section { margin: 0 0 1.75rem; min-width: 0; }
        .columns { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 2.25rem; }
        .row { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; }
        .state { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center;
          gap: 0.4rem 1rem; margin-bottom: 1rem; } .state p { margin: 0; }
        .dot { display: inline-block; width: 0.6rem; height: 0.6rem; border-radius: 50%;
          margin-right: 0.55rem; background: currentColor; }
        .dot.converted, .tile.converted b { color: var(--converted); }
        .dot.failed, .tile.failed b { color: var(--failed); }
        .dot.retried, .tile.retried b { color: var(--retried); }
        .dot.flight, .tile.flight b { color: var(--flight); }
        .dot.queued, .tile.queued b { color: var(--queued); } .dot.quiet { color: var(--quiet); }
        .tiles { list-style: none; display: grid; gap: 0.5rem; padding: 0; margin: 0 0 0.9rem;
          grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)); }
        .tile { display: block; padding: 0.5rem 0.75rem 0.55rem; background: var(--card);
          border: 1px solid var(--line); border-radius: 7px; text-decoration: none; color: var(--ink); }
        a.tile:hover { border-color: var(--quiet); } .tile b { display: block; font-size: 1.375rem;
          line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; }
        .tile span { color: var(--quiet); font-size: 0.8125rem; }
        .tile.zero b { color: var(--quiet); font-weight: 400; }
        svg.bar { display: block; width: 100%; height: 0.6rem; border-radius: 3px; overflow: hidden; }
        rect.track { fill: var(--track); } rect.fill { fill: var(--flight); }
        rect.converted { fill: var(--converted); } rect.failed { fill: var(--failed); }
        rect.retried { fill: var(--retried); } rect.flight { fill: var(--flight); }
        rect.queued { fill: var(--queued); } rect.unclear { fill: var(--unclear); }
        rect.quiet, rect.wait { fill: var(--wait); } rect.backoff { fill: var(--retried);
          fill-opacity: 0.45; }
        .chart, .timeline { margin: 0.5rem 0 0; } .plot { position: relative; }
        .plot svg { display: block; width: 100%; height: 8.5rem; } .small .plot svg { height: 4.5rem; }
        .plot .top { position: absolute; right: 0; top: 0; margin: 0; padding: 0 0 0 0.3rem; border: 0;
          font-size: 0.75rem; color: var(--quiet); background: var(--paper); line-height: 1.2; }
        .grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--quiet); stroke-width: 1; }
        path.line { fill: none; stroke: var(--flight); stroke-width: 2; stroke-linejoin: round; }
        .ticks { display: flex; justify-content: space-between; gap: 0.5rem; font-size: 0.75rem;
          color: var(--quiet); padding-top: 0.2rem; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.15rem 1rem; padding: 0;
          margin: 0.35rem 0 0; font-size: 0.8125rem; } .key { width: 0.7em; height: 0.7em;
          margin-right: 0.4em; border-radius: 2px; }
        .ranges { display: flex; gap: 0.75rem; font-size: 0.875rem; margin-top: -0.35rem; }
        .ranges [aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; vertical-align: baseline; padding: 0.4rem 1rem 0.4rem 0;
          border-bottom: 1px solid var(--line); font-weight: 400; }
        thead th { color: var(--quiet); font-size: 0.8125rem; padding-bottom: 0.25rem; }
        th:last-child, td:last-child { padding-right: 0; }
        .number { text-align: right; white-space: nowrap; } .when { white-space: nowrap;
          color: var(--quiet); } .actions { text-align: right; white-space: nowrap; }
        .actions form + form { margin-left: 0.4rem; } td.wide { width: 34%; min-width: 6rem;
          vertical-align: middle; } .message { overflow-wrap: anywhere; }
        .unit { display: none; }
        .pill, .tag { font-size: 0.8125rem; border: 1px solid currentColor; border-radius: 99px;
          padding: 0 0.5rem; white-space: nowrap; } .tag { color: var(--retried); }
        .pill.converted { color: var(--converted); } .pill.failed { color: var(--failed); }
        .pill.retried { color: var(--retried); } .pill.flight { color: var(--flight); }
        .pill.queued { color: var(--queued); } .pill.unclear { color: var(--unclear); }
        .cards, .plain-list { list-style: none; margin: 0; padding: 0; }
        .cards li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.75rem;
          padding: 0.45rem 0; border-bottom: 1px solid var(--line); align-items: center; }
        .cards p { margin: 0; grid-column: 1; } .cards form { grid-column: 2; grid-row: 1 / span 2; }
        .plain-list li { padding: 0.2rem 0; } .path { margin-bottom: 0.4rem; font-size: 0.875rem; }
        .lanes { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.75rem; }
        .lanes svg { width: 100%; height: 4.125rem; display: block; background: var(--card);
          border: 1px solid var(--line); border-radius: 4px; }
        .names { display: grid; grid-template-rows: repeat(3, 1fr); font-size: 0.75rem;
          color: var(--quiet); align-items: center; } .timeline .ticks { margin-left: 4.2rem; }
        .records { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; margin: 0.5rem 0; }
        .records div { display: flex; gap: 0.5rem; } dt { color: var(--quiet); } dd { margin: 0; }
        .notice, #connection { padding: 0.45rem 0.8rem; border-left: 3px solid var(--converted);
          background: var(--card); margin: 0 0 1rem; } #connection, .notice.bad {
          border-color: var(--failed); color: var(--ink); }
        .login { max-width: 22rem; margin: 3rem auto; } .login input { width: 100%; margin: 0.3rem 0 0.8rem; }
        .login form { display: block; }
        .big { font-size: 1.75rem; font-weight: 600; letter-spacing: -0.01em; }
        summary { cursor: pointer; color: var(--link); margin: 0.5rem 0; }
        footer { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; color: var(--quiet);
          font-size: 0.8125rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
        @media (max-width: 44rem) {
          body { padding: 0 0.9rem 1.5rem; } .columns { grid-template-columns: minmax(0, 1fr); }
          .search { margin-left: 0; width: 100%; } .search input { flex: 1; }
          .tiles { grid-template-columns: repeat(auto-fit, minmax(5.6rem, 1fr)); }
          .list thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
            clip-path: inset(50%); }
          .list, .list tbody, .list tr, .list th, .list td { display: block; border: 0; padding: 0; }
          .list tr { padding: 0.55rem 0; border-bottom: 1px solid var(--line); }
          .list td.number { text-align: left; display: inline-block; margin-right: 1rem; }
          .list td.wide { width: auto; padding: 0.3rem 0; } .list td.when { display: inline-block; }
          .list td.actions { text-align: left; padding-top: 0.35rem; }
          .unit { display: inline; } .list td.actions:empty { display: none; } button { min-height: 2.25rem; } }
        @media print { .search, form, footer a, .skip { display: none; } }
        """

    /// Asks for the page again every other second and puts in what has changed, without moving what
    /// has the keyboard's focus or a selection.
    static let script = """
        "use strict";
        (() => {
          const note = document.getElementById("connection");
          let since = null;
          const focusKey = () => document.activeElement?.dataset?.key;
          async function refresh() {
            if (document.hidden) return;
            try {
              const answer = await fetch(location.href, { headers: { "X-Poll": "1" } });
              if (!answer.ok) throw new Error(answer.status === 401 ? "Log in again." : "");
              const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
              document.title = fresh.title;
              for (const part of fresh.querySelectorAll("[data-live][id]")) show(part);
              since = null;
              note.hidden = true;
            } catch (error) {
              since ??= new Date().toLocaleTimeString();
              note.textContent = `No answer from the daemon since ${since}. ${error.message.startsWith("Log") ? error.message : "Trying again."}`;
              note.hidden = false;
            }
          }
          function show(part) {
            const old = document.getElementById(part.id);
            if (!old || old.innerHTML === part.innerHTML) return;
            const selection = document.getSelection();
            if (!selection.isCollapsed && old.contains(selection.anchorNode)) return;
            const key = old.contains(document.activeElement) ? focusKey() : undefined;
            if (old.contains(document.activeElement) && !key) return;
            const next = document.importNode(part, true);
            old.replaceWith(next);
            if (key) next.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
          }
          setInterval(refresh, 2000);
          document.addEventListener("visibilitychange", refresh);
        })();
        """

    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" \
        fill="#2c7a4b"/><path d="M3 8h6M6.500 4.500L10 8l-3.500 3.500" fill="none" stroke="#fff" \
        stroke-width="1.800" stroke-linecap="round" stroke-linejoin="round"/>\
        <circle cx="12.500" cy="8" r="1.300" fill="#fff"/></svg>
        """
}
