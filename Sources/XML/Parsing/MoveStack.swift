/// A stack whose values are moved in and out, never copied.
///
/// Copying an element costs a reference count for each of its fields; on the way from libxml2 to a finished stanza
/// every node passes through here.
@safe struct MoveStack<Value: ~Copyable>: ~Copyable {
    private static var firstCapacity: Int { 16 }
    /// Places kept between stanzas.
    private static var keptCapacity: Int { 128 }

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
        if self.count == self.capacity { self.move(toCapacity: self.capacity * 2) }
        unsafe (self.base + self.count).initialize(to: value)
        self.count += 1
    }

    /// Takes the topmost value.
    mutating func pop() -> Value? {
        guard self.count > 0 else { return nil }
        self.count -= 1
        return unsafe (self.base + self.count).move()
    }

    mutating func removeAll() {
        unsafe self.base.deinitialize(count: self.count)
        self.count = 0
        self.shrink()
    }

    /// Gives back, once the stack is empty, what an uncommonly large stanza needed.
    mutating func shrink() {
        if self.isEmpty && self.capacity > Self.keptCapacity { self.move(toCapacity: Self.firstCapacity) }
    }

    private mutating func move(toCapacity capacity: Int) {
        let base = UnsafeMutablePointer<Value>.allocate(capacity: capacity)
        unsafe base.moveInitialize(from: self.base, count: self.count)
        unsafe self.base.deallocate()
        unsafe self.base = base
        self.capacity = capacity
    }
}

extension MoveStack where Value: Copyable {
    /// Takes the values from the one at `first` to the top, in the order they were pushed.
    mutating func pop(from first: Int) -> [Value] {
        let count = self.count - first
        self.count = first
        let values = unsafe self.base + first
        switch count {
        case 0: return []
        case 1: return unsafe [values.move()]
        case 2: return unsafe [values.move(), (values + 1).move()]
        case 3: return unsafe [values.move(), (values + 1).move(), (values + 2).move()]
        case 4:
            return unsafe [values.move(), (values + 1).move(), (values + 2).move(), (values + 3).move()]
        case _:
            return unsafe Array(unsafeUninitializedCapacity: count) { buffer, initialized in
                unsafe buffer.baseAddress?.moveInitialize(from: values, count: count)
                initialized = count
            }
        }
    }
}
