/// Why a template can't be read.
enum TemplateFault: Error, Equatable, CustomStringConvertible {
    /// `{{` without `}}`.
    case neverEnds
    /// Nothing between two dots, or no path at all.
    case emptyStep(String)
    /// Brackets with something else than a number from 0.
    case badIndex(String)

    /// What is wrong and what to do.
    var description: String {
        switch self {
        case .neverEnds: "a {{ never ends: close it with }}"
        case .emptyStep(let path): "{{\(path)}} lacks a name: write {{row.COLUMN}}"
        case .badIndex(let path): "{{\(path)}}: brackets hold a number, counted from 0"
        }
    }
}
