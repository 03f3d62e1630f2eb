import Testing
import XMPP

@testable import XMPPTransport

@Suite struct SenderQueuesTests {
    func sender(_ number: Int) -> JID {
        JID(preparedLocal: "s\(number)", domain: "tokyo.test", resource: nil)
    }

    func stanza(_ id: String) -> Stanza {
        .message(Message(to: nil, id: id, body: id))
    }

    @Test func eachSenderHasOneWorkerAndAnOrder() {
        var queues = SenderQueues()
        let outcomes = ["a", "b"].map { queues.offer(self.stanza($0), from: self.sender(1)) }
        #expect(outcomes == [.begin, .queued])
        let other = queues.offer(self.stanza("x"), from: self.sender(2))
        #expect(other == .begin)
        let order = (0..<3).map { _ in queues.next(from: self.sender(1))?.id }
        #expect(order == ["a", "b", nil])
        let again = queues.offer(self.stanza("c"), from: self.sender(1))
        #expect(again == .begin)
    }

    @Test func aSenderBeingServedIsNotBegunTwice() {
        var queues = SenderQueues()
        _ = queues.offer(self.stanza("a"), from: self.sender(1))
        _ = queues.next(from: self.sender(1))
        let during = queues.offer(self.stanza("b"), from: self.sender(1))
        #expect(during == .queued)
    }

    @Test func theLastThatFitsIsTakenAndTheNextRefused() {
        var queues = SenderQueues(stanzasPerSender: 2, senders: 2)
        let outcomes = [1, 1, 1, 2, 3].map { queues.offer(self.stanza("m"), from: self.sender($0)) }
        #expect(outcomes == [.begin, .queued, .refused, .begin, .refused])
    }
}
