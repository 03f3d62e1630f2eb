import CloudModel
import XML
import XMPP

extension Resources {
    /// Reads `vcpus`, `memory-mib` and `disk-mib`.
    init(parsing reader: ElementReader) throws(PayloadError) {
        self.init(
            vcpus: try reader.integer("vcpus", in: 0...WireLimits.vcpus),
            memory: try reader.mebibytes("memory-mib"),
            disk: try reader.mebibytes("disk-mib"))
    }

    /// `<name vcpus='2' memory-mib='512' disk-mib='1024'/>`.
    func element(_ name: String) -> Element {
        Element(
            name, namespace: Namespace.federation,
            [
                "vcpus": String(self.vcpus), "memory-mib": String(self.memory.count),
                "disk-mib": String(self.disk.count),
            ])
    }
}
