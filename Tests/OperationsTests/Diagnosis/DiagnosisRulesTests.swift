import CloudModel
import Testing
import XMPP

@testable import Operations

@Suite("Rules of findings")
struct DiagnosisRulesTests {
    private let pair = DomainPair(local: "paris.test", remote: "tokyo.test")
    /// 2026-11-22T12:00:00Z.
    private let now = Instant(millisecondsSinceEpoch: 1_795_348_800_000)

    private func certificate(
        names: [String] = ["tokyo.test"], problem: CertificateFacts.Problem? = nil, days: Int64 = 90
    ) -> CertificateFacts {
        CertificateFacts(
            names: CertificateNames(dns: names), issuer: "Test CA",
            notBefore: DateTime(millisecondsSinceEpoch: self.now.millisecondsSinceEpoch - 86_400_000),
            notAfter: DateTime(millisecondsSinceEpoch: self.now.millisecondsSinceEpoch + days * 86_400_000),
            chainLength: 1, problem: problem)
    }

    private func stream(_ end: StreamFacts.End?, tls: Bool = true) -> StreamFacts {
        var facts = StreamFacts(
            place: "192.0.2.1:5269", usesDirectTLS: false, reach: .connected(after: .microseconds(400)))
        facts.speaksXMPP = true
        facts.beganTLS = tls
        if tls {
            facts.tls = TLSFacts(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384")
            facts.certificate = self.certificate()
        }
        facts.end = end
        return facts
    }

    private func findings(_ facts: StreamFacts, _ rules: DiagnosisRules = DiagnosisRules()) -> [Finding] {
        rules.findings(of: facts, self.pair, now: self.now)
    }

    /// The one finding with that subject.
    private func finding(
        _ subject: String, in findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Finding {
        try #require(findings.first { $0.subject == subject }, sourceLocation: sourceLocation)
    }

    @Test("A stream that is well: every step is told, nothing is to be done")
    func well() {
        var facts = self.stream(.authenticated(.external))
        facts.limits = StreamLimits(longestStanza: 524_288, longestSilence: 600)
        let findings = self.findings(facts)
        #expect(findings.map(\.verdict) == [.ok, .ok, .ok, .ok, .ok])
        #expect(findings.map(\.subject) == ["port", "encryption", "certificate", "authentication", "limits"])
        #expect(findings.map(\.place) == Array(repeating: "192.0.2.1:5269, STARTTLS", count: 5))
        #expect(findings[0].seen == "answers after 0.4 ms")
        #expect(findings[2].seen == "for tokyo.test by Test CA, 90 days left")
        #expect(findings[4].seen == "stanzas of 524288 bytes at most, idle for 600 s at most")
        #expect(findings.allSatisfy { $0.cure == nil })
    }

    @Test(
        "A port that cannot be reached: why, and what to look at",
        arguments: [
            (StreamFacts.Reach.refused, "nobody listens there (connection refused)", "server running"),
            (.timedOut(after: .seconds(5)), "no answer within 5.0 s", "firewall"),
            (
                .failed("there is no route to that network"),
                "cannot be reached: there is no route to that network", "IPv6"
            ),
        ])
    func unreachable(reach: StreamFacts.Reach, seen: String, cure: String) throws {
        var facts = self.stream(nil)
        facts.reach = reach
        let findings = self.findings(facts)
        #expect(findings.count == 1)
        #expect(findings[0].verdict == .fault)
        #expect(findings[0].seen == seen)
        #expect(try #require(findings[0].cure).contains(cure))
    }

    @Test(
        "A certificate that does not count: a fault where policy wants one, else a warning",
        arguments: [
            (CertificateFacts.Problem.expired, "expired on 2027-02-20T12:00:00Z", "gets a new one"),
            (.notYetValid, "counts only from 2026-11-21T12:00:00Z on", "clocks"),
            (.selfSigned, "signed by itself, so that nobody vouches for it", "server.authorities"),
            (.unknownIssuer, "issued by Test CA, which is not trusted (1 certificate shown)", "chain file"),
            (.other("unsupported name"), "does not count: unsupported name", "another one"),
        ])
    func certificates(problem: CertificateFacts.Problem, seen: String, cure: String) throws {
        for (policy, verdict) in [
            (RemotePolicy.Authentication.certificate, Finding.Verdict.fault),
            (.certificateOrDialback, .warning),
        ] {
            var facts = self.stream(.failed(.untrustedPeer(reason: "it")))
            facts.certificate = self.certificate(problem: problem)
            let finding = try self.finding(
                "certificate", in: self.findings(facts, DiagnosisRules(policy: policy)))
            #expect(finding.verdict == verdict)
            #expect(finding.seen == seen)
            #expect(try #require(finding.cure).contains(cure))
        }
    }

    @Test("A certificate for other names says for which, and for which it should be")
    func wrongName() throws {
        var facts = self.stream(.failed(.untrustedPeer(reason: "it")))
        facts.certificate = self.certificate(names: ["rome.test", "oslo.test"])
        let finding = try self.finding(
            "certificate", in: self.findings(facts, DiagnosisRules(policy: .certificate)))
        #expect(finding.verdict == .fault)
        #expect(finding.seen == "is for oslo.test, rome.test, not for tokyo.test")
        #expect(
            finding.cure == "its owner gets a certificate with the name tokyo.test (DNS name or xmppAddr)")
    }

    @Test("The days that a certificate has left: 14 are enough, 13 are not", arguments: [(14, 0), (13, 1)])
    func renewal(days: Int64, warnings: Int) {
        let findings = DiagnosisRules().findings(
            of: self.certificate(days: days), for: "tokyo.test", by: .ourselves, now: self.now)
        #expect(findings.count { $0.verdict == .warning } == warnings)
        #expect(findings.count == 1)
    }

    @Test(
        "Our own certificate is ours to mend, whatever the policy",
        arguments: [RemotePolicy.Authentication.certificate, .certificateOrDialback])
    func ownCertificate(policy: RemotePolicy.Authentication) {
        let findings = DiagnosisRules(policy: policy).findings(
            of: self.certificate(problem: .expired), for: "tokyo.test", by: .ourselves, now: self.now)
        #expect(findings.map(\.verdict) == [.fault])
        #expect(findings.map(\.cure) == ["get a new one"])
    }

    @Test("Without STARTTLS nothing is exchanged")
    func noTLS() throws {
        let findings = self.findings(self.stream(.failed(.noTLS), tls: false))
        #expect(findings.map(\.subject) == ["port", "encryption"])
        #expect(findings[1].verdict == .fault)
        #expect(findings[1].seen == "STARTTLS is not offered")
    }

    @Test("A TLS handshake that fails is told in OpenSSL's words")
    func handshake() throws {
        var facts = self.stream(.lost("the TLS handshake failed: no shared cipher"), tls: false)
        facts.beganTLS = true
        let finding = try self.finding("encryption", in: self.findings(facts))
        #expect(finding.verdict == .fault)
        #expect(finding.seen.contains("no shared cipher"))
        #expect(try #require(finding.cure).contains("TLS 1.2"))
    }

    @Test("A port that says nothing, or nothing that is XMPP")
    func silence() throws {
        var facts = self.stream(.failed(.timedOut), tls: false)
        facts.speaksXMPP = false
        #expect(
            try self.finding("stream", in: self.findings(facts)).seen
                == "the port takes connections and says nothing")
        facts.end = .lost("the peer closed the connection")
        #expect(try self.finding("stream", in: self.findings(facts)).seen.contains("does not speak XMPP"))
    }

    @Test(
        "Authentication: what failed, and who can mend it",
        arguments: [
            (
                StreamFacts.End.failed(.noCommonMethod), Finding.Verdict.fault,
                "neither EXTERNAL nor dialback is offered", "must name paris.test"
            ),
            (
                .failed(.externalRefused(SASLFailure(.notAuthorized))), .fault,
                "our certificate is refused (not-authorized)", "trust the authority"
            ),
            (
                .failed(.dialbackRefused(.invalid)), .fault, "dialback failed: the key was found wrong",
                "DNS, port and certificate of paris.test"
            ),
            (
                .failed(.dialbackRefused(.error(StanzaError(.remoteServerNotFound)))), .fault,
                "dialback failed: remote-server-not-found", "DNS, port and certificate of paris.test"
            ),
            (
                .failed(.dialbackRefused(.error(StanzaError(.policyViolation)))), .fault,
                "dialback failed: policy-violation", "allows dialback"
            ),
            (.failed(.timedOut), .fault, "no answer in time", "DNS of paris.test"),
            (
                .failed(.protocolViolation("a second header")), .fault,
                "the other server broke the protocol: a second header", "updates"
            ),
            (.lost("reset by peer"), .fault, "the connection ended during it: reset by peer", "log"),
            (
                .authenticated(.dialback(afterRefusal: SASLFailure(.notAuthorized, text: "unknown CA"))),
                .warning,
                "EXTERNAL was refused (not-authorized, “unknown CA”); server dialback worked",
                "trust the authority"
            ),
            (
                .authenticated(.dialback(afterRefusal: nil)), .warning,
                "by server dialback; EXTERNAL is not offered to us", "trust"
            ),
        ])
    func authentication(end: StreamFacts.End, verdict: Finding.Verdict, seen: String, cure: String) throws {
        let finding = try self.finding("authentication", in: self.findings(self.stream(end)))
        #expect(finding.verdict == verdict)
        #expect(finding.seen == seen)
        #expect(try #require(finding.cure).contains(cure))
    }

    @Test(
        "Where policy wants a certificate that is missing, authentication is not tried; the policy can be changed"
    )
    func skipped() throws {
        let facts = self.stream(.failed(.untrustedPeer(reason: "certificate has expired")))
        let finding = try self.finding(
            "authentication", in: self.findings(facts, DiagnosisRules(policy: .certificate)))
        #expect(finding.verdict == .skipped)
        #expect(try #require(finding.cure).contains("federation.peers.tokyo.test: dialback"))
    }

    @Test("Without an agent dialback cannot be judged")
    func withoutAgent() throws {
        var rules = DiagnosisRules()
        rules.answersDialback = false
        for end in [StreamFacts.End.failed(.timedOut), .failed(.dialbackRefused(.invalid))] {
            #expect(
                try self.finding("authentication", in: self.findings(self.stream(end), rules)).verdict
                    == .skipped)
        }
    }

    @Test(
        "A stream that the other server closes with an error",
        arguments: [
            (StreamError.Condition.hostUnknown, "does not serve tokyo.test"),
            (.policyViolation, "allows paris.test"),
            (.resourceConstraint, "try again later"), (.internalServerError, "log of the server"),
        ])
    func refused(condition: StreamError.Condition, cure: String) throws {
        let facts = self.stream(.failed(.refused(StreamError(condition, text: "no"))))
        let finding = try self.finding("stream", in: self.findings(facts))
        #expect(finding.seen == "closed by the other server: \(condition.rawValue), “no”")
        #expect(try #require(finding.cure).contains(cure))
    }

    @Test(
        "XEP-0478: limits below what every server must take are a fault, small ones a warning",
        arguments: [(9_999, Finding.Verdict.fault), (10_000, .warning), (65_535, .warning), (65_536, .ok)])
    func limits(bytes: Int, verdict: Finding.Verdict) throws {
        var facts = self.stream(.authenticated(.external))
        facts.limits = StreamLimits(longestStanza: bytes)
        #expect(try self.finding("limits", in: self.findings(facts)).verdict == verdict)
    }
}

extension DiagnosisRulesTests {
    @Test("DNS: a target of “.”, no record at all, no answer, a host without address")
    func names() throws {
        let rules = DiagnosisRules()
        let none = rules.findings(
            of: NameFacts(domain: "tokyo.test", source: .records, servers: [], isNotOffered: true))
        #expect(none.map(\.verdict) == [.fault])
        #expect(none[0].seen.contains("“.”"))

        let unknown = rules.findings(of: NameFacts(domain: "tokyo.test", source: .domainItself, servers: []))
        #expect(unknown.map(\.verdict) == [.fault])
        #expect(try #require(unknown[0].cure).contains("_xmpp-server._tcp.tokyo.test"))
        #expect(try #require(unknown[0].cure).contains("server.routes"))

        let silent = rules.findings(
            of: NameFacts(domain: "tokyo.test", source: .records, servers: [], unanswered: ["SERVFAIL"]))
        #expect(silent.map(\.seen) == ["DNS does not answer: SERVFAIL"])
        #expect(silent.map(\.verdict) == [.fault])

        let server = NameFacts.Server(host: "x.tokyo.test", port: 5269, usesDirectTLS: false, addresses: [])
        let homeless = rules.findings(
            of: NameFacts(domain: "tokyo.test", source: .records, servers: [server]))
        #expect(homeless.map(\.seen) == ["x.tokyo.test:5269, but x.tokyo.test has no address"])
        #expect(homeless.map(\.verdict) == [.fault])
    }

    @Test("DNS: what is well, and a domain without SRV records that is found all the same")
    func goodNames() {
        let rules = DiagnosisRules()
        var server = NameFacts.Server(
            host: "x.tokyo.test", port: 5270, usesDirectTLS: true, addresses: ["192.0.2.1", "2001:db8::1"])
        var facts = NameFacts(domain: "tokyo.test", source: .records, servers: [server])
        #expect(
            rules.findings(of: facts) == [
                Finding("SRV record", .ok, "x.tokyo.test:5270 with TLS first at 192.0.2.1, 2001:db8::1")
            ])
        facts.source = .domainItself
        #expect(rules.findings(of: facts).map(\.verdict) == [.ok, .warning])
        facts.source = .configuration
        facts.servers[0].addresses = ["x.tokyo.test"]
        #expect(
            rules.findings(of: facts).map(\.seen) == [
                "the configuration says x.tokyo.test:5270 with TLS first"
            ])
        server.addresses = []
        server.withheld = ["10.0.0.1"]
        facts = NameFacts(domain: "tokyo.test", source: .records, servers: [server])
        #expect(rules.findings(of: facts).map(\.verdict) == [.warning])
    }

    @Test(
        "DANE: a certificate as DNS announces it is well whoever signed it; any other is a fault, dialback or not"
    )
    func announced() throws {
        var facts = self.stream(.authenticated(.external))
        facts.certificate = self.certificate(names: ["other.test"], problem: .selfSigned)
        facts.tls?.peer = TLSFacts.Peer(
            names: CertificateNames(), verification: .untrusted(reason: "self-signed"))
        facts.tls?.peer?.announced = .matched
        #expect(self.findings(facts).allSatisfy { $0.verdict == .ok })
        facts.tls?.peer?.announced = .mismatched
        facts.end = .failed(.untrustedPeer(reason: "the one shown is not what DNS announces (RFC 7673)"))
        var rules = DiagnosisRules()
        rules.policy = .certificateOrDialback
        let findings = self.findings(facts, rules)
        let certificate = try self.finding("certificate", in: findings)
        #expect(certificate.verdict == .fault)
        #expect(certificate.seen.contains("not the one that DNS announces"))
        #expect(try self.finding("authentication", in: findings).cure?.contains("TLSA") == true)
    }

    @Test("DNSSEC: what is announced is told, and what is proved false is a fault, told once")
    func signed() throws {
        let record = TLSARecord(
            usage: .certificate, selector: .key, matching: .sha256, data: [UInt8](repeating: 7, count: 32))
        var server = NameFacts.Server(
            host: "x.tokyo.test", port: 5269, usesDirectTLS: false, addresses: ["192.0.2.1"],
            expectation: TLSAExpectation([record], names: ["tokyo.test"]))
        var facts = NameFacts(domain: "tokyo.test", source: .records, servers: [server])
        let announced = try self.finding("DANE", in: DiagnosisRules().findings(of: facts))
        #expect(announced.seen == "DNS announces the certificate of x.tokyo.test:5269, signed: 1 TLSA record")
        server.addresses = []
        facts.servers = [server]
        facts.servers[0].expectation = nil
        facts.bogus = ["x.tokyo.test: DNSSEC proves the answer false: signature expired"]
        let findings = DiagnosisRules().findings(of: facts)
        #expect(findings.map(\.subject) == ["DNSSEC"])
        #expect(findings.map(\.verdict) == [.fault])
        facts.servers = []
        #expect(DiagnosisRules().findings(of: facts).map(\.subject) == ["DNSSEC"])
    }

    @Test("A site that DNS does not know is found by routes: no fault")
    func ownNames() {
        let facts = NameFacts(domain: "paris.test", source: .domainItself, servers: [])
        #expect(DiagnosisRules().ownNames(facts).map(\.verdict) == [.warning])
        let denied = NameFacts(domain: "paris.test", source: .records, servers: [], isNotOffered: true)
        #expect(DiagnosisRules().ownNames(denied).map(\.verdict) == [.fault])
    }

    private func answers(_ roundTrip: Duration, _ lead: Duration?) -> [Finding] {
        var facts = AnswerFacts()
        facts.roundTrip = roundTrip
        facts.clockLead = lead
        return DiagnosisRules().findings(of: facts, from: "tokyo.test")
    }

    @Test(
        "XEP-0202: clocks 5 s apart are well, more is a warning, more than a minute a fault",
        arguments: [
            (Duration.seconds(5), Finding.Verdict.ok), (.milliseconds(5_001), .warning),
            (.seconds(-60), .warning),
            (.milliseconds(60_001), .fault), (.milliseconds(-60_001), .fault),
        ])
    func clocks(lead: Duration, verdict: Finding.Verdict) throws {
        #expect(try self.finding("clock", in: self.answers(.milliseconds(1), lead)).verdict == verdict)
    }

    @Test("XEP-0202: the sentence says whose clock is ahead; who does not say is not judged")
    func clockSentences() throws {
        let behind = try self.finding("clock", in: self.answers(.zero, .seconds(-90)))
        #expect(behind.seen == "that of tokyo.test is 90 s behind ours")
        #expect(try self.finding("clock", in: self.answers(.zero, nil)).verdict == .skipped)
    }

    @Test("XEP-0199: a round trip of more than a second is slow")
    func roundTrips() throws {
        #expect(try self.finding("round trip", in: self.answers(.seconds(1), .zero)).verdict == .ok)
        let slow = try self.finding("round trip", in: self.answers(.milliseconds(1_200), .zero))
        #expect(slow.verdict == .warning)
        #expect(slow.seen == "1.2 s")
    }

    @Test(
        "XEP-0199: a ping that fails",
        arguments: [
            (StanzaError.Condition.remoteServerNotFound, "spelling"), (.remoteServerTimeout, "no way back"),
            (.policyViolation, "policy"), (.internalServerError, "log"),
        ])
    func failedPing(condition: StanzaError.Condition, cure: String) throws {
        var facts = AnswerFacts()
        facts.refusal = StanzaError(condition, text: "so it is")
        let findings = DiagnosisRules().findings(of: facts, from: "tokyo.test")
        #expect(findings.map(\.verdict) == [.fault])
        #expect(findings[0].seen == "a ping failed: \(condition.rawValue), “so it is”")
        #expect(try #require(findings[0].cure).contains(cure))
    }

    @Test("A domain that the configuration blocks")
    func blocked() {
        #expect(DiagnosisRules().blocked("tokyo.test").verdict == .fault)
    }

    @Test(
        "Space on the disk: warned of below a GiB, a fault below 64 MiB",
        arguments: [
            (Int64(1_073_741_824), Finding.Verdict.ok), (1_073_741_823, .warning), (67_108_864, .warning),
            (67_108_863, .fault),
        ])
    func space(bytes: Int64, verdict: Finding.Verdict) {
        #expect(DiagnosisRules().space(bytes, in: "/data").verdict == verdict)
    }

    @Test(
        "Secrets are for their owner",
        arguments: [(0o600, Finding.Verdict.ok), (0o640, .warning), (0o604, .warning)])
    func secrets(mode: Int, verdict: Finding.Verdict) {
        #expect(DiagnosisRules().secrecy(of: "/site.key", mode: mode).verdict == verdict)
    }

    @Test("Our clock: before the software was made it is wrong")
    func ownClock() {
        let rules = DiagnosisRules()
        let past = Instant(millisecondsSinceEpoch: self.now.millisecondsSinceEpoch - 1)
        #expect(rules.clock(past, release: self.now).verdict == .fault)
        #expect(rules.clock(self.now, release: self.now).verdict == .ok)
    }
}
