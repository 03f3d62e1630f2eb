import Glibc
import XML

/// libFuzzer's own main, without the name that SwiftPM gives to ours.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum XMLFuzzer {
    static func main() {
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        exit(unsafe runDriver(&count, &arguments, { start, count in unsafe fuzzXML(start, count) }))
    }
}

/// What libFuzzer calls with each input: no input may crash the parser, or mean something else when cut differently.
///
/// The first byte says how the rest is cut.
private func fuzzXML(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let whole = ParserRun(bytes, pieceBytes: bytes.count)
    let pieces = ParserRun(bytes, pieceBytes: Int(first % 64) + 1)
    precondition(whole.agrees(with: pieces), "cut differently, the input means something else")
    for element in whole.elements {
        do throws(PrintError) {
            let printed = try element.serialized()
            let reread = try? Element(parsing: printed)
            precondition(reread == nil || reread == element, "what was printed reads as something else")
        } catch {
            preconditionFailure("what was parsed cannot be printed: \(error)")
        }
    }
    return 0
}
