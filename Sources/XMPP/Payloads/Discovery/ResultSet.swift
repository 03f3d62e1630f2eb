package import XML

/// Which part of a long list is wanted, or which part this is (XEP-0059).
///
/// The ids are the answering entity's own and mean nothing to anybody else; it must check those that come back.
package struct ResultSet: Payload {
    package static let elementName = "set"
    package static let namespace = Namespace.resultSets

    /// Where the wanted page lies.
    package enum Position: Hashable, Sendable {
        case first
        /// The page that begins behind the item of this id.
        case after(String)
        /// The page that ends before the item of this id.
        case before(String)
        /// The page at the end: an empty `<before/>` (XEP-0059 §2.5).
        case last
        /// The page that begins with the item of this number, from 0 (XEP-0059 §2.4).
        case index(Int)
    }

    package struct First: Hashable, Sendable {
        package var id: String
        /// How many items lie before it.
        package var index: Int?

        package init(id: String, index: Int? = nil) {
            self.id = id
            self.index = index
        }
    }

    /// The most items that are wanted; 0 asks for the count alone (XEP-0059 §2.7).
    package var max: Int?
    package var position: Position
    /// In an answer: the first and last item of this page, and how many there are in all.
    package var first: First?
    package var last: String?
    package var count: Int?

    package init(max: Int? = nil, _ position: Position = .first) {
        self.max = max
        self.position = position
    }

    /// The answer's account of the page it holds.
    package init(first: First?, last: String?, count: Int?) {
        self.init()
        self.first = first
        self.last = last
        self.count = count
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.max = try element.number("max")
        self.count = try element.number("count")
        self.last = element.child("last")?.text
        self.position = .first
        if let first = element.child("first") {
            self.first = First(id: first.text, index: first[attribute: "index"].flatMap { Int($0) })
        }
        if let index = try element.number("index") {
            self.position = .index(index)
        } else if let after = element.child("after")?.text {
            // Both together are undefined (XEP-0313 §4.3.2): the one that goes forward counts.
            self.position = .after(after)
        } else if let before = element.child("before")?.text {
            self.position = before.isEmpty ? .last : .before(before)
        }
    }

    package var element: Element {
        var children: [Element] = []
        func add(_ name: String, _ text: String) {
            children.append(Element(name, namespace: Self.namespace, text: text))
        }
        switch self.position {
        case .first: break
        case .after(let id): add("after", id)
        case .before(let id): add("before", id)
        case .last: add("before", "")
        case .index(let index): add("index", String(index))
        }
        if let max { add("max", String(max)) }
        if let first {
            var element = Element("first", namespace: Self.namespace, text: first.id)
            element[attribute: "index"] = first.index.map { String($0) }
            children.append(element)
        }
        if let last { add("last", last) }
        if let count { add("count", String(count)) }
        return Element(Self.elementName, namespace: Self.namespace, [:], children)
    }
}

extension Element {
    /// The number in a child of this name; nil if there is none.
    fileprivate func number(_ name: String) throws(PayloadError) -> Int? {
        guard let text = self.child(name)?.text else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw PayloadError("<\(name)/> of <\(self.name)/> is no number of items")
        }
        return number
    }
}
