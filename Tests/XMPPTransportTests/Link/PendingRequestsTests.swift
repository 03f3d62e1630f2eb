import Testing
import XMPP

@testable import XMPPTransport

@Suite struct PendingRequestsTests {
    let tokyo = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)
    let virginia = JID(preparedLocal: nil, domain: "virginia.test", resource: nil)

    @Test func anAnswerMustComeFromWhomWasAsked() {
        var pending = PendingRequests<Int>()
        let added = pending.add(1, id: "a", to: self.tokyo)
        #expect(added == .added)
        let forged = pending.take(id: "a", from: self.virginia)
        #expect(forged == nil)
        let genuine = pending.take(id: "a", from: self.tokyo)
        #expect(genuine == 1)
        let second = pending.take(id: "a", from: self.tokyo)
        #expect(second == nil)
    }

    @Test func theLastThatFitsIsTakenAndTheNextRefused() {
        var pending = PendingRequests<Int>(limit: 2)
        let outcomes = ["a", "a", "b", "c"].map { pending.add(0, id: $0, to: self.tokyo) }
        #expect(outcomes == [.added, .duplicate, .added, .full])
        #expect(pending.count == 2)
    }
}
