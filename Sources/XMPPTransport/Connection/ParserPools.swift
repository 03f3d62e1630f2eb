import NIOCore
import Synchronization
import XML

/// A pool of parsers for each event loop, made when its first stream comes.
final class ParserPools: Sendable {
    private let pools: Mutex<[ObjectIdentifier: NIOLoopBound<XMLParserPool>]> = Mutex([:])

    init() {}

    /// The pool of the event loop it is called on.
    func pool(on eventLoop: any EventLoop) -> XMLParserPool {
        let bound = self.pools.withLock { pools in
            let id = ObjectIdentifier(eventLoop)
            if let known = pools[id] { return known }
            let made = NIOLoopBound(XMLParserPool(), eventLoop: eventLoop)
            pools[id] = made
            return made
        }
        return bound.value
    }
}
