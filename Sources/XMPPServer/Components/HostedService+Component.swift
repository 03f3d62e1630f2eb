import XMPP

extension HostedService {
    /// An external component: what is for its domain leaves the process over the component's stream.
    static let component = HostedService(name: "component") { _, stanza, _ in .done([.sendRemote(stanza)]) }
}
