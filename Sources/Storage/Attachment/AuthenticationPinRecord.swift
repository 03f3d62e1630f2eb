import GRDB

/// How an account authenticated last at its server: nothing weaker is used again.
struct AuthenticationPinRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    static let databaseTableName = "authenticationPin"

    /// A bare address.
    var account: String
    /// The name of the SASL mechanism.
    var mechanism: String
}
