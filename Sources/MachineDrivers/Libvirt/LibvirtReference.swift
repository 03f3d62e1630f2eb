import CLibvirt

/// A reference to one of libvirt's domains that another thread may use; given back when nobody has it any more.
///
/// `@unchecked Sendable`: libvirt counts references to a domain with atomics and locks it inside; nothing here changes.
@safe final class LibvirtReference: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Counts one reference more; nil if libvirt does not.
    init?(to domain: borrowing LibvirtDomain) {
        guard unsafe virDomainRef(domain.pointer) == 0 else { return nil }
        unsafe self.pointer = domain.pointer
    }

    deinit {
        unsafe _ = virDomainFree(self.pointer)
    }
}
