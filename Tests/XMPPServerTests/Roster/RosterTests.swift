import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct RosterTests {
    let bob = JID(preparedLocal: "bob", domain: "tokyo.test", resource: nil)

    func stranger(_ number: Int) -> JID {
        JID(preparedLocal: "stranger\(number)", domain: "tokyo.test", resource: nil)
    }

    func request(from contact: JID) -> Presence {
        Presence(to: nil, from: contact, kind: .subscribe)
    }

    @Test("RFC 6121 §2.3, §2.4, §2.5: Adding, changing and removing a contact are each a new version")
    func aContactIsAddedRenamedAndRemoved() throws {
        var roster = Roster()
        let added = try roster.update(contact: self.bob, name: "Bob", groups: ["ops", "night"])
        #expect(added.isVisible)
        #expect(added.version == 1)
        #expect(roster.listed.map(\.groups) == [["night", "ops"]])

        let renamed = try roster.update(contact: self.bob, name: "", groups: [])
        #expect(renamed.version == 2)
        #expect(roster[self.bob]?.name == nil)

        let removed = try roster.remove(contact: self.bob)
        #expect(removed.farewells == [])
        #expect(removed.change.item == nil)
        #expect(removed.change.version == 3)
        #expect(roster.listed == [])
        #expect(throws: StanzaError.self) { try roster.remove(contact: self.bob) }
    }

    @Test(
        "RFC 6121 §3.1.3: A short request is kept whole; of a long one, status and nickname in so many bytes")
    func longRequests() throws {
        let limit = 200
        func kept(_ request: Presence) throws -> Presence {
            var roster = Roster(limits: RosterLimits(requestBytes: limit))
            _ = try roster.receive(.subscribe, from: self.bob, presence: request)
            return try #require(roster.pendingRequests.first)
        }
        var request = self.request(from: self.bob)
        request.id = "r1"
        request.payloads = [Element("status", namespace: Namespace.client, text: "hi")]
        let filler = limit - 2 - Stanza.presence(request).weight
        let odd = Element("x", namespace: "u")
        request.payloads.append(
            Element("x", namespace: "u", text: String(repeating: "a", count: filler - odd.weight)))
        #expect(try kept(request) == request)
        request.payloads[1] = Element(
            "x", namespace: "u", text: String(repeating: "a", count: filler - odd.weight + 1))
        let short = try kept(request)
        #expect(short.payloads == [Element("status", namespace: Namespace.client, text: "hi")])
        #expect(short.kind == .subscribe && short.from == self.bob && short.id == nil)
        request.payloads = [
            Element("status", namespace: Namespace.client, text: String(repeating: "é", count: 300_000)),
            Element("nick", namespace: Namespace.nickname, text: "Bob"),
        ]
        request.id = String(repeating: "i", count: 10_000)
        let cut = try kept(request)
        #expect(cut.payloads.map(\.name) == ["nick", "status"])
        #expect(cut.payloads.first?.text == "Bob")
        #expect((limit - 1...limit).contains(Stanza.presence(cut).weight))
    }

    @Test("RFC 6121 §2.5.2: Removing a contact takes back both subscriptions")
    func removingAContactEndsWhatWasAgreed() throws {
        var roster = Roster()
        _ = try roster.send(.subscribe, to: self.bob)
        _ = try roster.receive(.subscribed, from: self.bob, presence: Presence(to: nil, kind: .subscribed))
        _ = try roster.receive(.subscribe, from: self.bob, presence: self.request(from: self.bob))
        _ = try roster.send(.subscribed, to: self.bob)
        #expect(roster.subscribers == [self.bob])
        #expect(roster.watched == [self.bob])
        let removed = try roster.remove(contact: self.bob)
        #expect(removed.farewells == [.unsubscribe, .unsubscribed])
    }

    @Test("RFC 6121 §3.1.3, §A.1: A stranger who asks is kept apart and is no item of the roster")
    func aStrangersRequestIsKeptButNotListed() throws {
        var roster = Roster()
        let received = try roster.receive(
            .subscribe, from: self.bob, presence: self.request(from: self.bob))
        #expect(received.outcome == .deliver)
        #expect(received.change?.isVisible == false)
        #expect(received.change?.version == 0)
        #expect(roster.listed == [])
        #expect(roster.pendingRequests == [self.request(from: self.bob)])
        #expect(throws: StanzaError.self) { try roster.remove(contact: self.bob) }

        let refused = try roster.send(.unsubscribed, to: self.bob)
        #expect(refused.isRouted)
        #expect(refused.change?.item == nil)
        #expect(roster.pendingRequests == [])
    }

    @Test("RFC 6121 §3.1.5: A stranger who is granted the request becomes an item of the roster")
    func anApprovedStrangerIsListed() throws {
        var roster = Roster()
        _ = try roster.receive(.subscribe, from: self.bob, presence: self.request(from: self.bob))
        let approved = try roster.send(.subscribed, to: self.bob)
        #expect(approved.isRouted)
        #expect(approved.change?.isVisible == true)
        #expect(roster.listed.map(\.contact) == [self.bob])
        #expect(roster.pendingRequests == [])
    }

    @Test("RFC 6121 §3.3.3: That a contact looks no longer is shown, and ends its subscription")
    func losingASubscriberIsSaid() throws {
        var roster = Roster()
        _ = try roster.receive(.subscribe, from: self.bob, presence: self.request(from: self.bob))
        _ = try roster.send(.subscribed, to: self.bob)
        let lost = try roster.receive(
            .unsubscribe, from: self.bob, presence: Presence(to: nil, kind: .unsubscribe))
        #expect(lost.endsIncoming)
        #expect(lost.outcome == .deliver)
    }

    @Test("RFC 6121 §3.1.2: A request that says nothing new goes out, and makes no new version")
    func whatSaysNothingNewChangesNothing() throws {
        var roster = Roster()
        _ = try roster.send(.subscribe, to: self.bob)
        let version = roster.version
        let again = try roster.send(.subscribe, to: self.bob)
        #expect(again.isRouted)
        #expect(again.change == nil)
        #expect(roster.version == version)
    }

    @Test func theLastItemThatFitsIsTakenAndTheNextRefused() throws {
        var roster = Roster(limits: RosterLimits(items: 2))
        _ = try roster.update(contact: self.stranger(1), name: nil, groups: [])
        _ = try roster.send(.subscribe, to: self.stranger(2))
        #expect(throws: StanzaError(.resourceConstraint, text: "the roster already has 2 items")) {
            try roster.update(contact: self.stranger(3), name: nil, groups: [])
        }
        #expect(throws: StanzaError.self) { try roster.send(.subscribe, to: self.stranger(4)) }
        #expect(throws: StanzaError.self) { try roster.send(.subscribed, to: self.stranger(5)) }
        _ = try roster.update(contact: self.stranger(1), name: "still editable", groups: [])
    }

    @Test func aFloodOfRequestsIsRefused() throws {
        var roster = Roster(limits: RosterLimits(pendingRequests: 3))
        for number in 1...3 {
            let contact = self.stranger(number)
            _ = try roster.receive(.subscribe, from: contact, presence: self.request(from: contact))
        }
        let last = self.stranger(4)
        #expect(throws: StanzaError(.resourceConstraint, text: "too many requests wait for an answer")) {
            try roster.receive(.subscribe, from: last, presence: self.request(from: last))
        }
        #expect(roster.pendingRequests.count == 3)
    }

    @Test func namesAndGroupsHaveLimits() throws {
        var roster = Roster(limits: RosterLimits(nameBytes: 4, groups: 2))
        _ = try roster.update(contact: self.bob, name: "1234", groups: ["a", "b"])
        for (name, groups) in [("12345", []), ("x", ["12345"]), ("x", ["a", "b", "c"]), ("x", [""])] {
            #expect(throws: StanzaError.self) {
                try roster.update(contact: self.bob, name: name, groups: groups)
            }
        }
    }
}
