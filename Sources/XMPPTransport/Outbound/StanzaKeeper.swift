import XMPP

/// Writes stanzas to a stream and keeps them until the other side says that it has them, where it says so at all.
protocol StanzaKeeper: Sendable {
    /// How many stanzas the other side said that it has, modulo 2^32.
    var acknowledgedCount: UInt32 { get }

    /// False if the stream is over and nothing was kept.
    func send(_ stanza: Stanza, _ bytes: [UInt8], into queue: OutboundQueue) throws(StanzaError) -> Bool
}
