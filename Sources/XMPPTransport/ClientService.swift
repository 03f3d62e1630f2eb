package import XMPP

/// What a listener needs to serve clients: who they may be, and who takes their streams.
package struct ClientService: Sendable {
    /// Offered in the order of preference of `SASLMechanism`; PLAIN is offered only if named here, and only under TLS.
    package var mechanisms: [SASLMechanism]
    /// What is offered to authenticated clients, in this order; asked for each connection.
    package var features: @Sendable () -> [StreamFeature]
    package var authority: any AccountAuthority
    package var acceptor: any ClientStreamAcceptor

    package init(
        mechanisms: [SASLMechanism] = [.scramSHA256Plus, .scramSHA1Plus, .scramSHA256, .scramSHA1],
        features: @escaping @Sendable () -> [StreamFeature] = { [.bind, .session(isOptional: true)] },
        authority: any AccountAuthority, acceptor: any ClientStreamAcceptor
    ) {
        self.mechanisms = mechanisms
        self.features = features
        self.authority = authority
        self.acceptor = acceptor
    }
}
