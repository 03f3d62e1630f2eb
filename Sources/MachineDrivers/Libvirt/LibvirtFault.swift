import CLibvirt

/// What libvirt said about the last call that failed on this thread.
struct LibvirtFault {
    let code: Int32
    let message: String

    /// Must be made on the thread of the failed call, before another call.
    init() {
        guard let error = unsafe virGetLastError() else {
            self.code = 0
            self.message = "libvirt gave no reason"
            return
        }
        self.code = unsafe error.pointee.code
        self.message = unsafe error.pointee.message.map { unsafe String(cString: $0) } ?? "error \(self.code)"
        virResetLastError()
    }

    /// The fault as the port's error; `attempt` is a phrase such as `start machine …`.
    func driverError(attempt: String) -> DriverError {
        switch virErrorNumber(rawValue: UInt32(bitPattern: self.code)) {
        case VIR_ERR_NO_CONNECT, VIR_ERR_INVALID_CONN, VIR_ERR_RPC, VIR_ERR_AUTH_FAILED:
            .unavailable(reason: self.message)
        case VIR_ERR_NO_MEMORY:
            .insufficientResources(reason: self.message)
        default:
            self.message.contains("No space left") || self.message.contains("Cannot allocate memory")
                ? .insufficientResources(reason: self.message)
                : .failed(attempt: attempt, reason: self.message)
        }
    }
}
