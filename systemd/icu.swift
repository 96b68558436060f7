// Copies what of an ICU data file Foundation needs to write dates and numbers in English and to know
// time zones, calendars and the names of hosts.
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
///
/// Foundation does without what goes, but for what is said of it here. Not so without others: a
/// DateFormatter without curr, or a NumberFormatter without rbnf, ends the program, and without zone a
/// time of an ISO8601DateFormatter has no zone.
func isNeeded(_ name: String) -> Bool {
    let path = name.drop { $0 != "/" }.dropFirst()
    let others: [Regex<Substring>] = [
        // Charsets, transliteration, names of characters, rules for identifiers.
        #/translit/.*|.*\.(?:cnv|spp)|cnvalias\.icu|unames\.icu|confusables\.cfu/#,
        // Where lines, sentences and titles may be broken; and words, in languages without spaces.
        #/brkitr/(?:.*\.dict|.*_.*\.brk|(?:line|sent|title)\.brk)/#,
        // The order of words in a language: localizedCompare is compare.
        #/coll/.*/#,
        // Names of languages, countries and units: 1.5 MB is written as 1.5.
        #/(?:lang|region|unit)/.*|units\.res/#,
        // What a language without a country is mostly written with, and where; older names of both; what
        // else a locale's name may say.
        #/likelySubtags\.res|langInfo\.res|metadata\.res|keyTypeData\.res|timezoneTypes\.res/#,
        // Long names of time zones, which are then GMT+01:00; genders of units.
        #/metaZones\.res|grammaticalFeatures\.res/#,
        // What Windows calls time zones, properties of Arabic and Indian scripts and of emoji, and
        // forms of text that no API of Foundation makes from this: hosts have uts46.nrm.
        #/windowsZones\.res|(?:ulayout|uemoji)\.icu|nfkc(?:_s?cf)?\.nrm/#,
        // Languages.
        #/(?:.*/)?(?!en(?:_US|_US_POSIX|_001)?\.res)[a-z]{2,3}(?:_.*)?\.res/#,
    ]
    return !others.contains { path.wholeMatch(of: $0) != nil }
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
