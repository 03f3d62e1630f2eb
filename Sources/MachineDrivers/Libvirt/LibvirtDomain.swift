import CLibvirt
import CloudModel
import Glibc

/// A reference to one of libvirt's domains, given back when it goes out of scope.
@safe struct LibvirtDomain: ~Copyable {
    let pointer: OpaquePointer

    /// Takes over a reference that libvirt has counted for us.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe _ = virDomainFree(self.pointer)
    }

    /// Our machines have their `MachineID` as UUID; what others made has one too.
    static func id(of pointer: OpaquePointer) -> MachineID? {
        var buffer = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        let status = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            unsafe virDomainGetUUIDString(pointer, buffer.baseAddress)
        }
        guard status == 0 else { return nil }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return MachineID(String(decoding: bytes, as: UTF8.self))
    }

    var name: String {
        guard let name = unsafe virDomainGetName(self.pointer) else { return "" }
        return unsafe String(cString: name)
    }

    /// The state and why it is so; nil if the domain is gone.
    var state: (state: MachineState, reason: String?)? {
        var state: Int32 = 0
        var reason: Int32 = 0
        guard unsafe virDomainGetState(self.pointer, &state, &reason, 0) == 0 else { return nil }
        return LifecycleMapping.state(state, reason: reason)
    }

    var resources: Resources {
        var info = virDomainInfo()
        guard unsafe virDomainGetInfo(self.pointer, &info) == 0 else { return .zero }
        return Resources(
            vcpus: Int(info.nrVirtCpu), memory: Mebibytes(Int64(info.maxMem / 1_024)), disk: .zero)
    }

    /// Our element of the domain's metadata; nil if there is none, and then the domain is not ours.
    var metadata: String? {
        let text = unsafe virDomainGetMetadata(
            self.pointer, Int32(VIR_DOMAIN_METADATA_ELEMENT.rawValue), DomainXML.metadataNamespace, 0)
        guard let text = unsafe text else {
            virResetLastError()
            return nil
        }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
