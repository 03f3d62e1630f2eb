import Operations
import TestRandomness

extension SeededGenerator {
    /// A value with at most `depth` levels.
    mutating func value(depth: Int) -> Operations.Value {
        switch self.next(upperBound: depth > 0 ? 7 : 5) as UInt64 {
        case 0: return .null
        case 1: return .bool(self.next() & 1 == 1)
        case 2: return .integer(Int64(bitPattern: self.next()))
        case 3: return .double(Double(Int64(bitPattern: self.next()) >> 20) / 64)
        case 4: return .string(self.text())
        case 5:
            return .array((0..<self.next(upperBound: 4 as UInt64)).map { _ in self.value(depth: depth - 1) })
        default:
            var object = Value.Object()
            for index in 0..<self.next(upperBound: 4 as UInt64) {
                object["\(index)\(self.text())"] = self.value(depth: depth - 1)
            }
            return .object(object)
        }
    }

    private mutating func text() -> String {
        let characters = Array("aé\"\\\n\t/\u{1}\u{1F600}<&> ='")
        return String(
            (0..<self.next(upperBound: 6 as UInt64)).map { _ in
                characters[Int(self.next(upperBound: UInt64(characters.count)))]
            })
    }
}
