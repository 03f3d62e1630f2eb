import XML
import XMPP

extension Stanza {
    /// About how many bytes the stanza takes on a stream; never fewer than its texts.
    var weight: Int {
        let payloads: [Element] =
            switch self {
            case .message(let message): message.payloads
            case .presence(let presence): presence.payloads
            case .iq(let iq): iq.request.map { [$0] } ?? []
            }
        return payloads.reduce(0) { $0 + $1.weight }
    }
}

extension Element {
    /// About how many bytes the element takes on a stream; never fewer than its texts.
    var weight: Int {
        var weight = 2 * self.name.utf8.count + self.namespace.utf8.count + 5
        for attribute in self.attributes {
            weight += attribute.name.utf8.count + attribute.value.utf8.count + 4
        }
        for child in self.children {
            switch child {
            case .element(let element): weight += element.weight
            case .text(let text): weight += text.utf8.count
            }
        }
        return weight
    }
}
