import COpenSSL
import Synchronization
import XMPP

/// The certificates of the served domains and the authorities that peers are verified against.
///
/// Certificates are read when the store is made and whenever it is told to read them again; connections that are up
/// keep what they have.
///
/// `@unchecked Sendable`: `trust` is set in `init` and locks itself, all else is locked or constant.
@safe package final class CertificateStore: @unchecked Sendable {
    /// Who connects: decides the ALPN name of direct TLS (XEP-0368) and whether the peer is asked for a certificate.
    package enum Side: Hashable, Sendable {
        case clientStreams
        case serverStreams
        /// External components (XEP-0114), which have no ALPN name.
        case componentStreams

        package var applicationProtocol: String? {
            switch self {
            case .clientStreams: "xmpp-client"
            case .serverStreams: "xmpp-server"
            case .componentStreams: nil
            }
        }
    }

    /// The domains that have a certificate, in ASCII form and in order: the first is shown to a peer that names none.
    package let domains: [String]
    private let files: [String: CertificateFiles]
    private let contexts: Mutex<[String: TLSContext]>
    private let anonymous: TLSContext
    let trust: OpaquePointer

    /// Reads every certificate and key, by domain; throws if one is missing or does not fit, rather than when a peer
    /// connects.
    package init(certificates: [String: CertificateFiles], trust: TrustAnchors) throws(TLSError) {
        var files: [String: CertificateFiles] = [:]
        for (domain, place) in certificates { files[Self.asciiForm(of: domain)] = place }
        self.files = files
        self.domains = files.keys.sorted()
        let contexts = try Self.read(files)
        self.contexts = Mutex(contexts)
        self.anonymous = try TLSContext()
        guard let store = unsafe X509_STORE_new() else {
            throw .fromOpenSSL("cannot make a certificate store")
        }
        unsafe self.trust = store
        switch trust {
        case .system:
            guard unsafe X509_STORE_set_default_paths(store) == 1 else {
                throw .fromOpenSSL("cannot open the system's trust store")
            }
        case .file(let path):
            guard unsafe X509_STORE_load_file(store, path) == 1 else {
                throw .fromOpenSSL("cannot read the trusted authorities in \(path) (PEM)")
            }
        }
        self.answerNames(by: contexts)
    }

    private static func read(
        _ files: [String: CertificateFiles]
    ) throws(TLSError) -> [String: TLSContext] {
        var contexts: [String: TLSContext] = [:]
        for (domain, place) in files.sorted(by: { $0.key < $1.key }) {
            contexts[domain] = try TLSContext(place)
        }
        return contexts
    }

    private func answerNames(by contexts: [String: TLSContext]) {
        // Sessions made from a context keep the store alive that this callback reads.
        let reference = unsafe Unmanaged.passUnretained(self).toOpaque()
        for context in contexts.values {
            unsafe cssl_on_server_name(context.pointer, serverNameCallback, reference)
        }
    }

    /// Reads every certificate and key again; the domains that show another chain now.
    ///
    /// Throws if one is missing or does not fit, and then nothing has changed: files that are just being replaced are
    /// read the next time.
    package func reload() throws(TLSError) -> [String] {
        let fresh = try Self.read(self.files)
        self.answerNames(by: fresh)
        return self.contexts.withLock { contexts in
            var renewed: [String] = []
            for domain in self.domains {
                guard let context = fresh[domain], contexts[domain]?.showsSame(as: context) != true else {
                    continue
                }
                contexts[domain] = context
                renewed.append(domain)
            }
            return renewed
        }
    }

    deinit {
        unsafe X509_STORE_free(self.trust)
    }

    /// The context of `domain`; without one, that of the first domain, or none to show.
    func context(for domain: String?) -> TLSContext {
        let wanted = domain.map(Self.asciiForm)
        return self.contexts.withLock { contexts in
            wanted.flatMap { contexts[$0] } ?? self.domains.first.flatMap { contexts[$0] } ?? self.anonymous
        }
    }

    /// The context by which `domain` identifies itself to a server it connects to.
    func initiatingContext(for domain: String?) -> TLSContext {
        guard let domain else { return self.anonymous }
        return self.exactContext(for: Self.asciiForm(of: domain)) ?? self.anonymous
    }

    fileprivate func exactContext(for name: String) -> TLSContext? {
        self.contexts.withLock { $0[name] }
    }

    /// Whether `domain` has a certificate to show.
    package func hasCertificate(for domain: String) -> Bool {
        self.files[Self.asciiForm(of: domain)] != nil
    }

    /// The form that certificates, SNI and DNS use; a name that has none stands for itself and matches nothing there.
    static func asciiForm(of domain: String) -> String {
        do {
            return try Domainpart.asciiForm(of: domain)
        } catch {
            return domain
        }
    }

    /// Judges a peer's leaf certificate; `nil` if it showed none.
    func judge(leaf: OpaquePointer, intermediates: OpaquePointer?) -> TLSFacts.Peer {
        let code = unsafe cssl_verify(self.trust, leaf, intermediates)
        let reason = unsafe String(cString: X509_verify_cert_error_string(Int(code)))
        return unsafe TLSFacts.Peer(
            names: CertificateNames(reading: leaf),
            verification: code == X509_V_OK ? .trusted : .untrusted(reason: reason),
            keyDigest: CertificateBytes(leaf).keyDigest)
    }
}

/// Switches a session to the certificate of the name the peer asked for (RFC 6066 §3).
///
/// An unknown name keeps the default certificate: the peer then decides, and the stream header is answered with
/// `host-unknown`.
private let serverNameCallback: cssl_server_name_callback = { ssl, _, argument in
    guard let ssl = unsafe ssl, let argument = unsafe argument,
        let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
    else { return SSL_TLSEXT_ERR_NOACK }
    let store = unsafe Unmanaged<CertificateStore>.fromOpaque(argument).takeUnretainedValue()
    guard let context = unsafe store.exactContext(for: String(cString: name).lowercased()) else {
        return SSL_TLSEXT_ERR_NOACK
    }
    unsafe SSL_set_SSL_CTX(ssl, context.pointer)
    return SSL_TLSEXT_ERR_OK
}

extension CertificateNames {
    /// Reads the subjectAltName of an X.509 certificate as ASN.1; names with bytes that no name has are skipped.
    init(reading certificate: OpaquePointer) {
        self.init()
        unsafe withUnsafeMutablePointer(to: &self) { names in
            unsafe cssl_each_name(
                certificate,
                { kind, bytes, length, argument in
                    guard let bytes = unsafe bytes, let argument = unsafe argument else { return }
                    let content = unsafe UnsafeBufferPointer(start: bytes, count: length)
                    guard unsafe content.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
                        let name = unsafe String(validating: content, as: UTF8.self)
                    else { return }
                    let names = unsafe argument.assumingMemoryBound(to: CertificateNames.self)
                    switch kind {
                    case cssl_name_dns: unsafe names.pointee.dns.append(name)
                    case cssl_name_srv: unsafe names.pointee.services.append(name)
                    case cssl_name_xmpp: unsafe names.pointee.addresses.append(name)
                    default: break
                    }
                }, names)
        }
    }
}
