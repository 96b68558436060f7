import Conversion
import Logging
import Settings
import Synchronization

/// Keeps a refresh token that Salesforce has replaced.
///
/// One that can't be kept is used from memory, since the one before is dead and stopping would lose
/// both; that is logged as critical, and keeping it is tried again at a reload and at the end.
final class RefreshTokenKeeper: Sendable {
    private struct State {
        var store: RefreshTokenStore?
        var unkept: String?
    }

    private let state: Mutex<State>
    private let logger: Logger

    init(_ store: RefreshTokenStore?, logger: Logger) {
        state = Mutex(State(store: store))
        self.logger = logger
        if let store, !store.hasPlace {
            logger.warning(
                "a refresh token that Salesforce replaces could not be kept",
                metadata: [
                    "remedy": """
                    If the app rotates refresh tokens, name a file that the daemon may replace in \
                    SALESFORCE_REFRESH_TOKEN_FILE.
                    """
                ])
        }
    }

    func keep(_ token: String) {
        state.withLock { state in
            state.unkept = token
            tryToKeep(&state)
        }
    }

    /// The token that another program of ours, such as an intake, may have kept in the place of ours;
    /// nil while ours is in memory alone, which is newer then.
    func latest() -> String? {
        state.withLock { state in
            guard state.unkept == nil else { return nil }
            do {
                return try state.store?.latest()
            } catch {
                logger.error("the kept refresh token is of no use", metadata: ["error": "\(error)"])
                return nil
            }
        }
    }

    /// The settings were read again: there may be a place now. What the operator gives again
    /// makes a token of ours worthless.
    func adopt(_ store: RefreshTokenStore?) {
        state.withLock { state in
            let isSame = store.flatMap { store in state.store.map(store.succeedsSame) } ?? false
            if !isSame { state.unkept = nil }
            state.store = store
            tryToKeep(&state)
        }
    }

    /// The daemon ends, and what is only in memory ends with it.
    func close() {
        state.withLock { tryToKeep(&$0) }
    }

    private func tryToKeep(_ state: inout State) {
        guard let token = state.unkept, var store = state.store else { return }
        do {
            let file = try store.keep(token)
            state.unkept = nil
            logger.notice("the new refresh token is kept", metadata: ["file": "\(file)"])
        } catch {
            logger.critical("the new refresh token is not kept", metadata: ["error": "\(error)"])
        }
        state.store = store
    }
}
