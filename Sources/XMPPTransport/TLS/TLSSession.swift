import COpenSSL
import NIOCore
import XMPP

/// One TLS connection over memory: ciphertext in, plaintext out, and the reverse.
///
/// Does no I/O. OpenSSL reads from and writes to the buffers of this session during a call and keeps nothing after it, so
/// that an idle session costs no buffers.
///
/// Confined to the event loop of its channel.
@safe final class TLSSession {
    enum Role: Hashable, Sendable {
        /// `domain` chooses the certificate unless the peer names another by SNI. ALPN is answered on direct TLS.
        case server(CertificateStore.Side, domain: String?, alpn: Bool)
        /// Shows the certificate of `identity`, names `serverName` by SNI and offers ALPN on direct TLS.
        case client(CertificateStore.Side, identity: String?, serverName: String, alpn: Bool)
    }

    enum Progress: Hashable, Sendable {
        case needsMore
        case finished
        /// The peer sent close_notify.
        case closedByPeer
    }

    let ssl: OpaquePointer
    private let wire: UnsafeMutablePointer<cssl_wire>
    /// Ciphertext that OpenSSL has not read.
    private var incoming = ByteBuffer()
    /// Ciphertext due to the peer.
    private var outgoing = ByteBuffer()
    private let isServer: Bool
    /// What DNS announces about the peer's certificate; set before the handshake ends.
    var expectation: TLSAExpectation?
    // Holds the contexts, and the protocol name that the ALPN callback points to.
    let store: CertificateStore

    init(store: CertificateStore, role: Role) throws(TLSError) {
        let context: TLSContext
        switch role {
        case .server(_, let domain, _): context = store.context(for: domain)
        case .client(_, let identity, _, _): context = store.initiatingContext(for: identity)
        }
        guard let ssl = unsafe SSL_new(context.pointer) else {
            throw .fromOpenSSL("cannot begin a TLS session")
        }
        let wire = UnsafeMutablePointer<cssl_wire>.allocate(capacity: 1)
        unsafe wire.initialize(to: cssl_wire())
        unsafe wire.pointee.send = Self.send
        guard unsafe cssl_use_wire(ssl, wire) == 1 else {
            unsafe SSL_free(ssl)
            unsafe wire.deallocate()
            throw .fromOpenSSL("cannot connect a TLS session to its buffers")
        }
        unsafe self.ssl = ssl
        unsafe self.wire = wire
        self.store = store
        switch role {
        case .server(let side, _, let alpn):
            self.isServer = true
            unsafe SSL_set_accept_state(ssl)
            unsafe SSL_set_verify(ssl, side == .serverStreams ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
            unsafe cssl_serve_alpn(ssl, alpn ? (side == .clientStreams ? 1 : 2) : 0)
        case .client(let side, _, let serverName, let alpn):
            self.isServer = false
            unsafe SSL_set_connect_state(ssl)
            guard unsafe cssl_set_server_name(ssl, serverName) == 1 else {
                throw .fromOpenSSL("cannot ask for the server name \(serverName)")
            }
            guard alpn, let protocolName = side.applicationProtocol else { return }
            let name = Array(protocolName.utf8)
            let offered = [UInt8(name.count)] + name
            guard unsafe SSL_set_alpn_protos(ssl, offered, UInt32(offered.count)) == 0 else {
                throw .fromOpenSSL("cannot offer the protocol \(protocolName)")
            }
        }
    }

    deinit {
        unsafe SSL_free(self.ssl)
        unsafe self.wire.deallocate()
    }

    /// Takes ciphertext from the network.
    func receive(_ ciphertext: ByteBuffer) {
        if self.incoming.readableBytes == 0 {
            self.incoming = ciphertext
        } else {
            self.incoming.writeImmutableBuffer(ciphertext)
        }
    }

    /// Goes on with the handshake as far as the bytes received allow.
    func handshake() throws(TLSError) -> Progress {
        let result = unsafe self.call { unsafe SSL_do_handshake($0) }
        if result == 1 { return .finished }
        return try self.progress(after: result, attempt: "the TLS handshake failed")
    }

    /// Appends what can be decrypted to `plaintext`.
    func decrypt(into plaintext: inout ByteBuffer) throws(TLSError) -> Progress {
        // Plaintext is shorter than its ciphertext; only what OpenSSL holds of a record begun before comes on top.
        plaintext.reserveCapacity(minimumWritableBytes: self.incoming.readableBytes)
        while true {
            let result = unsafe self.call { ssl in
                var result: Int32 = 0
                unsafe plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.leastRead) { space in
                    result = unsafe SSL_read(ssl, space.baseAddress, Int32(space.count))
                    return max(0, Int(result))
                }
                return result
            }
            if result > 0 { continue }
            return try self.progress(after: result, attempt: "cannot read from a TLS session")
        }
    }

    /// Encrypts all of `plaintext`; collect the result with `takeCiphertext`.
    func encrypt(_ plaintext: ByteBuffer) throws(TLSError) {
        var plaintext = plaintext
        self.outgoing.reserveCapacity(minimumWritableBytes: plaintext.readableBytes + Self.recordOverhead)
        while plaintext.readableBytes > 0 {
            let result = unsafe self.call { ssl in
                var result: Int32 = 0
                unsafe plaintext.readWithUnsafeReadableBytes { bytes in
                    result = unsafe SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
                    return max(0, Int(result))
                }
                return result
            }
            // Memory takes every record at once, so a refusal is an error and never a reason to wait.
            guard result > 0 else { throw .fromOpenSSL("cannot write to a TLS session") }
        }
    }

    /// The ciphertext due to the peer; nil if there is none.
    func takeCiphertext() -> ByteBuffer? {
        guard self.outgoing.readableBytes > 0 else { return nil }
        defer { self.outgoing = ByteBuffer() }
        return self.outgoing
    }

    /// Says close_notify; the alert is among the ciphertext.
    func close() {
        _ = unsafe self.call { unsafe SSL_shutdown($0) }
    }

    /// The space for one read at least, so that reading goes on where a record begun before is finished.
    private static let leastRead = 512
    /// What encryption adds to a short plaintext, and some: header, content type, tag.
    private static let recordOverhead = 64

    /// What OpenSSL calls with each record to be sent.
    private static let send: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> Void = {
        target, bytes, length in
        guard let target = unsafe target?.assumingMemoryBound(to: ByteBuffer.self) else { return }
        unsafe target.pointee.writeBytes(UnsafeRawBufferPointer(start: bytes, count: length))
    }

    /// Lets OpenSSL read from `incoming` and write to `outgoing` while `body` runs.
    private func call(_ body: (OpaquePointer) -> Int32) -> Int32 {
        ERR_clear_error()
        let result = unsafe withUnsafeMutablePointer(to: &self.outgoing) { target in
            unsafe self.wire.pointee.target = UnsafeMutableRawPointer(target)
            defer { unsafe self.wire.pointee.target = nil }
            return unsafe self.incoming.readWithUnsafeReadableBytes { bytes in
                unsafe self.wire.pointee.incoming = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                unsafe self.wire.pointee.incoming_length = bytes.count
                let result = unsafe body(self.ssl)
                let read = unsafe bytes.count - self.wire.pointee.incoming_length
                unsafe self.wire.pointee.incoming = nil
                unsafe self.wire.pointee.incoming_length = 0
                return (read, result)
            }
        }
        // The buffer goes back to whoever reads from the socket.
        if self.incoming.readableBytes == 0 { self.incoming = ByteBuffer() }
        return result
    }

    private func progress(after result: Int32, attempt: String) throws(TLSError) -> Progress {
        switch unsafe SSL_get_error(self.ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .closedByPeer
        default: throw .fromOpenSSL(attempt)
        }
    }
}

extension TLSSession {
    /// What the finished handshake established.
    func facts() -> TLSFacts {
        let leaf = unsafe SSL_get0_peer_certificate(self.ssl)
        return unsafe TLSFacts(
            version: String(cString: SSL_get_version(self.ssl)),
            cipher: String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(self.ssl))),
            applicationProtocol: self.applicationProtocol(),
            exporterBinding: self.exporterBinding(),
            endPointBinding: self.endPointBinding(),
            uniqueBinding: self.uniqueBinding(),
            peer: leaf.map { unsafe self.peer($0) })
    }

    private func peer(_ leaf: OpaquePointer) -> TLSFacts.Peer {
        let chain = unsafe SSL_get_peer_cert_chain(self.ssl)
        var peer = unsafe self.store.judge(leaf: leaf, intermediates: chain)
        peer.announced = unsafe self.expectation?.judge(leaf: leaf, chain: chain, names: peer.names)
        return peer
    }

    private func applicationProtocol() -> String? {
        var name: UnsafePointer<UInt8>? = nil
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(self.ssl, &name, &length)
        guard let name = unsafe name, length > 0 else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    private func exporterBinding() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 32)
        return unsafe cssl_exporter_binding(self.ssl, &bytes) == 1 ? bytes : nil
    }

    private func uniqueBinding() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        let length = unsafe cssl_unique_binding(self.ssl, self.isServer ? 1 : 0, &bytes, bytes.count)
        return length > 0 ? Array(bytes.prefix(length)) : nil
    }

    private func endPointBinding() -> [UInt8]? {
        let certificate =
            unsafe self.isServer ? SSL_get_certificate(self.ssl) : SSL_get0_peer_certificate(self.ssl)
        guard let certificate = unsafe certificate else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        let length = unsafe cssl_end_point_binding(certificate, &bytes)
        return length > 0 ? Array(bytes.prefix(Int(length))) : nil
    }
}
