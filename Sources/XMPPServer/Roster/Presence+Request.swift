import XML
import XMPP

extension Presence {
    /// The subscription request as it is kept until it is answered (RFC 6121 §3.1.3): whole if it is short.
    ///
    /// Of a longer one only its first `<status/>` and nickname (XEP-0172) are kept, as plain text and together of no
    /// more than `limit` bytes, so that no crowd of strangers can fill memory, disk or the queue of a client that logs
    /// in.
    func kept(within limit: Int) -> Presence {
        let frame = (self.id?.utf8.count ?? 0) + (self.language?.utf8.count ?? 0)
        guard Stanza.presence(self).weight + frame > limit else { return self }
        var left = limit
        var kept = Presence(to: self.to, from: self.from, kind: self.kind)
        for (name, namespace) in [("nick", Namespace.nickname), ("status", Namespace.client)] {
            guard let element = self.payloads.first(where: { $0.matches(name, namespace) }) else { continue }
            var short = Element(name, namespace: namespace)
            left -= short.weight
            guard left > 0 else { break }
            let text = element.text.cut(toBytes: left)
            left -= text.utf8.count
            if !text.isEmpty { short.children = [.text(text)] }
            kept.payloads.append(short)
        }
        return kept
    }
}
