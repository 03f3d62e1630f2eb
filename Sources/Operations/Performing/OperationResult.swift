package import CloudModel

/// What an operation answers, whichever face asked.
package struct OperationResult: Hashable, Sendable {
    /// The site it happened at; every face names it.
    package let site: SiteID
    /// For programs: a noun of the model, a list of them, or null.
    package let value: Value
    /// For people: a sentence that says what was done; nil when the value says it all.
    package let message: String?

    package init(site: SiteID, value: Value = .null, message: String? = nil) {
        self.site = site
        self.value = value
        self.message = message
    }

    /// A result that carries a noun of the model.
    package init(
        site: SiteID, encoding value: some Encodable, message: String? = nil
    ) throws(OperationError) {
        do {
            self.init(site: site, value: try ValueEncoder().encode(value), message: message)
        } catch {
            throw OperationError(.internalError, "the answer could not be written: \(error)", site: site)
        }
    }
}
