/// A dictionary whose copies share what has not changed since: a change after a copy moves one shard, not all of it.
///
/// The ledger is copied for each step, so that a step that is refused, or that the disk does not take, never happened.
/// With a plain dictionary that would cost as much as the site has machines.
package struct ShardedDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private static var shardCount: Int { 256 }
    /// Up to so many pairs it is one shard: copying that costs less than looking at many.
    ///
    /// A machine is some hundred bytes and a dozen references, and each change of a site copies the shards it touches.
    package static var splitAt: Int { 32 }

    private var shards: [[Key: Value]] = [[:]]
    package private(set) var count = 0

    package init() {}

    /// The pairs, the first of those with the same key.
    package init(_ pairs: some Sequence<(Key, Value)>) {
        self.init()
        for (key, value) in pairs where self[key] == nil { self[key] = value }
    }

    package var isEmpty: Bool { self.count == 0 }

    package subscript(key: Key) -> Value? {
        get { self.shards[Self.shard(of: key, among: self.shards.count)][key] }
        set {
            let shard = Self.shard(of: key, among: self.shards.count)
            let before = self.shards[shard].count
            self.shards[shard][key] = newValue
            self.count += self.shards[shard].count - before
            if self.shards.count == 1, self.count > Self.splitAt { self.split() }
        }
    }

    package subscript(key: Key, default value: @autoclosure () -> Value) -> Value {
        get { self[key] ?? value() }
        set { self[key] = newValue }
    }

    // No key paths here: of a generic type they are made anew at each use, at a hundred times the cost.

    /// In no order.
    package var keys: some Sequence<Key> { self.shards.lazy.flatMap { $0.keys } }

    /// In no order.
    package var values: some Sequence<Value> { self.shards.lazy.flatMap { $0.values } }

    private static func shard(of key: Key, among count: Int) -> Int {
        count == 1 ? 0 : Int(UInt(bitPattern: key.hashValue) % UInt(count))
    }

    private mutating func split() {
        var shards = Array(repeating: [Key: Value](), count: Self.shardCount)
        for (key, value) in self { shards[Self.shard(of: key, among: shards.count)][key] = value }
        self.shards = shards
    }
}

extension ShardedDictionary: Sequence {
    package func makeIterator() -> some IteratorProtocol<(key: Key, value: Value)> {
        self.shards.lazy.flatMap { $0 }.makeIterator()
    }
}

extension ShardedDictionary: Equatable where Value: Equatable {
    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.count == rhs.count && lhs.allSatisfy { rhs[$0.key] == $0.value }
    }
}
