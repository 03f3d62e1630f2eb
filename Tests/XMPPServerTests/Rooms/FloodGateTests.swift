import CloudModel
import TestRandomness
import Testing
import XMPP

@testable import XMPPServer

@Suite("The flood gate")
struct FloodGateTests {
    static let alice = RoomBench.user("alice").bare
    static let bob = RoomBench.user("bob").bare

    static func at(_ milliseconds: Int64) -> Instant { Instant(millisecondsSinceEpoch: milliseconds) }

    @Test("A burst passes, then one for each interval, and a rest earns the burst again")
    func burst() {
        var gate = FloodGate(.init(burst: 3, every: .milliseconds(100)), senders: 10)
        #expect((1...4).map { _ in gate.admits(Self.alice, at: Self.at(0)) } == [true, true, true, false])
        #expect(gate.admits(Self.alice, at: Self.at(99)) == false)
        #expect(gate.admits(Self.alice, at: Self.at(100)) == true)
        #expect(gate.admits(Self.alice, at: Self.at(100)) == false)
        #expect(gate.admits(Self.bob, at: Self.at(100)) == true)
        #expect(
            (1...4).map { _ in gate.admits(Self.alice, at: Self.at(10_000)) } == [true, true, true, false])
    }

    @Test("What is taken back may pass again")
    func refund() {
        var gate = FloodGate(.init(burst: 1, every: .seconds(1)), senders: 10)
        #expect(gate.admits(Self.alice, at: Self.at(0)) == true)
        gate.refund(Self.alice)
        #expect(gate.admits(Self.alice, at: Self.at(0)) == true)
        #expect(gate.admits(Self.alice, at: Self.at(0)) == false)
    }

    @Test("Only so many senders are kept count of; those at rest give way")
    func senders() {
        var gate = FloodGate(.init(burst: 2, every: .seconds(1)), senders: 2)
        let carol = RoomBench.user("carol").bare
        #expect(gate.admits(Self.alice, at: Self.at(0)) == true)
        #expect(gate.admits(Self.bob, at: Self.at(500)) == true)
        #expect(gate.admits(carol, at: Self.at(999)) == false)
        #expect(gate.watched == 2)
        #expect(gate.admits(carol, at: Self.at(1_000)) == true)
        #expect(gate.watched == 2)
    }

    @Test("In any run no more pass than burst and time allow", arguments: 0 as UInt64..<50)
    func bound(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = FloodGate.Rate(burst: Int.random(in: 1...9, using: &random), every: .milliseconds(50))
        var gate = FloodGate(rate, senders: 3)
        var now: Int64 = 0
        var passed: [Int64] = []
        for _ in 0..<500 {
            now += Int64.random(in: 0...30, using: &random)
            if gate.admits(Self.alice, at: Self.at(now)) { passed.append(now) }
        }
        for (index, start) in passed.enumerated() {
            let window = passed[index...].filter { $0 - start < 500 }
            #expect(window.count <= rate.burst + 500 / 50)
        }
    }
}
