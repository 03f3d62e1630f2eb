/// What a site's machines emit: energy × grid intensity + the making of the hardware, as in the Software Carbon
/// Intensity specification 1.1 (Green Software Foundation).
///
/// The three factors are kept apart because they change at different speeds: the grid by the hour, the hardware in
/// years. Credits and offsets play no part in them.
package struct Carbon: Hashable, Codable, Sendable {
    /// Grid intensity where the site is, location-based, in grams of CO2e for a kilowatt-hour.
    package let gramsPerKilowattHour: Double
    /// Power that a processor of a machine draws, in watts, its share of memory, cooling and losses included.
    package let wattsPerVCPU: Double
    /// The making of the hardware, spread over its life, in grams of CO2e for a processor and hour.
    package let embodiedGramsPerVCPUHour: Double

    /// Nil if a figure is not a number, negative or beyond what any grid or processor reaches.
    package init?(gramsPerKilowattHour: Double, wattsPerVCPU: Double, embodiedGramsPerVCPUHour: Double = 0) {
        guard Self.intensities.contains(gramsPerKilowattHour), Self.watts.contains(wattsPerVCPU),
            Self.embodied.contains(embodiedGramsPerVCPUHour)
        else { return nil }
        self.gramsPerKilowattHour = gramsPerKilowattHour
        self.wattsPerVCPU = wattsPerVCPU
        self.embodiedGramsPerVCPUHour = embodiedGramsPerVCPUHour
    }

    /// Grams of CO2e for a kilowatt-hour; burning lignite gives about 1,200.
    package static let intensities = 0.0...5_000
    /// Watts for a processor.
    package static let watts = 0.0...1_000
    /// Grams of CO2e for a processor and hour.
    package static let embodied = 0.0...1_000

    /// Grams of CO2e an hour for one machine of that size.
    package func gramsPerHour(for resources: Resources) -> Double {
        Double(resources.vcpus)
            * (self.wattsPerVCPU / 1_000 * self.gramsPerKilowattHour + self.embodiedGramsPerVCPUHour)
    }

    private enum CodingKeys: String, CodingKey {
        case gramsPerKilowattHour
        case wattsPerVCPU
        case embodiedGramsPerVCPUHour
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let carbon = Self(
            gramsPerKilowattHour: try container.decode(Double.self, forKey: .gramsPerKilowattHour),
            wattsPerVCPU: try container.decode(Double.self, forKey: .wattsPerVCPU),
            embodiedGramsPerVCPUHour: try container.decode(Double.self, forKey: .embodiedGramsPerVCPUHour))
        guard let carbon else {
            throw DecodingError.dataCorruptedError(
                forKey: .gramsPerKilowattHour, in: container,
                debugDescription: "figures of carbon must be numbers from 0 to 5000, 1000 and 1000")
        }
        self = carbon
    }
}
