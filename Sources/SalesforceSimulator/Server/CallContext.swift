import Hummingbird
import NIOCore

/// What a request's handler may touch besides the request: the connection, to cut it.
struct CallContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}
