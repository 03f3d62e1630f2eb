import CLibvirt
import CloudModel

/// libvirt's numbers for states and events, in our words.
enum LifecycleMapping {
    static func state(_ state: Int32, reason: Int32) -> (state: MachineState, reason: String?) {
        let reason = UInt32(bitPattern: reason)
        switch virDomainState(rawValue: UInt32(bitPattern: state)) {
        case VIR_DOMAIN_RUNNING, VIR_DOMAIN_BLOCKED:
            return (.running, nil)
        case VIR_DOMAIN_PAUSED:
            switch reason {
            case VIR_DOMAIN_PAUSED_STARTING_UP.rawValue: return (.starting, nil)
            case VIR_DOMAIN_PAUSED_IOERROR.rawValue: return (.suspended, Self.diskError)
            default: return (.suspended, nil)
            }
        case VIR_DOMAIN_PMSUSPENDED:
            return (.suspended, nil)
        case VIR_DOMAIN_SHUTDOWN:
            return (.stopping, nil)
        case VIR_DOMAIN_SHUTOFF:
            switch reason {
            case VIR_DOMAIN_SHUTOFF_CRASHED.rawValue: return (.failed, "the guest crashed")
            case VIR_DOMAIN_SHUTOFF_FAILED.rawValue: return (.failed, Self.processEnded)
            default: return (.stopped, nil)
            }
        case VIR_DOMAIN_CRASHED:
            return (.failed, "the guest crashed")
        default:
            return (.stopped, nil)
        }
    }

    /// The event that `id` went through; nil for what changes no state.
    static func event(_ event: Int32, detail: Int32, of id: MachineID) -> DriverEvent? {
        let detail = UInt32(bitPattern: detail)
        switch virDomainEventType(rawValue: UInt32(bitPattern: event)) {
        case VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_RESUMED:
            return .changed(id, .running, reason: nil)
        case VIR_DOMAIN_EVENT_SUSPENDED:
            let isDiskError = detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR.rawValue
            return .changed(id, .suspended, reason: isDiskError ? Self.diskError : nil)
        case VIR_DOMAIN_EVENT_PMSUSPENDED:
            return .changed(id, .suspended, reason: nil)
        case VIR_DOMAIN_EVENT_SHUTDOWN:
            return .changed(id, .stopping, reason: nil)
        case VIR_DOMAIN_EVENT_STOPPED:
            switch detail {
            case VIR_DOMAIN_EVENT_STOPPED_CRASHED.rawValue:
                return .changed(id, .failed, reason: "the guest crashed")
            case VIR_DOMAIN_EVENT_STOPPED_FAILED.rawValue:
                return .changed(id, .failed, reason: Self.processEnded)
            default:
                return .changed(id, .stopped, reason: nil)
            }
        case VIR_DOMAIN_EVENT_CRASHED:
            return .changed(id, .failed, reason: "the guest crashed")
        case VIR_DOMAIN_EVENT_UNDEFINED:
            return .removed(id)
        default:
            return nil
        }
    }

    /// Where QEMU stops a guest whose writes fail, until it is resumed.
    private static let diskError = "the host's disk is full or failing"
    private static let processEnded = "its process ended without being told to"
}
