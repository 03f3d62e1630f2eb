import Testing
import XMPP

@testable import XMPPServer

@Suite struct SessionTableTests {
    let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: nil)
    let bob = JID(preparedLocal: "bob", domain: "paris.test", resource: nil)

    /// Binds and returns the session, or records an issue.
    func bind(_ resource: String, for account: JID, in table: inout SessionTable) throws -> ClientSession {
        guard case .bound(let session, _) = table.bind(account: account, resource: resource) else {
            throw StanzaError(.resourceConstraint)
        }
        return session
    }

    @Test func aSecondClientWithTheSameResourceDisplacesTheFirst() throws {
        var table = SessionTable()
        let first = try self.bind("desk", for: self.alice, in: &table)
        guard case .bound(let second, let displaced) = table.bind(account: self.alice, resource: "desk")
        else { throw StanzaError(.conflict) }
        #expect(displaced == first.id)
        #expect(table.session(at: second.address)?.id == second.id)

        // The first one's end must not take the second one's address away.
        let removed = table.remove(first.id)
        #expect(removed == first)
        #expect(table.session(at: second.address)?.id == second.id)
        #expect(table.sessions(of: self.alice).map(\.id) == [second.id])
    }

    @Test func theLastSessionThatFitsIsBoundAndTheNextRefused() throws {
        var table = SessionTable(sessionsPerAccount: 10)
        for number in 1...10 { _ = try self.bind("r\(number)", for: self.alice, in: &table) }
        let eleventh = table.bind(account: self.alice, resource: "r11")
        #expect(eleventh == .refused)
        // Taking over a resource adds no session, and another account has its own room.
        guard case .bound(_, .some) = table.bind(account: self.alice, resource: "r1") else {
            Issue.record("taking over was refused")
            return
        }
        _ = try self.bind("r11", for: self.bob, in: &table)
    }

    @Test func presenceIsInitialOnceUntilUnavailable() throws {
        var table = SessionTable()
        let session = try self.bind("desk", for: self.alice, in: &table)
        let presence = Presence(to: nil)
        var isInitial = table.setPresence(presence, priority: 3, of: session.id)
        #expect(isInitial)
        isInitial = table.setPresence(presence, priority: 4, of: session.id)
        #expect(!isInitial)
        #expect(table[session.id]?.priority == 4)
        let cleared = table.clearPresence(of: session.id)
        #expect(cleared?.isAvailable == true)
        #expect(table[session.id]?.isAvailable == false)
        isInitial = table.setPresence(presence, priority: 3, of: session.id)
        #expect(isInitial)
    }

    @Test func directedPresenceIsRememberedUpToALimit() throws {
        var table = SessionTable(directedPerSession: 2)
        let session = try self.bind("desk", for: self.alice, in: &table)
        let rooms = (1...3).map { JID(preparedLocal: "room\($0)", domain: "tokyo.test", resource: nil) }
        let steps: [(room: Int, isAvailable: Bool, isTaken: Bool)] = [
            (0, true, true), (1, true, true), (2, true, false), (1, true, true), (0, false, true),
            (2, true, true),
        ]
        for step in steps {
            let isTaken = table.direct(at: rooms[step.room], isAvailable: step.isAvailable, from: session.id)
            #expect(isTaken == step.isTaken)
        }
        #expect(table[session.id]?.directed == [rooms[1], rooms[2]])
    }

    @Test func aRemovedSessionIsForgotten() throws {
        var table = SessionTable()
        let session = try self.bind("desk", for: self.alice, in: &table)
        let removed = table.remove(session.id)
        #expect(removed == session)
        let again = table.remove(session.id)
        #expect(again == nil)
        #expect(table.sessions(of: self.alice).isEmpty)
        #expect(table.count == 0)
    }
}
