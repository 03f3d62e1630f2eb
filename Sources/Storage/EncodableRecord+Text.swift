import Foundation
import GRDB

extension EncodableRecord {
    /// What is written into a column for a value that is no column type, as GRDB's decoder reads it.
    static func text(of value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

// One for all: it keeps nothing between two values. GRDB's own also puts the names in order, which nobody needs.
private let encoder = JSONEncoder()
