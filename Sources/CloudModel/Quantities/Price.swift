/// What a site asks for capacity, per hour, in millionths of a currency unit.
///
/// Never a floating-point number.
package struct Price: Hashable, Codable, Sendable {
    /// An ISO 4217 code such as `EUR`.
    package let currency: String
    package let microsPerVCPUHour: Int64
    package let microsPerGibibyteHour: Int64

    package init(currency: String, microsPerVCPUHour: Int64, microsPerGibibyteHour: Int64) {
        self.currency = currency
        self.microsPerVCPUHour = microsPerVCPUHour
        self.microsPerGibibyteHour = microsPerGibibyteHour
    }
}
