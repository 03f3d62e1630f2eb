import CUnbound

/// The questions that finding another server takes, asked of DNS through libunbound.
///
/// Blocks.
///
/// `@unchecked Sendable`: libunbound locks its context, which may be used from several threads.
@safe final class NameQueries: @unchecked Sendable {
    /// Record types (RFC 1035, RFC 3596, RFC 2782, RFC 6698).
    enum RecordType: Int32, Sendable {
        case a = 1
        case aaaa = 28
        case srv = 33
        case tlsa = 52
    }

    /// What DNS says.
    struct Answer: Hashable, Sendable {
        /// The data of all records of that type; empty if the name or the type does not exist.
        var records: [[UInt8]]
        /// Whether signatures up to the root prove it (RFC 4035 §4.3); never, unless answers are validated.
        var isSecure: Bool
    }

    /// DNS gave no answer, neither yes nor no, or one whose signatures do not fit.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        /// Whether there was an answer, and its signatures do not fit (RFC 4035 §4.3).
        var isBogus = false
    }

    private let context: OpaquePointer

    /// Uses the name servers of `/etc/resolv.conf`, unless others are named, and knows `/etc/hosts`.
    ///
    /// - Parameters:
    ///   - rootKey: the file of the keys by which answers are validated; without it none is.
    ///   - nameServers: who is asked instead, for all names or some.
    init(rootKey: String? = nil, nameServers: [NameServer] = []) throws(Failure) {
        guard let context = unsafe ub_ctx_create() else {
            throw Failure(description: "libunbound cannot be set up: out of memory")
        }
        unsafe self.context = context
        if !nameServers.contains(where: { $0.domain == nil }) {
            try Self.check(unsafe ub_ctx_resolvconf(context, nil), "read /etc/resolv.conf")
        }
        for server in nameServers {
            let code =
                if let domain = server.domain {
                    unsafe ub_ctx_set_stub(context, domain, server.place, 0)
                } else {
                    unsafe ub_ctx_set_fwd(context, server.place)
                }
            try Self.check(code, "ask the name server \(server.place)")
        }
        if let rootKey {
            try Self.check(unsafe ub_ctx_add_ta_file(context, rootKey), "read the root key \(rootKey)")
        }
        // A machine without /etc/hosts has no names there, that is all.
        _ = unsafe ub_ctx_hosts(context, nil)
        // Last, for it closes the settings: libunbound knows by itself that there is nothing below test., home.arpa. and
        // other names of private use (RFC 6761), which is just where name servers of one's own are for.
        for domain in nameServers.compactMap(\.domain) {
            try Self.check(unsafe ub_ctx_zone_add(context, domain, "transparent"), "look below \(domain)")
        }
    }

    private static func check(_ code: Int32, _ what: String) throws(Failure) {
        guard code != 0 else { return }
        throw Failure(description: "cannot \(what): \(unsafe String(cString: ub_strerror(code)))")
    }

    deinit {
        unsafe ub_ctx_delete(self.context)
    }

    /// Fails for what is bogus, that is, for signatures that do not fit.
    func ask(_ name: String, _ type: RecordType) throws(Failure) -> Answer {
        var result: UnsafeMutablePointer<ub_result>?
        let code = unsafe ub_resolve(self.context, name, type.rawValue, 1, &result)
        guard code == 0, let result = unsafe result else {
            throw Failure(description: "\(name): \(unsafe String(cString: ub_strerror(code)))")
        }
        defer { unsafe ub_resolve_free(result) }
        guard unsafe result.pointee.bogus == 0 else {
            let why = unsafe result.pointee.why_bogus.map { unsafe String(cString: $0) } ?? "bogus"
            throw Failure(description: "\(name): DNSSEC proves the answer false: \(why)", isBogus: true)
        }
        guard unsafe result.pointee.rcode == 0 || result.pointee.nxdomain != 0 else {
            throw Failure(
                description: "\(name): the name servers answer with code \(unsafe result.pointee.rcode)")
        }
        var records: [[UInt8]] = []
        var index = 0
        while let item = unsafe result.pointee.data?[index], let lengths = unsafe result.pointee.len {
            let length = unsafe Int(lengths[index])
            records.append(unsafe Array(UnsafeRawBufferPointer(start: item, count: length)))
            index += 1
        }
        return Answer(records: records, isSecure: unsafe result.pointee.secure != 0)
    }
}
