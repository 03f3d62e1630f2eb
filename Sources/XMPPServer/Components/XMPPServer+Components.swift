import XMPP
import XMPPTransport

extension XMPPServer {
    /// Makes room for components in the domain; their secrets by prepared domain, of which none may be taken already.
    static func host(
        _ secrets: [String: String], in domain: inout LocalDomain
    ) throws -> [String: String] {
        let taken = domain.hosted.keys + [domain.address.domain]
        var prepared: [String: String] = [:]
        for (name, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            let component = try JID(name)
            guard component == component.domainJID, !taken.contains(component.domain) else {
                throw ConfigurationError(
                    description:
                        "'\(name)' is no domain for a component: write one that is not taken, without '@' and '/'"
                )
            }
            guard !secret.isEmpty else {
                throw ConfigurationError(description: "the component \(component) has no secret")
            }
            prepared[component.domain] = secret
            domain.host(.component, at: component.domain)
        }
        return prepared
    }
}
