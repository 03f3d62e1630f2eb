/// A record that says where a service of a domain is (RFC 2782).
package struct SRVRecord: Hashable, Sendable {
    package var priority: UInt16
    package var weight: UInt16
    package var port: UInt16
    /// Without the root's dot; empty if the domain says that it does not offer the service.
    package var target: String

    package init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = target
    }

    /// Reads the data of a record in wire form; nil if it is not what it should be.
    package init?(wire: [UInt8]) {
        guard wire.count > 6 else { return nil }
        func number(at index: Int) -> UInt16 { UInt16(wire[index]) << 8 | UInt16(wire[index + 1]) }
        guard let target = Self.name(wire[6...]) else { return nil }
        self.init(priority: number(at: 0), weight: number(at: 2), port: number(at: 4), target: target)
    }

    /// An uncompressed name (RFC 1035 §3.1): labels after their lengths, then a zero.
    private static func name(_ wire: ArraySlice<UInt8>) -> String? {
        var labels: [String] = []
        var rest = wire
        while let length = rest.popFirst() {
            if length == 0 { return rest.isEmpty ? labels.joined(separator: ".") : nil }
            guard length <= 63, rest.count >= Int(length) else { return nil }
            let label = rest.prefix(Int(length))
            guard label.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ".") }) else { return nil }
            labels.append(String(decoding: label, as: UTF8.self))
            rest = rest.dropFirst(Int(length))
        }
        return nil
    }
}
