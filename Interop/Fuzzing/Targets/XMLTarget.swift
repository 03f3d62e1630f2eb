import TestRandomness
import XML

/// The parser: however the bytes are cut, they mean the same, and what was read can be printed and read again.
enum XMLTarget {
    /// The first byte says how the rest is cut at random.
    static func check(_ input: [UInt8]) throws(FuzzViolation) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        let whole = ParserRun(bytes, size: { bytes.count })
        let single = ParserRun(bytes, size: { 1 })
        var random = SeededGenerator(seed: UInt64(first))
        let longest = Int.random(in: 2...64, using: &random)
        let pieces = ParserRun(bytes, size: { Int.random(in: 1...longest, using: &random) })
        try FuzzViolation.unless(whole.agrees(with: single), "byte by byte the input means something else")
        try FuzzViolation.unless(whole.agrees(with: pieces), "cut differently the input means something else")
        for element in whole.elements { try Self.checkPrinting(element) }
    }

    private static func checkPrinting(_ element: Element) throws(FuzzViolation) {
        let printed: [UInt8]
        do {
            printed = try element.serialized()
        } catch {
            throw FuzzViolation("what was read cannot be printed: \(error)")
        }
        let reread: Element
        do {
            reread = try Element(parsing: printed)
        } catch {
            throw FuzzViolation("what was printed cannot be read: \(error)")
        }
        try FuzzViolation.unless(reread == element, "what was printed reads as something else")
    }
}
