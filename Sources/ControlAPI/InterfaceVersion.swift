/// The version of the interface: what every answer over HTTP names in the header `Tradewind-Version`.
package enum InterfaceVersion {
    /// Below the path `/v1` only things are added; the second number rises with each release that adds some.
    ///
    /// 1.0 is what there was before this was counted; what was added since stands in `ControlAPI.md`, “Versions”.
    package static let text = "1.1"
}
