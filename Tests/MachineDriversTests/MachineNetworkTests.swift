import CloudModel
import Testing
import XML

@testable import MachineDrivers

@Suite("What machines are connected to")
struct MachineNetworkTests {
    @Test(
        "A network is read from text",
        arguments: [
            ("none", MachineNetwork.none), ("user", .user), ("bridge:br0", .bridge("br0")),
            ("bridge:fifteen-letters", .bridge("fifteen-letters")), ("network:default", .network("default")),
        ])
    func reads(text: String, network: MachineNetwork) {
        #expect(MachineNetwork(text) == network)
    }

    @Test(
        "What names no network is refused",
        arguments: [
            "", "nat", "user:1", "none:", "bridge", "bridge:", "bridge:sixteen--letters", "bridge:a/b",
            "network:", "network:two words",
        ])
    func refuses(text: String) {
        #expect(MachineNetwork(text) == nil)
    }

    @Test("A machine is described with the interface of its network, or with none")
    func describes() throws {
        let host = try HostCapabilities(
            parsing: Element(
                parsing: """
                    <capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><os_type>hvm</os_type>\
                    <arch name='x86_64'><domain type='qemu'/></arch></guest></capabilities>
                    """), acceleration: .automatic, processorVirtualizes: false)
        func interface(_ network: MachineNetwork) throws -> Element? {
            var devices = DomainXML.Devices()
            devices.network = network
            return try DomainXML.domain(definition(seed: 1), devices: devices, on: host)
                .child("devices")?.child("interface")
        }
        #expect(try interface(.none) == nil)
        let user = try #require(try interface(.user))
        #expect(user[attribute: "type"] == "user")
        #expect(user.child("model")?[attribute: "type"] == "virtio")
        let bridge = try #require(try interface(.bridge("br0")))
        #expect(bridge[attribute: "type"] == "bridge")
        #expect(bridge.child("source")?[attribute: "bridge"] == "br0")
        let network = try #require(try interface(.network("default")))
        #expect(network[attribute: "type"] == "network")
        #expect(network.child("source")?[attribute: "network"] == "default")
    }
}
