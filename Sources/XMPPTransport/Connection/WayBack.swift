import NIOCore
import XMPP

/// How stanzas go to another server on a stream that it has opened and uses in both directions (XEP-0288).
///
/// Confined to the event loop of the stream; what it opens may be written to from any thread.
final class WayBack {
    let queue: OutboundQueue
    let keeper: ReturnKeeper
    private let stream: OutboundRemoteStream
    private let remotes: RemoteStreams
    /// What was authenticated on the stream: nothing goes between other domains.
    private var pairs: [DomainPair] = []
    /// By which number each pair ends; nil until the peer has said something after its authentication.
    private var opened: [(pair: DomainPair, id: Int)]?

    /// `longestStanza` is what the peer says it takes at most (XEP-0478), in bytes; nil if it does not say.
    init(
        over channel: any Channel, of remote: RemoteStream, closing handler: NIOLoopBound<StreamHandler>,
        longestStanza: Int?, limits: TransportLimits, remotes: RemoteStreams
    ) {
        let eventLoop = channel.eventLoop
        self.remotes = remotes
        self.keeper = ReturnKeeper(stream: remote.id)
        self.queue = OutboundQueue(channel: channel, limits: limits) {
            handler.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        self.stream = OutboundRemoteStream(
            queue: self.queue, keeper: self.keeper, ended: channel.closeFuture, longestStanza: longestStanza
        ) { error in
            eventLoop.execute { handler.value.close(error) }
        }
    }

    /// The pair was authenticated on the stream.
    func add(_ pair: DomainPair) {
        guard !self.pairs.contains(pair) else { return }
        self.pairs.append(pair)
        if self.opened != nil { self.open(pair) }
    }

    /// Stanzas may go from here on.
    ///
    /// Not before the peer has said something: it is the one to restart the stream, and to enable stream management or
    /// resume a former stream.
    func open() {
        guard self.opened == nil else { return }
        self.opened = []
        for pair in self.pairs { self.open(pair) }
    }

    private func open(_ pair: DomainPair) {
        guard let id = self.remotes.opened(pair, self.stream) else { return }
        self.opened?.append((pair, id))
    }

    /// The stream is over.
    func close() {
        for (pair, id) in self.opened ?? [] { self.remotes.returnEnded(pair, id: id) }
        self.opened = []
        self.pairs = []
    }

    /// Whether anything went this way since this was last asked.
    var isUsed: Bool { self.stream.wasUsedSinceLastAsked() }
}
