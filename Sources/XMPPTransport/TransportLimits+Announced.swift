import NIOCore
import XML
import XMPP

extension TransportLimits {
    /// What other servers are told (XEP-0478).
    var announcedToServers: StreamLimits {
        StreamLimits(
            longestStanza: self.remote.stanzaBytes,
            longestSilence: Int(self.idleRemote.nanoseconds / 1_000_000_000))
    }
}
