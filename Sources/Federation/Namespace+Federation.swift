package import XMPP

extension Namespace {
    /// The protocol of this module, version 1; an incompatible change would be another namespace.
    package static let federation = "urn:tradewind:federation:1"
}
