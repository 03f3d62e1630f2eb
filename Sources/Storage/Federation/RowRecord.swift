import CloudModel
import Foundation
import GRDB
import Gossip

/// The last row of one site, byte for byte as its origin signed it.
struct RowRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    static let databaseTableName = "federationRow"

    var origin: String
    var incarnation: Int64
    var sequence: Int64
    var lifetimeMilliseconds: Int64
    var schema: String
    var payload: Data
    var signingKey: Data
    var signature: Data

    init(_ row: Gossip.Row) {
        self.origin = row.origin.address
        self.incarnation = Int64(clamping: row.version.incarnation)
        self.sequence = Int64(clamping: row.version.sequence)
        self.lifetimeMilliseconds = row.lifetime.wholeMilliseconds
        self.schema = row.schema
        self.payload = Data(row.payload)
        self.signingKey = Data(row.key.bytes)
        self.signature = Data(row.signature)
    }

    /// The row; nil if the disk holds what no row can be.
    ///
    /// Whether it is true is for its signature to say.
    var row: Gossip.Row? {
        guard let key = SiteKey(bytes: Array(self.signingKey)), self.incarnation >= 0, self.sequence >= 0
        else {
            return nil
        }
        return Gossip.Row(
            origin: SiteID(self.origin),
            version: RowVersion(incarnation: UInt64(self.incarnation), sequence: UInt64(self.sequence)),
            lifetime: .milliseconds(self.lifetimeMilliseconds), schema: self.schema,
            payload: Array(self.payload), key: key, signature: Array(self.signature))
    }
}
