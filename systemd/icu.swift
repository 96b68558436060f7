// Copies the English items of an ICU data file, and those that belong to no language.
//
// The file (ICU's udata.h, ucmndata.h) is a header with its own size in front, then a table: the number of
// items, and for each the places of its name and of its bytes, counted from the table's start. The items
// are in the order of their names.
import Foundation

let input = [UInt8](try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))

func number(at place: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(input[place + $1]) << (8 * $1) }
}

func bytes(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 255) } }

func padding(_ size: Int) -> [UInt8] { [UInt8](repeating: 0, count: (16 - size % 16) % 16) }

/// Whether a program that speaks English may need the item, `icudt76l/curr/en.res` for example.
func isNeeded(_ name: String) -> Bool {
    let file = name.split(separator: "/").last ?? ""
    // Charsets, word lists of languages without spaces, transliteration, characters' names.
    let others = #/.*\.(cnv|dict|spp)|.*_.*\.brk|unames\.icu|confusables\.cfu|cnvalias\.icu/#
    let language = #/[a-z]{2,3}(_.*)?\.res/#
    let english = #/en(_US|_US_POSIX|_001)?\.res/#
    if name.contains("/translit/") || file.wholeMatch(of: others) != nil { return false }
    return file.wholeMatch(of: language) == nil || file.wholeMatch(of: english) != nil
}

let start = number(at: 0) & 0xffff
let count = number(at: start)
var items: [(name: [UInt8], content: ArraySlice<UInt8>)] = []
for item in 0..<count {
    let entry = start + 4 + 8 * item
    let name = input[(start + number(at: entry))...].prefix { $0 != 0 }
    let end = item + 1 < count ? start + number(at: entry + 12) : input.count
    if isNeeded(String(decoding: name, as: UTF8.self)) {
        items.append((name + [0], input[(start + number(at: entry + 4))..<end]))
    }
}

var table = bytes(items.count)
var names: [UInt8] = []
var contents: [UInt8] = []
let size = 4 + 8 * items.count
let namesSize = items.reduce(0) { $0 + $1.name.count }
let gap = padding(size + namesSize)
for item in items {
    table += bytes(size + names.count) + bytes(size + namesSize + gap.count + contents.count)
    names += item.name
    contents += item.content + padding(item.content.count)
}
let output = input[..<start] + table + names + gap + contents
try Data(output).write(to: URL(fileURLWithPath: CommandLine.arguments[2]))
