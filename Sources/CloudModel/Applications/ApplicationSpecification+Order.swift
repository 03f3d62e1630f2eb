extension ApplicationSpecification {
    /// The parts in an order in which each comes after those that it names, otherwise as they are written; those that
    /// wait for each other in a circle are left out.
    package var ordered: [Part] {
        var ordered: [Part] = []
        var names: Set<String> = []
        var left = self.parts
        while let index = left.firstIndex(where: { $0.prerequisites.isSubset(of: names) }) {
            let part = left.remove(at: index)
            names.insert(part.name)
            ordered.append(part)
        }
        return ordered
    }

    /// Parts that wait for each other in a circle, each for the next and the last for the first; nil if there are none.
    package var circle: [String]? {
        let done = Set(self.ordered.map(\.name))
        let left = self.parts.filter { !done.contains($0.name) }
        guard var current = left.first else { return nil }
        var path: [String] = []
        while !path.contains(current.name) {
            path.append(current.name)
            let next = current.prerequisites.subtracting(done).sorted().first
            guard let next, let part = self[part: next] else { return nil }
            current = part
        }
        return Array(path[(path.firstIndex(of: current.name) ?? 0)...])
    }
}
