package import XMPP

/// Why a stream is over.
package enum StreamEnd: Hashable, Sendable {
    /// The peer closed it as agreed, with `</stream:stream>`.
    case closedByPeer
    /// The peer closed it with an error.
    case refusedByPeer(StreamError)
    /// This side closed it; without an error if that was asked for.
    case closedHere(StreamError?)
    /// The connection broke; the reason is for the log.
    case lost(reason: String)
}
