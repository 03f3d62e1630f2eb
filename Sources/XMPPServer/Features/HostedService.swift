package import CloudModel
package import XMPP

/// A service with a domain of its own beside the accounts' (`rooms.paris.example`), decided by the same value.
package struct HostedService: Sendable {
    /// A stanza for the service's domain or an address in it; its `from` is proven.
    ///
    /// The service answers through `LocalDomain.forward(_:)` with a `from` of its own domain, and must answer each
    /// request.
    package typealias Handler = @Sendable (inout LocalDomain, Stanza, Instant) -> DomainStep

    /// Shown in the domain's list of items (XEP-0030 §4).
    package let name: String
    package let handle: Handler

    package init(name: String, handle: @escaping Handler) {
        self.name = name
        self.handle = handle
    }
}
