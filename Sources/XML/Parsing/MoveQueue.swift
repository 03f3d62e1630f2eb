/// A queue whose values are moved in and out, never copied.
@safe struct MoveQueue<Value>: ~Copyable {
    private static var firstCapacity: Int { 4 }
    /// Places kept once the queue is empty; what a burst needed beyond them is given back.
    private static var keptCapacity: Int { 128 }

    private var base: UnsafeMutablePointer<Value>
    private var capacity: Int
    private var first = 0
    private var end = 0

    init() {
        self.capacity = Self.firstCapacity
        unsafe self.base = UnsafeMutablePointer.allocate(capacity: self.capacity)
    }

    deinit {
        unsafe (self.base + self.first).deinitialize(count: self.end - self.first)
        unsafe self.base.deallocate()
    }

    var isEmpty: Bool { self.first == self.end }

    mutating func push(_ value: consuming Value) {
        if self.end == self.capacity { self.move(toCapacity: self.capacity * 2) }
        unsafe (self.base + self.end).initialize(to: value)
        self.end += 1
    }

    /// Takes the value that was pushed first.
    mutating func pop() -> Value? {
        guard self.first < self.end else {
            self.first = 0
            self.end = 0
            if self.capacity > Self.keptCapacity { self.move(toCapacity: Self.keptCapacity) }
            return nil
        }
        self.first += 1
        return unsafe (self.base + self.first - 1).move()
    }

    mutating func removeAll() {
        unsafe (self.base + self.first).deinitialize(count: self.end - self.first)
        self.first = 0
        self.end = 0
    }

    private mutating func move(toCapacity capacity: Int) {
        let base = UnsafeMutablePointer<Value>.allocate(capacity: capacity)
        unsafe base.moveInitialize(from: self.base + self.first, count: self.end - self.first)
        unsafe self.base.deallocate()
        unsafe self.base = base
        self.capacity = capacity
        self.end -= self.first
        self.first = 0
    }
}
