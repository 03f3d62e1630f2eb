import Testing
import XMPP

@testable import XMPPServer

/// RFC 6121 §8.5.4, table 1, and the rules for presence and IQ around it.
@Suite struct DeliveryRulesTests {
    typealias Rules = DeliveryRules

    static let desk = SessionID(number: 1)
    static let phone = SessionID(number: 2)
    static let bot = SessionID(number: 3)
    static let silent = SessionID(number: 4)

    static let willing = [
        Rules.Resource(id: desk, priority: 5), Rules.Resource(id: phone, priority: 0),
        Rules.Resource(id: bot, priority: -1), Rules.Resource(id: silent, priority: nil),
    ]
    static let unwilling = [
        Rules.Resource(id: bot, priority: -1), Rules.Resource(id: silent, priority: nil),
    ]

    struct Row: Sendable {
        let situation: String
        let addressee: Rules.Addressee
        /// In the order of `Kind.allCases`: normal, chat, groupchat, headline, error, presence, request, answer.
        let decisions: [Rules.Decision]
    }

    static let error = Rules.Decision.refuse(.serviceUnavailable)
    static let both = Rules.Decision.deliver([desk, phone])
    static let rows: [Row] = [
        Row(
            situation: "no such account", addressee: .unknownAccount,
            decisions: [error, error, error, .drop, .drop, .drop, error, .drop]),
        Row(
            situation: "bare, nobody connected", addressee: .bare([]),
            decisions: [.store, .store, error, .drop, .drop, .drop, .answerForAccount, .drop]),
        Row(
            situation: "bare, only negative or silent clients", addressee: .bare(unwilling),
            decisions: [
                .store, .store, error, .drop, .drop, .deliver([bot]), .answerForAccount, .drop,
            ]),
        Row(
            situation: "bare, some clients willing", addressee: .bare(willing),
            decisions: [
                both, both, error, both, .drop, .deliver([desk, phone, bot]), .answerForAccount, .drop,
            ]),
        Row(
            situation: "full, that client is there", addressee: .full(match: bot, willing),
            decisions: Array(repeating: .deliver([bot]), count: 8)),
        Row(
            situation: "full, gone, nobody willing", addressee: .full(match: nil, unwilling),
            decisions: [error, .store, error, error, .drop, .drop, error, .drop]),
        Row(
            situation: "full, gone, others willing", addressee: .full(match: nil, willing),
            decisions: [error, both, error, error, .drop, .drop, error, .drop]),
    ]

    @Test("Each kind of stanza in each situation", arguments: rows.indices)
    func table(index: Int) {
        let row = Self.rows[index]
        #expect(row.decisions.count == Rules.Kind.allCases.count)
        for (kind, decision) in zip(Rules.Kind.allCases, row.decisions) {
            #expect(Rules.decide(kind, for: row.addressee) == decision, "\(kind): \(row.situation)")
        }
    }

    @Test("An error is never answered with an error", arguments: rows.indices)
    func noErrorLoops(index: Int) {
        for kind in [Rules.Kind.errorMessage, .iqAnswer, .presence] {
            if case .refuse = Rules.decide(kind, for: Self.rows[index].addressee) {
                Issue.record("\(kind) is refused")
            }
        }
    }

    @Test func stanzasHaveTheirKind() {
        let kinds: [(Message.Kind, Rules.Kind)] = [
            (.normal, .normalMessage), (.chat, .chatMessage), (.groupchat, .groupchatMessage),
            (.headline, .headlineMessage), (.error, .errorMessage),
        ]
        for (kind, expected) in kinds {
            #expect(Rules.Kind(.message(Message(to: nil, kind: kind, payloads: []))) == expected)
        }
        #expect(Rules.Kind(.presence(Presence(to: nil))) == .presence)
        #expect(Rules.Kind(.iq(IQ(to: nil, id: "1", body: .result(nil)))) == .iqAnswer)
    }
}
