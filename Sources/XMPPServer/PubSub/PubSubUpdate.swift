package import XMPP

/// A service as it will be once its changes are on disk, and what follows then.
package struct PubSubUpdate: Hashable, Sendable {
    package let service: PubSubService
    package let outcome: PubSubOutcome
    /// The request, to be answered.
    package let iq: IQ
    /// The client that asked its own account, if it is one.
    package let session: SessionID?
}
