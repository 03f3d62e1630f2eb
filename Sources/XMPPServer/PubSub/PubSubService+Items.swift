import XML
import XMPP

/// Reading items (XEP-0060 §6.5).
extension PubSubService {
    func items(
        at name: String?, _ wanted: [PubSubItem], most: Int?, page: ResultSet?, for viewer: PubSubViewer
    ) throws(StanzaError) -> PubSubOutcome {
        let (name, node) = try self.existing(name)
        try self.checkAccess(of: viewer, to: node)
        if !wanted.isEmpty {
            let ids = Set(wanted.compactMap(\.id))
            let (found, _) = self.fitting(node.items.filter { ids.contains($0.id) }, fromEnd: false)
            return Self.answer(name, found, page: nil)
        }
        guard let page else {
            // The most recent ones, as many as are asked for and fit (§6.5.7).
            let recent = Array(node.items.suffix(most ?? node.items.count))
            let (found, isCut) = self.fitting(recent, fromEnd: true)
            return Self.answer(name, found, page: isCut ? Self.account(of: found, in: node) : nil)
        }
        let all = try Self.range(of: page, in: node.items)
        let size = min(page.max ?? all.count, all.count)
        let isFromEnd =
            switch page.position {
            case .last, .before: true
            case .first, .after, .index: false
            }
        let (found, _) = self.fitting(
            isFromEnd ? Array(all.suffix(size)) : Array(all.prefix(size)), fromEnd: isFromEnd)
        return Self.answer(name, found, page: Self.account(of: found, in: node))
    }

    /// What lies on the side of the position that is asked for (XEP-0059 §2).
    private static func range(
        of page: ResultSet, in items: [PubSubNode.Item]
    ) throws(StanzaError) -> ArraySlice<PubSubNode.Item> {
        func index(_ id: String) throws(StanzaError) -> Int {
            guard let index = items.firstIndex(where: { $0.id == id }) else {
                throw StanzaError(.itemNotFound, text: "there is no item '\(id)' to go on from")
            }
            return index
        }
        switch page.position {
        case .first, .last: return items[...]
        case .after(let id): return items[(try index(id) + 1)...]
        case .before(let id): return items[..<(try index(id))]
        case .index(let number):
            guard number <= items.count else {
                throw StanzaError(.itemNotFound, text: "there are \(items.count) items")
            }
            return items[number...]
        }
    }

    /// As many as one answer may hold; one is always given.
    private func fitting(
        _ items: [PubSubNode.Item], fromEnd: Bool
    ) -> (items: [PubSubNode.Item], isCut: Bool) {
        var fitting: [PubSubNode.Item] = []
        var bytes = 0
        for item in fromEnd ? items.reversed() : items {
            bytes += item.cost
            guard fitting.isEmpty || bytes <= self.limits.answerBytes else { break }
            fitting.append(item)
        }
        return (fromEnd ? fitting.reversed() : fitting, fitting.count < items.count)
    }

    private static func account(of found: [PubSubNode.Item], in node: PubSubNode) -> ResultSet {
        let first = found.first.map { first in
            ResultSet.First(id: first.id, index: node.items.firstIndex { $0.id == first.id })
        }
        return ResultSet(first: first, last: found.last?.id, count: node.items.count)
    }

    private static func answer(
        _ name: String, _ items: [PubSubNode.Item], page: ResultSet?
    ) -> PubSubOutcome {
        let told = items.map { $0.told(withPayload: true) }
        return PubSubOutcome(answer: PubSub(.items(node: name, told, most: nil, page: page)).element)
    }
}
