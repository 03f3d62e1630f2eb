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

extension Price {
    /// What one machine of that size costs an hour, in units of the currency: a figure for comparing, not for bills.
    package func perHour(for resources: Resources) -> Double {
        (Double(self.microsPerVCPUHour) * Double(resources.vcpus)
            + Double(self.microsPerGibibyteHour) * Double(resources.memory.count) / 1_024) / 1_000_000
    }
}
