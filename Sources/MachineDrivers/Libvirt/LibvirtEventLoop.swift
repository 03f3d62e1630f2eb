import CLibvirt
import Foundation

/// The thread on which libvirt reports events; one for the whole process, and for as long as it lives.
enum LibvirtEventLoop {
    /// Starts the loop at the first use; must come before the first connection.
    static let isRegistered: Bool = {
        // Errors are thrown as `DriverError`; libvirt would also print each to standard error.
        unsafe virSetErrorFunc(nil) { _, _ in }
        guard virEventRegisterDefaultImpl() == 0 else { return false }
        let thread = Thread {
            while true {
                if virEventRunDefaultImpl() < 0 {
                    // Failing at once, for ever, would take a whole processor.
                    Thread.sleep(forTimeInterval: Self.pauseAfterError)
                }
            }
        }
        thread.name = "libvirt-events"
        thread.start()
        return true
    }()

    /// Seconds.
    private static let pauseAfterError = 0.1
}
