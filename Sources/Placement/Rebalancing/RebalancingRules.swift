/// When a move is worth proposing.
package struct RebalancingRules: Hashable, Sendable {
    /// The most moves that can be proposed at once.
    package static let movesMax = 20
    /// Moves proposed at once.
    package var moves: Int
    /// What a move is taken to cost, in points of the workload: what it saves counts only beyond that.
    package var movingCost: Double
    /// What a move must gain beyond that, in points of the workload.
    package var minimumGain: Double
    /// Plans times sites that one look makes at most, half of them for a first look at each replica; workloads that
    /// have no turn in it have one in the next.
    package var comparisons: Int

    package init(
        moves: Int = 5, movingCost: Double = 5, minimumGain: Double = 5, comparisons: Int = 200_000
    ) {
        self.moves = moves
        self.movingCost = movingCost
        self.minimumGain = minimumGain
        self.comparisons = comparisons
    }
}
