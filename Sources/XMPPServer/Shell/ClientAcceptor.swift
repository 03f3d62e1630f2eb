import XMPPTransport

/// Makes a session for each client that has logged in.
struct ClientAcceptor: ClientStreamAcceptor {
    let shell: DomainShell

    func accept(_ stream: ClientStream) -> any ClientStreamDelegate {
        ClientConnection(shell: self.shell)
    }
}
