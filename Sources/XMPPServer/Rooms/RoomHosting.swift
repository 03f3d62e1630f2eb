package import XMPPTransport

/// The rooms service of a server: where it is and how it is run.
package struct RoomHosting: Hashable, Sendable {
    /// The rooms' domain, for instance `rooms.paris.example`; other servers must find it in DNS.
    package var domain: String
    /// The certificate shown to those who connect to the rooms' domain; nil for the server's own, which then has to
    /// name that domain too.
    package var certificate: CertificateFiles?
    package var policy: RoomPolicy
    package var limits: RoomLimits

    package init(
        domain: String, certificate: CertificateFiles? = nil, policy: RoomPolicy,
        limits: RoomLimits = RoomLimits()
    ) {
        self.domain = domain
        self.certificate = certificate
        self.policy = policy
        self.limits = limits
    }

    /// Rooms beside the accounts of `domain`, which alone may make them.
    package static func beside(_ domain: String) -> Self {
        Self(domain: "rooms.\(domain)", policy: RoomPolicy(creators: .accounts(of: [domain])))
    }
}
