import CLibvirt
import CloudModel
import Glibc
import Threads
import XML

/// One connection to libvirt, and every call that needs it, on a thread where blocking harms nobody.
actor LibvirtSession {
    @safe private struct Connection {
        let pointer: OpaquePointer
        let lifecycleCallback: Int32
        let capabilities: HostCapabilities
    }

    /// Kernel, user, idle and input/output wait, in nanoseconds since the host started.
    struct ProcessorTimes: Hashable {
        var busy: UInt64 = 0
        var all: UInt64 = 0
    }

    private let configuration: LibvirtConfiguration
    private let subscribers: DriverEvents
    private let executor = BlockingExecutor(label: "tradewind.libvirt")
    private var connection: Connection?
    var lastTimes = ProcessorTimes()
    var lastLoad = 0.0

    init(configuration: LibvirtConfiguration, subscribers: DriverEvents) {
        self.configuration = configuration
        self.subscribers = subscribers
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    /// Connects if there is no connection; whether there was none.
    func open() throws(DriverError) -> Bool {
        guard self.connection == nil else { return false }
        if let root = self.configuration.embeddedRoot {
            try EmbeddedRoot.prepare(root, guestUser: self.configuration.guestUser)
        }
        guard LibvirtEventLoop.isRegistered else {
            throw .unavailable(reason: "libvirt's event loop could not be set up")
        }
        guard let pointer = unsafe virConnectOpen(self.configuration.uri) else {
            throw .unavailable(reason: "\(self.configuration.uri): \(LibvirtFault().message)")
        }
        do throws(DriverError) {
            unsafe self.connection = try self.prepare(pointer)
        } catch {
            unsafe _ = virConnectClose(pointer)
            throw error
        }
        return true
    }

    /// Subscribes to events and reads what the host can do.
    private func prepare(_ pointer: OpaquePointer) throws(DriverError) -> Connection {
        // Only connections over a network know it; the others cannot be cut.
        unsafe _ = virConnectSetKeepAlive(pointer, 5, 3)
        virResetLastError()
        let capabilities = try unsafe self.capabilities(of: pointer)
        let context = unsafe Unmanaged.passRetained(self.subscribers).toOpaque()
        let callback = unsafe tradewind_register_lifecycle(
            pointer, reportLifecycle, context, releaseSubscribers)
        guard callback >= 0 else {
            unsafe Unmanaged<DriverEvents>.fromOpaque(context).release()
            throw LibvirtFault().driverError(attempt: "subscribe to events")
        }
        return unsafe Connection(
            pointer: pointer, lifecycleCallback: callback, capabilities: capabilities)
    }

    private func capabilities(of pointer: OpaquePointer) throws(DriverError) -> HostCapabilities {
        guard let text = unsafe virConnectGetCapabilities(pointer) else {
            throw LibvirtFault().driverError(attempt: "read the host's capabilities")
        }
        defer { unsafe free(text) }
        let element: Element
        do {
            unsafe element = try Element(parsing: String(cString: text))
        } catch {
            throw .failed(attempt: "read the host's capabilities", reason: error.description)
        }
        let virtualizes = !self.configuration.isLocalQEMU || HostCapabilities.processorVirtualizes()
        return try HostCapabilities(
            parsing: element, acceleration: self.configuration.acceleration,
            processorVirtualizes: virtualizes)
    }

    /// Gives the connection back; machines go on.
    func close() {
        guard let connection = self.connection else { return }
        self.connection = nil
        unsafe _ = virConnectDomainEventDeregisterAny(connection.pointer, connection.lifecycleCallback)
        unsafe _ = virConnectClose(connection.pointer)
        virResetLastError()
    }

    /// Whether the connection still answers; closes it if not.
    func isAlive() -> Bool {
        guard let connection = self.connection else { return false }
        if unsafe virConnectIsAlive(connection.pointer) == 1 { return true }
        self.close()
        return false
    }

    /// The connection for a call that is about to be made.
    func connected() throws(DriverError) -> (pointer: OpaquePointer, capabilities: HostCapabilities) {
        guard let connection = self.connection else {
            throw .unavailable(reason: "\(self.configuration.uri) is not connected")
        }
        return unsafe (connection.pointer, connection.capabilities)
    }

    var capabilities: HostCapabilities {
        get throws(DriverError) { unsafe try self.connected().capabilities }
    }

    /// What the last call that failed on this thread means; a connection that broke is an outage, not a refusal.
    func fault(_ attempt: String) -> DriverError {
        let fault = LibvirtFault()
        if let connection = self.connection, unsafe virConnectIsAlive(connection.pointer) == 0 {
            return .unavailable(reason: fault.message)
        }
        return fault.driverError(attempt: attempt)
    }
}

/// Runs on the event loop's thread.
private func reportLifecycle(
    _ connection: OpaquePointer?, _ domain: OpaquePointer?, _ event: Int32, _ detail: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let domain = unsafe domain, let context = unsafe context,
        let id = unsafe LibvirtDomain.id(of: domain),
        let event = LifecycleMapping.event(event, detail: detail, of: id)
    else { return 0 }
    unsafe Unmanaged<DriverEvents>.fromOpaque(context).takeUnretainedValue().publish(event)
    return 0
}

private func releaseSubscribers(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<DriverEvents>.fromOpaque(context).release()
}
