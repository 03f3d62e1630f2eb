import CloudModel
import Foundation
import XML

/// libvirt's description of a machine (formatdomain), as elements.
enum DomainXML {
    static let metadataNamespace = "urn:tradewind:machine:1"

    /// What is attached to a machine.
    struct Devices: Hashable {
        var disk: String?
        var consoleLog: String?
        var kernel: Kernel?
        var network = MachineNetwork.none

        struct Kernel: Hashable {
            var path: String
            var initramfs: String?
            var commandLine: String
        }
    }

    static func domain(
        _ definition: MachineDefinition, devices: Devices, on host: HostCapabilities
    ) throws(DriverError) -> Element {
        let resources = definition.specification.resources
        return element(
            "domain", ["type": host.domainType],
            [
                text("name", definition.specification.name),
                text("uuid", definition.id.description),
                element("metadata", [:], [try Self.metadata(definition)]),
                text("memory", String(resources.memory.count), ["unit": "MiB"]),
                text("vcpu", String(resources.vcpus)),
                Self.operatingSystem(devices.kernel, on: host),
                element("features", [:], host.hasACPI ? [element("acpi")] : []),
                text("on_poweroff", "destroy"),
                text("on_reboot", "restart"),
                text("on_crash", "destroy"),
                Self.devices(devices, on: host),
            ])
    }

    private static func operatingSystem(_ kernel: Devices.Kernel?, on host: HostCapabilities) -> Element {
        var children = [text("type", host.osType, ["arch": host.architecture, "machine": host.machine])]
        if let kernel {
            children.append(text("kernel", kernel.path))
            if let initramfs = kernel.initramfs { children.append(text("initrd", initramfs)) }
            children.append(text("cmdline", kernel.commandLine))
        } else if host.domainType != HostCapabilities.testDomainType {
            children.append(element("boot", ["dev": "hd"]))
        }
        return element("os", [:], children)
    }

    private static func devices(_ devices: Devices, on host: HostCapabilities) -> Element {
        var children: [Element] = []
        if let emulator = host.emulator { children.append(text("emulator", emulator)) }
        if let disk = devices.disk {
            children.append(
                element(
                    "disk", ["type": "file", "device": "disk"],
                    [
                        element("driver", ["name": "qemu", "type": "qcow2", "discard": "unmap"]),
                        element("source", ["file": disk]),
                        element("target", ["dev": "vda", "bus": "virtio"]),
                    ]))
        }
        if let log = devices.consoleLog {
            // Appended to, so that what the guest said before a restart can still be read.
            let source = element("source", ["path": log, "append": "on"])
            children.append(element("serial", ["type": "file"], [source, element("target", ["port": "0"])]))
            children.append(
                element(
                    "console", ["type": "file"],
                    [source, element("target", ["type": "serial", "port": "0"])])
            )
        }
        if let interface = Self.interface(devices.network) { children.append(interface) }
        if host.domainType != HostCapabilities.testDomainType {
            children.append(element("controller", ["type": "usb", "model": "none"]))
            children.append(element("memballoon", ["model": "none"]))
        }
        return element("devices", [:], children)
    }

    /// The interface, whose hardware address libvirt chooses once and keeps.
    private static func interface(_ network: MachineNetwork) -> Element? {
        let model = element("model", ["type": "virtio"])
        return switch network {
        case .none: nil
        case .user: element("interface", ["type": "user"], [model])
        case .bridge(let name):
            element("interface", ["type": "bridge"], [element("source", ["bridge": name]), model])
        case .network(let name):
            element("interface", ["type": "network"], [element("source", ["network": name]), model])
        }
    }

    /// The definition as JSON inside our element: one noun, one codec, read back by any later version.
    private static func metadata(_ definition: MachineDefinition) throws(DriverError) -> Element {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            let json = try encoder.encode(definition)
            return Element(
                "machine", namespace: Self.metadataNamespace,
                attributes: [Element.Attribute(name: "id", value: definition.id.description)],
                children: [.text(String(decoding: json, as: UTF8.self))])
        } catch {
            throw .failed(attempt: "describe machine \(definition.id)", reason: "\(error)")
        }
    }

    /// Reads our element of a domain's metadata; nil if it says nothing we can read or names another machine.
    static func definition(inMetadata text: String, of id: MachineID) -> MachineDefinition? {
        do {
            let element = try Element(parsing: text)
            guard element.name == "machine" else { return nil }
            let definition = try JSONDecoder().decode(MachineDefinition.self, from: Data(element.text.utf8))
            return definition.id == id ? definition : nil
        } catch {
            // Somebody else's element of that name, or damaged: then the domain is not ours to touch.
            return nil
        }
    }

    static func element(
        _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ elements: [Element] = []
    ) -> Element {
        Element(name, namespace: "", attributes, elements)
    }

    private static func text(
        _ name: String, _ text: String, _ attributes: KeyValuePairs<String, String?> = [:]
    ) -> Element {
        var element = Element(name, namespace: "", attributes)
        element.children = [.text(text)]
        return element
    }
}
