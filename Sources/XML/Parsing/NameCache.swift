/// Strings of the names a parser meets again and again, so that they are made once.
///
/// libxml2 interns names: the same pointer means the same text for as long as the parser context lives. A fixed number
/// of slots, each taken over by the latest name that falls into it.
@safe struct NameCache {
    private static let slotBits = 7

    @safe private struct Slot {
        var pointer: UnsafePointer<UInt8>?
        var string = ""
    }

    private var slots = [Slot](repeating: Slot(), count: 1 << Self.slotBits)

    /// The text at `pointer`, which must be an interned name of the present context.
    mutating func string(_ pointer: UnsafePointer<UInt8>) -> String {
        let hash = UInt64(UInt(bitPattern: pointer)) &* 0x9E37_79B9_7F4A_7C15
        let index = Int(hash >> UInt64(64 - Self.slotBits))
        if unsafe self.slots[index].pointer == pointer { return self.slots[index].string }
        let string = unsafe String(cString: pointer)
        unsafe self.slots[index] = Slot(pointer: pointer, string: string)
        return string
    }

    /// Forgets everything: the context that owned the names is gone.
    mutating func removeAll() {
        for index in self.slots.indices { self.slots[index] = Slot() }
    }
}
