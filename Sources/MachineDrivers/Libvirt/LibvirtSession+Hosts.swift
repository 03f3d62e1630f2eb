import CLibvirt
import CloudModel
import Glibc

extension LibvirtSession {
    /// The one host behind the connection, with all it has; disk is left to whoever knows the files.
    func host() throws(DriverError) -> Host {
        let connection = unsafe try self.connected()
        var node = virNodeInfo()
        guard unsafe virNodeGetInfo(connection.pointer, &node) == 0 else {
            throw self.fault("read what the host has")
        }
        let memory = Mebibytes(Int64(node.memory / 1_024))
        let freeBytes = unsafe virNodeGetFreeMemory(connection.pointer)
        virResetLastError()
        return unsafe Host(
            name: try self.hostname(), hypervisor: connection.capabilities.domainType,
            total: Resources(vcpus: Int(node.cpus), memory: memory, disk: .zero),
            load: self.load(connection.pointer),
            freeMemory: Mebibytes(Int64(clamping: freeBytes / 1_048_576)))
    }

    func hostname() throws(DriverError) -> String {
        let connection = unsafe try self.connected()
        guard let name = unsafe virConnectGetHostname(connection.pointer) else {
            throw self.fault("read the host's name")
        }
        defer { unsafe free(name) }
        return unsafe String(cString: name)
    }

    /// Share of the processors in use since the last call, 0…1.
    private func load(_ connection: OpaquePointer) -> Double {
        let everyProcessor = Int32(VIR_NODE_CPU_STATS_ALL_CPUS.rawValue)
        var count: Int32 = 0
        guard unsafe virNodeGetCPUStats(connection, everyProcessor, nil, &count, 0) == 0, count > 0 else {
            virResetLastError()
            return self.lastLoad
        }
        var statistics = [virNodeCPUStats](repeating: virNodeCPUStats(), count: Int(count))
        let status = unsafe statistics.withUnsafeMutableBufferPointer { buffer in
            unsafe virNodeGetCPUStats(connection, everyProcessor, buffer.baseAddress, &count, 0)
        }
        guard status == 0 else {
            virResetLastError()
            return self.lastLoad
        }
        var times = ProcessorTimes()
        for statistic in statistics {
            let name = statistic.fieldName
            times.all &+= statistic.value
            if name == "kernel" || name == "user" { times.busy &+= statistic.value }
        }
        defer { self.lastTimes = times }
        guard times.all > self.lastTimes.all, times.busy >= self.lastTimes.busy else { return self.lastLoad }
        let busy = Double(times.busy - self.lastTimes.busy)
        self.lastLoad = min(1, busy / Double(times.all - self.lastTimes.all))
        return self.lastLoad
    }
}

extension virNodeCPUStats {
    /// The name, which C keeps in an array of fixed length.
    fileprivate var fieldName: String {
        unsafe withUnsafeBytes(of: self.field) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
