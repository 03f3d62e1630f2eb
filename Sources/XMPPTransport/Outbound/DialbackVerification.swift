import NIOCore
import XMPP

/// A dialback key that the authoritative server is asked about, until there is a verdict or nobody waits for one.
final class DialbackVerification: Sendable {
    private let promise: EventLoopPromise<DialbackVerdict>
    /// Never has an element; ends when it is given up.
    private let interest: AsyncStream<Never>
    private let holder: AsyncStream<Never>.Continuation

    init(on eventLoop: any EventLoop) {
        self.promise = eventLoop.makePromise(of: DialbackVerdict.self)
        (self.interest, self.holder) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    /// Whoever waits is not left waiting, even if nobody got to asking.
    deinit { self.end(.error(StanzaError(.serviceUnavailable))) }

    var verdict: EventLoopFuture<DialbackVerdict> { self.promise.futureResult }

    /// Says what came of it; the first word counts.
    func end(_ verdict: DialbackVerdict) {
        self.promise.succeed(verdict)
        self.holder.finish()
    }

    /// Nobody waits for the verdict any more: the connection for it is ended.
    func giveUp() { self.holder.finish() }

    /// Returns when it was given up, or the task cancelled; for one caller.
    func waitUntilGivenUp() async {
        for await _ in self.interest {}
    }
}
