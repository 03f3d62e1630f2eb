import CloudModel
import XML
import XMPP

/// `<usage/>` inside `<capacity/>`: shares from 0 to 1, each left out where it is not measured.
extension LoadSummary {
    static let elementName = "usage"

    init(parsing reader: ElementReader) throws(PayloadError) {
        self.init(
            memory: try Self.share("memory", reader), disk: try Self.share("disk", reader),
            diskBusy: try Self.share("disk-busy", reader),
            memoryPressure: try Self.share("memory-pressure", reader),
            ioPressure: try Self.share("io-pressure", reader))
    }

    var element: Element {
        Element(
            Self.elementName, namespace: Namespace.federation,
            [
                "memory": self.memory.map { String($0) }, "disk": self.disk.map { String($0) },
                "disk-busy": self.diskBusy.map { String($0) },
                "memory-pressure": self.memoryPressure.map { String($0) },
                "io-pressure": self.ioPressure.map { String($0) },
            ])
    }

    private static func share(_ name: String, _ reader: ElementReader) throws(PayloadError) -> Double? {
        try reader.optionalText(name) == nil ? nil : reader.decimal(name, in: 0...1)
    }
}
