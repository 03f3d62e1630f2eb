import Foundation
import GRDB

extension EncodableRecord {
    /// What GRDB writes into `column` for a value that is no column type: JSON.
    static func text(of value: some Encodable, for column: String) throws -> String {
        String(decoding: try Self.databaseJSONEncoder(for: column).encode(value), as: UTF8.self)
    }
}
