/// A stack whose values are moved in and out, never copied.
///
/// Copying an element costs a reference count for each of its fields; on the way from libxml2 to a finished stanza
/// every node passes through here.
@safe struct MoveStack<Value>: ~Copyable {
    private static var firstCapacity: Int { 32 }

    private var base: UnsafeMutablePointer<Value>
    private var capacity: Int
    private(set) var count = 0

    init() {
        self.capacity = Self.firstCapacity
        unsafe self.base = UnsafeMutablePointer.allocate(capacity: self.capacity)
    }

    deinit {
        unsafe self.base.deinitialize(count: self.count)
        unsafe self.base.deallocate()
    }

    var isEmpty: Bool { self.count == 0 }

    mutating func push(_ value: consuming Value) {
        if self.count == self.capacity { self.grow() }
        unsafe (self.base + self.count).initialize(to: value)
        self.count += 1
    }

    /// Takes the topmost value.
    mutating func pop() -> Value? {
        guard self.count > 0 else { return nil }
        self.count -= 1
        return unsafe (self.base + self.count).move()
    }

    /// Takes the values from the one at `first` to the top, in the order they were pushed.
    mutating func pop(from first: Int) -> [Value] {
        let count = self.count - first
        guard count > 0 else { return [] }
        var popped: [Value] = []
        popped.reserveCapacity(count)
        for index in first..<self.count { unsafe popped.append((self.base + index).move()) }
        self.count = first
        return popped
    }

    mutating func removeAll() {
        unsafe self.base.deinitialize(count: self.count)
        self.count = 0
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Value>.allocate(capacity: self.capacity * 2)
        unsafe larger.moveInitialize(from: self.base, count: self.count)
        unsafe self.base.deallocate()
        unsafe self.base = larger
        self.capacity *= 2
    }
}
