import CLibvirt
import CloudModel
import Glibc
import XML

extension LibvirtSession {
    func machines() throws(DriverError) -> [DriverMachine] {
        let host = try self.hostname()
        return try self.collect { domain in self.describe(domain, on: host) }.sorted { $0.id < $1.id }
    }

    /// The ids of all machines, those that are not ours included.
    func identifiers() throws(DriverError) -> Set<MachineID> {
        Set(try self.collect { domain in unsafe LibvirtDomain.id(of: domain.pointer) })
    }

    private func collect<Value>(
        _ read: (borrowing LibvirtDomain) -> Value?
    ) throws(DriverError) -> [Value] {
        let connection = unsafe try self.connected()
        var list: UnsafeMutablePointer<virDomainPtr?>?
        let count = unsafe virConnectListAllDomains(connection.pointer, &list, 0)
        guard count >= 0, let list = unsafe list else { throw self.fault("list the machines") }
        defer { unsafe free(list) }
        var values: [Value] = []
        for index in 0..<Int(count) {
            guard let pointer = unsafe list[index] else { continue }
            if let value = read(unsafe LibvirtDomain(owning: pointer)) { values.append(value) }
        }
        return values
    }

    func machine(_ id: MachineID) throws(DriverError) -> DriverMachine {
        let domain = try self.domain(id)
        guard let machine = self.describe(domain, on: try self.hostname()) else { throw .notFound(id) }
        return machine
    }

    func define(_ definition: MachineDefinition, devices: DomainXML.Devices) throws(DriverError) {
        let connection = unsafe try self.connected()
        let description = unsafe try DomainXML.domain(
            definition, devices: devices, on: connection.capabilities)
        let text: String
        do {
            text = try description.serializedText()
        } catch {
            throw .failed(attempt: "describe machine \(definition.id)", reason: "\(error)")
        }
        guard let pointer = unsafe virDomainDefineXML(connection.pointer, text) else {
            throw self.fault("define machine \(definition.id)")
        }
        _ = unsafe LibvirtDomain(owning: pointer)
    }

    func start(_ id: MachineID) throws(DriverError) {
        unsafe try self.act(on: id, "start", from: [.stopped, .failed]) { unsafe virDomainCreate($0) }
    }

    func shutdown(_ id: MachineID) throws(DriverError) {
        unsafe try self.act(on: id, "shut down", from: [.running, .stopping]) { domain in
            unsafe virDomainShutdown(domain)
        }
    }

    func reboot(_ id: MachineID) throws(DriverError) {
        unsafe try self.act(on: id, "reboot", from: [.running]) { unsafe virDomainReboot($0, 0) }
    }

    /// The machine, if something of it runs, for a `LibvirtHand` that forces it off.
    func running(_ id: MachineID) throws(DriverError) -> LibvirtReference {
        let attempt = "force off"
        let domain = try self.domain(id)
        guard let state = domain.state else { throw self.fault("\(attempt) machine \(id)") }
        guard Self.active.contains(state.state) else {
            throw .invalidState(id, state.state, attempt: attempt)
        }
        guard let reference = LibvirtReference(to: domain) else {
            throw self.fault("\(attempt) machine \(id)")
        }
        return reference
    }

    func suspend(_ id: MachineID) throws(DriverError) {
        unsafe try self.act(on: id, "suspend", from: [.running]) { unsafe virDomainSuspend($0) }
    }

    func resume(_ id: MachineID) throws(DriverError) {
        unsafe try self.act(on: id, "resume", from: [.suspended]) { unsafe virDomainResume($0) }
    }

    func undefine(_ id: MachineID) throws(DriverError) {
        let domain = try self.domain(id)
        if let state = domain.state, Self.active.contains(state.state) {
            // It may end by itself just now; the next call tells.
            unsafe _ = virDomainDestroy(domain.pointer)
            virResetLastError()
        }
        let everything =
            VIR_DOMAIN_UNDEFINE_MANAGED_SAVE.rawValue | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA.rawValue
            | VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA.rawValue | VIR_DOMAIN_UNDEFINE_NVRAM.rawValue
        if unsafe virDomainUndefineFlags(domain.pointer, everything) == 0 { return }
        virResetLastError()
        // Not every hypervisor knows the flags.
        guard unsafe virDomainUndefine(domain.pointer) == 0 else {
            throw self.fault("delete machine \(id)")
        }
    }

    private static let active: Set<MachineState> = [.starting, .running, .suspended, .stopping]

    private func domain(_ id: MachineID) throws(DriverError) -> LibvirtDomain {
        let connection = unsafe try self.connected()
        guard let pointer = unsafe virDomainLookupByUUIDString(connection.pointer, id.description) else {
            let code = unsafe virGetLastError().map { unsafe $0.pointee.code } ?? 0
            if UInt32(bitPattern: code) == VIR_ERR_NO_DOMAIN.rawValue {
                virResetLastError()
                throw .notFound(id)
            }
            throw self.fault("find machine \(id)")
        }
        return unsafe LibvirtDomain(owning: pointer)
    }

    private func act(
        on id: MachineID, _ attempt: String, from allowed: Set<MachineState>,
        _ call: (OpaquePointer) -> Int32
    ) throws(DriverError) {
        let domain = try self.domain(id)
        guard let state = domain.state else { throw self.fault("\(attempt) machine \(id)") }
        guard allowed.contains(state.state) else {
            throw .invalidState(id, state.state, attempt: attempt)
        }
        guard unsafe call(domain.pointer) == 0 else { throw self.fault("\(attempt) machine \(id)") }
    }

    /// Nil if the domain vanished while it was looked at.
    private func describe(_ domain: borrowing LibvirtDomain, on host: String) -> DriverMachine? {
        guard let id = unsafe LibvirtDomain.id(of: domain.pointer), let state = domain.state else {
            virResetLastError()
            return nil
        }
        let definition = domain.metadata.flatMap { DomainXML.definition(inMetadata: $0, of: id) }
        return DriverMachine(
            id: id, name: domain.name, host: host, state: state.state, reason: state.reason,
            resources: definition?.specification.resources ?? domain.resources, definition: definition)
    }
}
