import Conversion
import Dispatch
import Foundation
import Glibc
import StatusPage
import Storage

/// `status --watch` on a terminal: the queue, drawn again every second until q or a signal.
struct Watch {
    private let path: String
    private let style: TerminalView.Style

    init(_ path: String) {
        self.path = path
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }
            .first { !$0.isEmpty }
        style = TerminalView.Style(
            hasColour: environment["NO_COLOR"]?.isEmpty ?? true,
            isUnicode: locale?.lowercased().contains("utf") ?? false)
    }

    /// What may happen between two pictures.
    private enum Event {
        case tick
        case key(UInt8)
        case resized
        /// The job control of the shell: Ctrl-Z, and fg.
        case suspend
        case `continue`
        case end(Int32)
    }

    func run() async throws {
        let screen = Screen()
        var view = QueueView(
            try Dashboard(path: path), history: 3_600_000, batches: 30, at: .now)
        let (events, source) = AsyncStream.makeStream(of: Event.self)
        let sources = Self.listen(source)
        defer { withExtendedLifetime(sources) {} }
        try screen.open()
        defer { screen.close() }
        var size = screen.size
        try draw(&view, on: screen, size, redrawingAll: true)
        for await event in events {
            switch event {
            case .key(let key) where key == UInt8(ascii: "q") || key == 3 || key == 4: return
            case .key: continue
            case .end(let signal): return Self.end(by: signal, screen)
            case .suspend:
                screen.close()
                raise(SIGSTOP)
            case .continue, .resized:
                if case .continue = event { try screen.open() }
                size = screen.size
                try draw(&view, on: screen, size, redrawingAll: true)
            case .tick: try draw(&view, on: screen, size, redrawingAll: false)
            }
        }
    }

    private func draw(
        _ view: inout QueueView, on screen: Screen, _ size: Screen.Size, redrawingAll: Bool
    ) throws {
        try view.look(at: .now)
        let picture = TerminalView(
            view.snapshot, queue: (path as NSString).lastPathComponent, width: size.width,
            height: size.height, style: style)
        try screen.draw(picture.lines, redrawingAll: redrawingAll)
    }

    /// Ends with the code that a shell gives to one who was ended by the signal. Ctrl-C is how one
    /// leaves, as q is. To raise the signal once more would not do: Dispatch's threads block it.
    private static func end(by signal: Int32, _ screen: Screen) {
        screen.close()
        if signal != SIGINT { Foundation.exit(128 + signal) }
    }

    /// Signals, keys and the clock, as events.
    private static func listen(_ events: AsyncStream<Event>.Continuation)
        -> [any DispatchSourceProtocol]
    {
        let queue = DispatchQueue(label: "leadconvert.watch")
        var sources: [any DispatchSourceProtocol] = []
        let signals: [(Int32, Event)] = [
            (SIGINT, .end(SIGINT)), (SIGTERM, .end(SIGTERM)), (SIGHUP, .end(SIGHUP)),
            (SIGQUIT, .end(SIGQUIT)), (SIGWINCH, .resized), (SIGTSTP, .suspend),
            (SIGCONT, .continue),
        ]
        for (number, event) in signals {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { @Sendable in events.yield(event) }
            source.activate()
            sources.append(source)
        }
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + 1, repeating: 1, leeway: .milliseconds(50))
        timer.setEventHandler { @Sendable in events.yield(.tick) }
        timer.activate()
        sources.append(timer)
        if isatty(STDIN_FILENO) == 1 {
            let keys = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
            keys.setEventHandler { @Sendable in
                var key: UInt8 = 0
                while read(STDIN_FILENO, &key, 1) == 1 { events.yield(.key(key)) }
            }
            keys.activate()
            sources.append(keys)
        }
        return sources
    }
}
