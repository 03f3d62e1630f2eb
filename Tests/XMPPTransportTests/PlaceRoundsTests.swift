import NIOCore
import NIOEmbedded
import Testing

@testable import XMPPTransport

@Suite("Which places are tried together")
struct PlaceRoundsTests {
    private static func place(_ port: Int, _ priority: UInt16) -> Candidate {
        Candidate(Route(host: "192.0.2.1", port: port), priority: priority)
    }

    private static let places = [place(1, 20), place(2, 10), place(3, 10), place(4, 10), place(5, 30)]

    private static func winner(_ index: Int, failed: Set<Int>) -> ConnectionRacer.Winner {
        ConnectionRacer.Winner(index: index, channel: EmbeddedChannel(), failed: failed)
    }

    @Test("RFC 2782: those of the lowest priority first, the next when none of them is left")
    func priorities() {
        var rounds = PlaceRounds(Self.places)
        #expect(rounds.round.map(\.route.port) == [2, 3, 4])
        rounds.lost(rounds.round)
        #expect(rounds.round.map(\.route.port) == [1])
        #expect(rounds.connected(Self.winner(0, failed: []), in: rounds.round).route.port == 1)
        #expect(rounds.round.map(\.route.port) == [5])
        rounds.lost(rounds.round)
        #expect(rounds.round.isEmpty)
        #expect(PlaceRounds([]).round.isEmpty)
    }

    @Test(
        "RFC 8305 §5: what had failed before another place connected is not tried again; what had not begun is"
    )
    func winners() {
        var rounds = PlaceRounds(Self.places)
        let place = rounds.connected(Self.winner(1, failed: [0]), in: rounds.round)
        #expect(place.route.port == 3)
        #expect(rounds.round.map(\.route.port) == [4])
        rounds.tryAgain(place)
        #expect(rounds.round.map(\.route.port) == [3, 4])
    }

    @Test("Places beyond the limit are left out")
    func limit() {
        let many = (1...PlaceRounds.limit + 1).map { Self.place($0, 0) }
        #expect(PlaceRounds(many).round.count == PlaceRounds.limit)
    }
}
