import Commands

/// The command line as a program of its own. A package has it within leadconvertd.
@main
struct Program {
    static func main() async {
        await LeadConvert.main()
    }
}
