import CLibvirt
import CloudModel
import Threads

/// A thread for calls that wait for one guest's process to end, which takes seconds if that hangs.
///
/// Several of them keep such guests from holding up each other and everything else that is asked of the session.
actor LibvirtHand {
    /// Guests that are waited for at the same time.
    static let count = 8

    private let executor = BlockingExecutor(label: "tradewind.libvirt-hand")

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    func destroy(_ domain: LibvirtReference, _ id: MachineID) throws(DriverError) {
        guard unsafe virDomainDestroy(domain.pointer) == 0 else {
            throw LibvirtFault().driverError(attempt: "force off machine \(id)")
        }
    }
}
