/// Guesses what somebody meant who mistyped.
package enum Suggestion {
    /// The candidate with the fewest edits, if they are at most a third of its length (and at least one is
    /// allowed).
    package static func closest(to text: String, among candidates: [String]) -> String? {
        let lowered = text.lowercased()
        guard lowered.count <= Self.lengthLimit else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = self.distance(lowered, candidate.lowercased())
            let limit = max(1, candidate.count / 3)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Longer texts are not worth a guess; it also bounds the work.
    static let lengthLimit = 64

    /// Insertions, deletions, substitutions and swaps of neighbours (restricted Damerau–Levenshtein
    /// distance).
    static func distance(_ first: String, _ second: String) -> Int {
        let a = Array(first), b = Array(second)
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var current = [i + 1]
            for j in 0..<b.count {
                var cost = min(
                    previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforePrevious[j - 1] + 1)
                }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
