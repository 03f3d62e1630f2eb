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
                try NameSurvey(
                    domain: domain, question: self.question(), isOurs: { self.isOurs($0) }
                ).facts()
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
    /// Whether the name servers for a host were chosen here.
    private let isOurs: (String) -> Bool
    private let records = Resolver.Service.servers.records

    init(domain: String, question: @escaping Resolver.Ask, isOurs: @escaping (String) -> Bool) {
        self.isOurs = isOurs
        self.domain = domain
        self.name = CertificateStore.asciiForm(of: domain)
        self.question = question
    }

    func facts() -> NameFacts {
        var facts = NameFacts(domain: self.domain, source: .records, servers: [])
        let startTLS = self.services(self.records.startTLS, &facts)
        let directTLS = self.services(self.records.directTLS, &facts)
        let isSecure = startTLS.isSecure && directTLS.isSecure
        let all = startTLS.records.map { ($0, false) } + directTLS.records.map { ($0, true) }
        guard !all.isEmpty else {
            guard facts.unanswered.isEmpty, facts.bogus.isEmpty else { return facts }
            facts.source = .domainItself
            let place = Place(host: self.name, port: Resolver.Service.servers.usualPort, usesDirectTLS: false)
            let server = self.server(place, isSecure: isSecure, &facts)
            if !server.addresses.isEmpty || !server.withheld.isEmpty { facts.servers = [server] }
            return facts
        }
        let usable = all.filter { record, _ in !record.target.isEmpty && record.port > 0 }
        facts.isNotOffered = usable.isEmpty
        let sorted = usable.sorted { left, right in
            (left.0.priority, right.0.weight, left.0.target, left.0.port)
                < (right.0.priority, left.0.weight, right.0.target, right.0.port)
        }
        for (record, usesDirectTLS) in sorted.prefix(PlaceRounds.limit) {
            let place = Place(host: record.target, port: Int(record.port), usesDirectTLS: usesDirectTLS)
            facts.servers.append(self.server(place, isSecure: isSecure, &facts))
        }
        return facts
    }

    private struct Place {
        let host: String
        let port: Int
        let usesDirectTLS: Bool
    }

    private func services(
        _ prefix: String, _ facts: inout NameFacts
    ) -> (records: [SRVRecord], isSecure: Bool) {
        let answer = self.ask(prefix + self.name, .srv, &facts)
        return (answer.records.compactMap(SRVRecord.init(wire:)), answer.isSecure)
    }

    /// Whether the addresses of the place may be inside a private network: the domain's own name servers must have been
    /// chosen too, for else it is somebody elsewhere who says which place that is.
    private func mayBeInside(_ place: Place) -> Bool { self.isOurs(self.name) && self.isOurs(place.host) }

    private func server(
        _ place: Place, isSecure: Bool, _ facts: inout NameFacts
    ) -> NameFacts.Server {
        var server = NameFacts.Server(
            host: place.host, port: place.port, usesDirectTLS: place.usesDirectTLS, addresses: [])
        let (sixes, fours) = (self.ask(place.host, .aaaa, &facts), self.ask(place.host, .a, &facts))
        for bytes in sixes.records + fours.records {
            // What is no address is no place.
            guard
                let address = try? SocketAddress(
                    packedIPAddress: ByteBuffer(bytes: bytes), port: place.port),
                let text = address.ipAddress
            else { continue }
            if PrivateAddress.contains(bytes), !self.mayBeInside(place) {
                server.withheld.append(text)
            } else {
                server.addresses.append(text)
            }
        }
        guard isSecure, sixes.isSecure, fours.isSecure else { return server }
        do throws(NameQueries.Failure) {
            server.expectation = try Resolver.expectation(
                place.host, place.port, of: self.domain, self.question)
        } catch {
            // A place whose announcement is not told, or told falsely, is not connected to.
            self.note(error, &facts)
            server.addresses = []
        }
        return server
    }

    /// Nothing, with a note of why, if there is no answer.
    private func ask(
        _ name: String, _ type: NameQueries.RecordType, _ facts: inout NameFacts
    ) -> NameQueries.Answer {
        do throws(NameQueries.Failure) {
            return try self.question(name, type)
        } catch {
            self.note(error, &facts)
            return NameQueries.Answer(records: [], isSecure: false)
        }
    }

    private func note(_ failure: NameQueries.Failure, _ facts: inout NameFacts) {
        if failure.isBogus {
            facts.bogus.append(failure.description)
        } else {
            facts.unanswered.append(failure.description)
        }
    }
}
