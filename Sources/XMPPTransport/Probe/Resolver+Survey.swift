import NIOCore
import NIOPosix
import XMPP

extension Resolver {
    /// What is known about where the servers of `domain` are: as `candidates` finds them, with what was on the way.
    ///
    /// DNS that has not answered within `time` counts as one that does not answer.
    func survey(_ domain: String, within time: TimeAmount, on eventLoop: any EventLoop) async -> NameFacts {
        if let routes = self.routes[domain] {
            return NameFacts(
                domain: domain, source: .configuration,
                servers: routes.map {
                    NameFacts.Server(
                        host: $0.host, port: $0.port, usesDirectTLS: $0.security == .directTLS,
                        addresses: [$0.host])
                })
        }
        @Sendable func unanswered(_ reason: String) -> NameFacts {
            NameFacts(domain: domain, source: .records, servers: [], unanswered: [reason])
        }
        let promise = eventLoop.makePromise(of: NameFacts.self)
        let late = eventLoop.scheduleTask(in: time) {
            promise.succeed(unanswered("no answer within \(time.nanoseconds / 1_000_000_000) s"))
        }
        defer { late.cancel() }
        do {
            let asked = try self.pool(for: .ourselves).runIfActive(eventLoop: eventLoop) {
                try NameSurvey(domain: domain, question: self.question()).facts()
            }
            // Whichever comes second changes nothing.
            asked.cascade(to: promise)
            return try await promise.futureResult.get()
        } catch {
            promise.fail(error)
            return unanswered("\(error)")
        }
    }
}

/// Asks DNS about the servers of one domain.
///
/// Blocks.
private struct NameSurvey {
    private let domain: String
    private let name: String
    private let question: Resolver.Ask
    private let records = Resolver.Service.servers.records

    init(domain: String, question: @escaping Resolver.Ask) {
        self.domain = domain
        self.name = CertificateStore.asciiForm(of: domain)
        self.question = question
    }

    func facts() -> NameFacts {
        var facts = NameFacts(domain: self.domain, source: .records, servers: [])
        let startTLS = self.services(self.records.startTLS, &facts)
        let directTLS = self.services(self.records.directTLS, &facts)
        let all = startTLS.map { ($0, false) } + directTLS.map { ($0, true) }
        guard !all.isEmpty else {
            guard facts.unanswered.isEmpty else { return facts }
            facts.source = .domainItself
            let server = self.server(
                self.name, Resolver.Service.servers.usualPort, usesDirectTLS: false, &facts)
            if !server.addresses.isEmpty || !server.withheld.isEmpty { facts.servers = [server] }
            return facts
        }
        let usable = all.filter { record, _ in !record.target.isEmpty && record.port > 0 }
        facts.isNotOffered = usable.isEmpty
        let sorted = usable.sorted { left, right in
            (left.0.priority, right.0.weight, left.0.target, left.0.port)
                < (right.0.priority, left.0.weight, right.0.target, right.0.port)
        }
        for (record, usesDirectTLS) in sorted.prefix(RemoteConnector.candidatesLimit) {
            facts.servers.append(
                self.server(record.target, Int(record.port), usesDirectTLS: usesDirectTLS, &facts))
        }
        return facts
    }

    private func services(_ prefix: String, _ facts: inout NameFacts) -> [SRVRecord] {
        self.ask(prefix + self.name, .srv, &facts).compactMap(SRVRecord.init(wire:))
    }

    private func server(
        _ host: String, _ port: Int, usesDirectTLS: Bool, _ facts: inout NameFacts
    ) -> NameFacts.Server {
        var server = NameFacts.Server(host: host, port: port, usesDirectTLS: usesDirectTLS, addresses: [])
        for bytes in self.ask(host, .aaaa, &facts) + self.ask(host, .a, &facts) {
            // What is no address is no place.
            guard let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: port),
                let text = address.ipAddress
            else { continue }
            if PrivateAddress.contains(bytes) {
                server.withheld.append(text)
            } else {
                server.addresses.append(text)
            }
        }
        return server
    }

    private func ask(
        _ name: String, _ type: NameQueries.RecordType, _ facts: inout NameFacts
    ) -> [[UInt8]] {
        do throws(NameQueries.Failure) {
            return try self.question(name, type).records
        } catch {
            facts.unanswered.append(error.description)
            return []
        }
    }
}
