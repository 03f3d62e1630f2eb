/// Strings of the names a parser meets again and again, so that they are made once.
///
/// libxml2 interns names: the same pointer means the same text for as long as the parser context lives. A fixed number
/// of slots in pairs, where the latest name takes over the first of its pair, and no name longer than `longestName`
/// kept: what a hostile stream can make this hold is bounded.
@safe struct NameCache: ~Copyable {
    private static let pairBits = 6
    private static let slotCount = 2 << Self.pairBits
    /// Bytes of the longest name that is kept; a longer one is made anew each time it is met.
    static let longestName = 256

    @safe private struct Slot {
        var pointer: UnsafePointer<UInt8>?
        var string = ""
    }

    private let slots: UnsafeMutablePointer<Slot>

    init() {
        unsafe self.slots = UnsafeMutablePointer.allocate(capacity: Self.slotCount)
        unsafe self.slots.initialize(repeating: Slot(), count: Self.slotCount)
    }

    deinit {
        unsafe self.slots.deinitialize(count: Self.slotCount)
        unsafe self.slots.deallocate()
    }

    /// Bytes of text kept here.
    var textBytes: Int {
        (0..<Self.slotCount).reduce(0) { sum, index in unsafe sum + self.slots[index].string.utf8.count }
    }

    /// The text at `pointer`, which must be an interned name of the present context.
    @inline(__always)
    mutating func string(_ pointer: UnsafePointer<UInt8>) -> String {
        let hash = UInt64(UInt(bitPattern: pointer)) &* 0x9E37_79B9_7F4A_7C15
        let pair = unsafe self.slots + 2 * Int(truncatingIfNeeded: hash >> UInt64(64 - Self.pairBits))
        if unsafe pair[0].pointer == pointer { return unsafe pair[0].string }
        if unsafe pair[1].pointer == pointer { return unsafe pair[1].string }
        return unsafe Self.keep(pointer, in: pair)
    }

    @inline(never)
    private static func keep(
        _ pointer: UnsafePointer<UInt8>, in pair: UnsafeMutablePointer<Slot>
    ) -> String {
        let string = unsafe String(cString: pointer)
        guard string.utf8.count <= Self.longestName else { return string }
        unsafe pair[1] = pair[0]
        unsafe pair[0] = Slot(pointer: pointer, string: string)
        return string
    }

    /// Forgets everything: the context that owned the names is gone.
    mutating func removeAll() {
        for index in 0..<Self.slotCount { unsafe self.slots[index] = Slot() }
    }
}
