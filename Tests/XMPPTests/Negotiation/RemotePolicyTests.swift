import Testing

@testable import XMPP

@Suite("What other servers must prove")
struct RemotePolicyTests {
    private static let policy = RemotePolicy(
        standard: .certificate,
        exceptions: [
            "old.test": .certificateOrDialback, "*.old.test": .blocked, "a.old.test": .certificate,
            "*.deep.old.test": .certificateOrDialback, "key.test": .pinned([[1], [2]]),
        ])

    @Test(
        "The nearest exception counts; a wide one does not stand for the domain itself",
        arguments: [
            ("b.test", RemotePolicy.Authentication.certificate), ("old.test", .certificateOrDialback),
            ("x.old.test", .blocked), ("x.y.old.test", .blocked), ("a.old.test", .certificate),
            ("b.a.old.test", .blocked), ("x.deep.old.test", .certificateOrDialback),
            ("deep.old.test", .blocked), ("notold.test", .certificate), ("test", .certificate),
        ])
    func exceptions(domain: String, expected: RemotePolicy.Authentication) {
        #expect(Self.policy.authentication(of: domain) == expected)
    }

    /// What a peer showed.
    enum Shown: Sendable, CaseIterable {
        case nothing
        case trusted
        case trustedForOthers
        case untrusted
        case pinnedKey
        /// By no authority, and as DNS announces.
        case announced
        case notAsAnnounced

        var facts: TLSFacts {
            func peer(
                _ name: String, _ verification: TLSFacts.Peer.Verification, _ digest: [UInt8] = [9]
            ) -> TLSFacts.Peer {
                .init(names: CertificateNames(dns: [name]), verification: verification, keyDigest: digest)
            }
            func announced(_ peer: TLSFacts.Peer, _ verdict: TLSFacts.Peer.Announced) -> TLSFacts.Peer {
                var peer = peer
                peer.announced = verdict
                return peer
            }
            let shown: TLSFacts.Peer? =
                switch self {
                case .nothing: nil
                case .trusted: peer("b.test", .trusted)
                case .trustedForOthers: peer("c.test", .trusted)
                case .untrusted: peer("b.test", .untrusted(reason: "expired"))
                case .pinnedKey: peer("c.test", .untrusted(reason: "expired"), [1])
                case .announced: announced(peer("c.test", .untrusted(reason: "expired")), .matched)
                case .notAsAnnounced: announced(peer("b.test", .trusted), .mismatched)
                }
            return TLSFacts(version: "TLSv1.3", cipher: "", peer: shown)
        }
    }

    /// What the verdict is, without its words.
    enum Outcome: Sendable {
        case proved
        case needsDialback
        case refused
    }

    @Test(
        "What is shown is judged by what is asked for",
        arguments: [
            (RemotePolicy.Authentication.certificate, [Shown.trusted, .announced], [Shown]()),
            (
                .certificateOrDialback, [.trusted, .announced],
                [.nothing, .trustedForOthers, .untrusted, .pinnedKey]
            ),
            (.pinned([[1], [2]]), [.pinnedKey], []),
            (.pinned([[9]]), [.trusted, .trustedForOthers, .untrusted, .announced, .notAsAnnounced], []),
            (.blocked, [], []),
        ])
    func verdicts(asked: RemotePolicy.Authentication, proved: [Shown], dialback: [Shown]) {
        for shown in Shown.allCases {
            let outcome: Outcome =
                switch asked.judge("b.test", shown.facts) {
                case .proved: .proved
                case .needsDialback: .needsDialback
                case .refused: .refused
                }
            let expected: Outcome =
                proved.contains(shown) ? .proved : dialback.contains(shown) ? .needsDialback : .refused
            #expect(outcome == expected, "\(shown)")
        }
    }

    @Test("A refusal says what was asked for and what is wrong with what was shown")
    func reasons() {
        let certificate = RemotePolicy.Authentication.certificate
        #expect(
            certificate.judge("b.test", Shown.trustedForOthers.facts)
                == .refused(
                    reason: "a certificate for b.test is required: the one shown is for other names"))
        #expect(
            certificate.judge("b.test", Shown.nothing.facts)
                == .refused(reason: "a certificate for b.test is required: none was shown"))
        #expect(
            RemotePolicy.Authentication.pinned([[1]]).judge("b.test", Shown.trusted.facts)
                == .refused(reason: "the key shown is not the one pinned for b.test"))
    }
}
