import Cryptography
import Testing

@Suite("Hexadecimal, comparison and randomness")
struct SmallThingsTests {
    @Test("Bytes come back from hexadecimal", arguments: 0...64)
    func hexadecimal(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
        #expect(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
        #expect(Hexadecimal.decode(Hexadecimal.encode(bytes).uppercased()) == bytes)
    }

    @Test("What is not hexadecimal is refused", arguments: ["0", "abc", "0g", "0x", " 00", "00\n", "é0"])
    func notHexadecimal(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }

    @Test("Only equal bytes are equal")
    func constantTime() {
        #expect(ConstantTime.areEqual([], []))
        #expect(ConstantTime.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.areEqual([1, 2, 3], [1, 2]))
        #expect(!ConstantTime.areEqual([], [0]))
    }

    @Test("The secure source does not repeat itself")
    func random() {
        var random = SecureRandom()
        let numbers = Set((0..<1_000).map { _ in random.next() })
        #expect(numbers.count == 1_000)
        #expect(random.bytes(0).isEmpty)
        #expect(random.bytes(32) != random.bytes(32))
    }
}
