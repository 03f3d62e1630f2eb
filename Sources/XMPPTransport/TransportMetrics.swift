import Metrics

/// What all streams count, by kind; made once, after the process has chosen its metrics backend.
package final class TransportMetrics: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case client
        case remoteInbound = "remote-inbound"
        case remoteOutbound = "remote-outbound"
        case attachment
        case component
    }

    struct Counters: Sendable {
        let streams: Counter
        let stanzas: Counter
        let bytes: Counter

        init(_ kind: Kind) {
            let dimensions = [("kind", kind.rawValue)]
            self.streams = Counter(
                label: "tradewind_xmpp_streams_authenticated_total", dimensions: dimensions)
            self.stanzas = Counter(label: "tradewind_xmpp_stanzas_total", dimensions: dimensions)
            self.bytes = Counter(label: "tradewind_xmpp_bytes_total", dimensions: dimensions)
        }
    }

    let client = Counters(.client)
    let remoteInbound = Counters(.remoteInbound)
    let remoteOutbound = Counters(.remoteOutbound)
    let attachment = Counters(.attachment)
    let component = Counters(.component)
    /// Stanzas that could not be sent and whose sender could not be told.
    let dropped = Counter(label: "tradewind_xmpp_stanzas_dropped_total")

    package init() {}

    subscript(kind: Kind) -> Counters {
        switch kind {
        case .client: self.client
        case .remoteInbound: self.remoteInbound
        case .remoteOutbound: self.remoteOutbound
        case .attachment: self.attachment
        case .component: self.component
        }
    }
}
