import Conversion
import Storage

/// What every page needs besides its own matter.
struct PageContext: Sendable {
    /// The queue's file, by its name.
    var queue: String
    /// What forms carry to prove that they come from a page of ours.
    var formToken: String
    /// Whether one can log out, because one had to log in.
    var isLoggedIn: Bool
    var version: String
    var now: Timestamp
    /// What the last change came to, if one led here.
    var notice: HTML = .none
}

/// The frame around every page.
struct Layout {
    let context: PageContext
    let title: String
    /// Whether the page keeps itself up to date.
    var isLive = false
    /// Whether the reader may see anything of the queue.
    var isOpen = true

    func html(_ body: HTML) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title)</title>
        <link rel="stylesheet" href="/style.css">
        <link rel="icon" href="/icon.svg" type="image/svg+xml">
        \(isLive ? Self.live : .none)
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
        <a class="home" href="/"><svg class="mark" viewBox="0 0 16 16" aria-hidden="true">\
        <path d="M2 8h7M6 4l4 4-4 4"/><circle cx="13" cy="8" r="1.6"/></svg>leadconvert</a>
        <span class="file">\(context.queue)</span>
        \(isOpen ? search : .none)
        \(context.isLoggedIn ? logOut : .none)
        </header>
        <main id="main" tabindex="-1">
        <p id="connection" role="status" hidden></p>
        \(context.notice)
        \(body)
        </main>
        <footer><span>leadconvertd \(context.version)</span><span>All times are UTC.</span>\
        <a href="/metrics">Metrics</a></footer>
        </body>
        </html>

        """
    }

    /// Without JavaScript the browser itself asks again, if less often.
    private static let live: HTML = """
        <script src="/page.js" defer></script>
        <noscript><meta http-equiv="refresh" content="10"></noscript>
        """

    private var search: HTML {
        """
        <form class="search" action="/leads" role="search"><label for="lead">Lead</label>\
        <input id="lead" name="id" placeholder="00Q…" maxlength="40" spellcheck="false" \
        autocomplete="off" required><button>Find</button></form>
        """
    }

    private var logOut: HTML {
        """
        <form method="post" action="/logout"><input type="hidden" name="csrf" \
        value="\(context.formToken)"><button class="plain">Log out</button></form>
        """
    }
}

/// A button that changes something: a form by itself, which works without JavaScript.
struct ActionButton {
    let context: PageContext
    let operation: PageOperation
    let label: String
    /// What it does, for people who can't see what stands around it.
    let description: String
    /// Where to go afterwards.
    let back: String

    var html: HTML {
        let action = operation.action.rawValue
        let key = ([action] + operation.fields.map(\.value)).joined(separator: " ")
        return """
            <form method="post" action="/\(action)">\(operation.inputs(context, back: back))\
            <button data-key="\(key)" aria-label="\(description)">\(label)</button></form>
            """
    }
}

extension PageOperation {
    /// What its form sends along.
    func inputs(_ context: PageContext, back: String) -> HTML {
        let inputs = ([("csrf", context.formToken), ("back", back)] + fields).map {
            name, value -> HTML in "<input type=\"hidden\" name=\"\(name)\" value=\"\(value)\">"
        }
        return "\(inputs)"
    }
}

/// Addresses of our pages.
enum Link {
    static func failures(
        _ part: FailedPart, _ code: String?, batch: String? = nil
    ) -> String {
        query(
            "/failures",
            [
                ("code", code), ("batch", batch),
                ("part", part == .conversion ? nil : part.rawValue),
            ])
    }
    static func batch(_ name: String) -> String { query("/batches", [("name", name)]) }
    static func lead(_ lead: String) -> String { query("/leads", [("id", lead)]) }
    static func jobs(_ state: JobState) -> String { query("/jobs", [("state", state.rawValue)]) }

    static func query(_ path: String, _ fields: [(String, String?)]) -> String {
        let pairs = fields.compactMap { name, value in
            value.map { "\(name)=\($0.percentEncoded)" }
        }
        return pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
    }
}

/// What the pages load besides themselves, from the same address; the files are in the folder Assets.
enum Assets {
    static let style = String(decoding: PackageResources.style_css, as: UTF8.self)
    static let script = String(decoding: PackageResources.page_js, as: UTF8.self)
    static let icon = String(decoding: PackageResources.icon_svg, as: UTF8.self)
}
