/// The best of many, kept while their keys change: a tree in which the better of each pair moves up.
///
/// Looking up the best takes no time, changing a key takes as many steps as the tree is high.
struct Tournament: Sendable {
    /// Lower is better: first by rank, then by cost, then by index.
    struct Key: Hashable, Sendable {
        /// A site that answers.
        static let ready: UInt8 = 0
        /// A suspect site: after all that answer.
        static let last: UInt8 = 1
        /// Takes no replica.
        static let out: UInt8 = 2

        let rank: UInt8
        let cost: Double

        static let isOut = Self(rank: Self.out, cost: 0)
    }

    private var ranks: [UInt8]
    private var costs: [Double]
    /// Node 1 is the root, the children of `n` are `2n` and `2n + 1`, the leaves begin at `width`; -1 where nobody is.
    private var winners: [Int32]
    private let width: Int

    init(_ keys: [Key]) {
        self.ranks = keys.map(\.rank)
        self.costs = keys.map(\.cost)
        var width = 1
        while width < keys.count { width *= 2 }
        self.width = width
        self.winners = Array(repeating: -1, count: 2 * width)
        for index in keys.indices { self.winners[width + index] = Int32(index) }
        self.playAll()
    }

    /// The index with the least key; nil if there is none at all.
    var best: Int? {
        let winner = self.winners[1]
        return winner < 0 ? nil : Int(winner)
    }

    func key(of index: Int) -> Key { Key(rank: self.ranks[index], cost: self.costs[index]) }

    mutating func set(_ index: Int, to key: Key) {
        self.ranks[index] = key.rank
        self.costs[index] = key.cost
        var node = (self.width + index) / 2
        while node >= 1 {
            let winner = self.better(self.winners[2 * node], self.winners[2 * node + 1])
            // Whoever wins here as before, and is not the one that changed, wins above as before too.
            if winner == self.winners[node], winner != Int32(index) { return }
            self.winners[node] = winner
            node /= 2
        }
    }

    mutating func setAll(_ key: (Int) -> Key) {
        for index in self.ranks.indices {
            let key = key(index)
            self.ranks[index] = key.rank
            self.costs[index] = key.cost
        }
        self.playAll()
    }

    private mutating func playAll() {
        guard self.width > 1 else {
            self.winners[1] = self.ranks.isEmpty ? -1 : 0
            return
        }
        for node in stride(from: self.width - 1, through: 1, by: -1) {
            self.winners[node] = self.better(self.winners[2 * node], self.winners[2 * node + 1])
        }
    }

    private func better(_ one: Int32, _ other: Int32) -> Int32 {
        if one < 0 { return other }
        if other < 0 { return one }
        let (a, b) = (Int(one), Int(other))
        if self.ranks[a] != self.ranks[b] { return self.ranks[a] < self.ranks[b] ? one : other }
        if self.costs[a] != self.costs[b] { return self.costs[a] < self.costs[b] ? one : other }
        return min(one, other)
    }
}
