import NIOCore
import NIOEmbedded
import Testing
import XMPP

@testable import XMPPTransport

@Suite("The streams of other servers that may be resumed")
struct RemoteTalliesTests {
    private static let start = NIODeadline.uptimeNanoseconds(1)

    private static func at(_ second: Int) -> NIODeadline { self.start + .seconds(Int64(second)) }

    private static func tally(_ number: Int, of peer: String) -> RemoteTally {
        RemoteTally(
            peer: peer, stream: "\(number)", seconds: 300,
            limits: .init(stanzas: 10, bytes: 1_000_000))
    }

    /// Something that waits for its acknowledgement.
    private static func send(_ bytes: Int, on tally: RemoteTally, _ stream: Int) throws {
        let queue = OutboundQueue(channel: EmbeddedChannel(), limits: TransportLimits()) {}
        let stanza = EmbeddedStream.message("m", from: "a.test", to: tally.peer)
        #expect(
            try tally.send(stanza, [UInt8](repeating: 0, count: bytes), on: "\(stream)", into: queue))
    }

    @Test("A peer that comes and goes takes the place of nobody but itself")
    func perPeer() {
        #expect(TransportLimits().remoteResumptionsPerPeer == 8)
        let tallies = RemoteTallies(limit: 100, perPeer: 2, bytes: 1_000)
        let other = Self.tally(0, of: "b.test")
        #expect(tallies.add(other, at: Self.start).isEmpty)
        var own: [RemoteTally] = []
        for number in 1...50 {
            let tally = Self.tally(number, of: "evil.test")
            let gone = tallies.add(tally, at: Self.at(number))
            // Its oldest, whose connection is broken.
            #expect(gone.map(\.source) == (number > 2 ? [own[number - 3].source] : []))
            #expect(tallies.keep(tally, after: tally.source, at: Self.at(number)).isEmpty)
            own.append(tally)
        }
        #expect(tallies.count == 3)
        #expect(tallies.take(other.token, of: "b.test", over: "new", at: Self.at(51)) === other)
        let last = own.map { tallies.take($0.token, of: "evil.test", over: "new", at: Self.at(51)) != nil }
        #expect(last.filter(\.self).count == 2 && last[48] && last[49])
    }

    @Test("Of one peer a stream that is up gives way only if none is broken")
    func ownBroken() {
        let tallies = RemoteTallies(limit: 100, perPeer: 2, bytes: 1_000)
        let all = (0..<4).map { Self.tally($0, of: "b.test") }
        for number in 0..<2 { #expect(tallies.add(all[number], at: Self.at(number)).isEmpty) }
        #expect(tallies.keep(all[1], after: "1", at: Self.at(2)).isEmpty)
        #expect(tallies.add(all[2], at: Self.at(3)).map(\.source) == ["1"])
        // None of the two is broken as far as is known: the older one cannot be resumed any more, and keeps what it has.
        #expect(tallies.add(all[3], at: Self.at(4)).isEmpty)
        #expect(tallies.keep(all[0], after: "0", at: Self.at(5)).map(\.source) == ["0"])
    }

    @Test("When the table is full, what broke longest ago goes first, and what is up last")
    func full() {
        let tallies = RemoteTallies(limit: 3, perPeer: 3, bytes: 1_000)
        let all = (0..<5).map { Self.tally($0, of: "\($0).test") }
        for number in 0..<3 { #expect(tallies.add(all[number], at: Self.at(number)).isEmpty) }
        #expect(tallies.keep(all[2], after: "2", at: Self.at(3)).isEmpty)
        #expect(tallies.keep(all[1], after: "1", at: Self.at(4)).isEmpty)
        #expect(tallies.add(all[3], at: Self.at(5)).map(\.source) == ["2"])
        #expect(tallies.add(all[4], at: Self.at(6)).map(\.source) == ["1"])
        #expect(tallies.take(all[0].token, of: "0.test", over: "new", at: Self.at(7)) === all[0])
        #expect(tallies.count == 3)
    }

    @Test("No more bytes wait on broken streams than the limit says: what broke longest ago comes back")
    func bytes() throws {
        #expect(TransportLimits().remoteResumptionBytes == 67_108_864)
        let tallies = RemoteTallies(limit: 100, perPeer: 8, bytes: 1_000)
        let all = (0..<3).map { Self.tally($0, of: "\($0).test") }
        for (number, tally) in all.enumerated() {
            #expect(tallies.add(tally, at: Self.at(number)).isEmpty)
            try Self.send(500, on: tally, number)
        }
        #expect(tallies.keep(all[0], after: "0", at: Self.at(3)).isEmpty)
        #expect(tallies.keep(all[1], after: "1", at: Self.at(4)).isEmpty)
        let gone = tallies.keep(all[2], after: "2", at: Self.at(5))
        #expect(gone.map(\.source) == ["0"])
        #expect(gone.first?.abandon().count == 1)
        #expect(tallies.take(all[0].token, of: "0.test", over: "new", at: Self.at(6)) == nil)
        // One that has come back does not count.
        #expect(tallies.take(all[1].token, of: "1.test", over: "new", at: Self.at(6)) === all[1])
        #expect(tallies.keep(all[1], after: "new", at: Self.at(7)).isEmpty)
    }

    @Test("The end of a former connection that is noticed late does not touch what goes on over another")
    func lateEnd() throws {
        let tallies = RemoteTallies(limit: 2, perPeer: 2, bytes: 1_000)
        let (other, tally) = (Self.tally(0, of: "c.test"), Self.tally(1, of: "b.test"))
        #expect(tallies.add(other, at: Self.at(0)).isEmpty)
        #expect(tallies.add(tally, at: Self.at(1)).isEmpty)
        // What one event loop has seen may be over before it does anything about it.
        #expect(tally.isCarried(by: "1"))
        #expect(tallies.take(tally.token, of: "b.test", over: "9", at: Self.at(2)) === tally)
        try Self.send(500, on: tally, 9)
        #expect(tallies.keep(tally, after: "1", at: Self.at(3)).isEmpty)
        tallies.forget(tally, after: "1")
        // Neither broken nor forgotten: of two that are up the older one gives way.
        #expect(tallies.add(Self.tally(2, of: "d.test"), at: Self.at(4)).isEmpty)
        #expect(tallies.take(other.token, of: "c.test", over: "10", at: Self.at(5)) == nil)
        #expect(tallies.take(tally.token, of: "b.test", over: "11", at: Self.at(5)) === tally)
        #expect(tally.unacknowledgedCount == 1)
    }
}
