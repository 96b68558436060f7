# Turns what `PROGRAM help` prints into roff for man(7), so that the manual says what the program
# does. The text must not be wrapped: COLUMNS=10000.
#
#   part=page      a whole page but for its head: synopsis, description, options
#   part=command   a subcommand's section of its program's page
#   part=settings  the tables of the page Settings, as a list
#   part=statuses  the table of the page ExitCodes, as a list

function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}

# A line of prose: roff takes a leading dot or quote for a request.
function prose(text) {
    text = escape(text)
    if (text ~ /^[.']/) text = "\\&" text
    return text
}

# What is typed in bold, what stands for something else in italics.
function typed(text) {
    text = escape(text)
    gsub(/</, "\\fI", text)
    gsub(/>/, "\\fB", text)
    return "\\fB" text "\\fR"
}

function sentence(text) {
    gsub(/`/, "", text)
    return prose(toupper(substr(text, 1, 1)) substr(text, 2)) "."
}

function paragraph(text) {
    if (text != "") description = description (description == "" ? "" : "\n.PP\n") prose(text)
}

part == "settings" {
    if (!/^\| `/) next
    split($0, cell, / *\| */)
    gsub(/`/, "", cell[2])
    gsub(/`/, "", cell[4])
    printf ".TP\n\\fB%s\\fR\n%s\n", escape(cell[2]), sentence(cell[3])
    if (cell[4] != "") printf "Default: %s.\n", escape(cell[4])
    next
}

part == "statuses" {
    if (!/^\| [0-9]/) next
    split($0, cell, / *\| */)
    printf ".TP\n\\fB%s\\fR\n%s\n", cell[2], sentence(cell[3])
    next
}

# A heading ends what was before it.
/^(OVERVIEW|USAGE): / {
    section = $1
    sub(/^[A-Z]+: /, "")
    if (section == "USAGE:") usage = usage (usage == "" ? "" : "\n.br\n") typed($0)
    else { overview = $0; paragraph($0) }
    next
}
/^[A-Z][A-Z ]*:$/ { section = $0; next }
/^  See '/ { next }

section == "OVERVIEW:" {
    if (/^  /) {
        if (!isCode) description = description "\n.PP\n.nf\n.RS 4"
        isCode = 1
        description = description "\n" prose(substr($0, 3))
        next
    }
    if (isCode) description = description "\n.RE\n.fi"
    isCode = 0
    # A root command's own list of exit statuses has a section to itself.
    if (sub(/^Exit status: /, "")) text = " exit codes: " $0
    else paragraph($0)
    next
}

section == "USAGE:" && /^ +/ { sub(/^ +/, ""); usage = usage "\n.br\n" typed($0); next }

section == "OPTIONS:" || section == "ARGUMENTS:" {
    if ($0 == "") next
    # The help text has its descriptions in column 27.
    label = length($0) > 26 && substr($0, 26, 1) == " " ? substr($0, 1, 25) : $0
    rest = label == $0 ? "" : substr($0, 27)
    gsub(/^ +| +$/, "", label)
    if (label ~ /^-h, --help/) { isHelp = 1; next }
    if (label != "") { isHelp = 0; options = options ".TP\n" typed(label) "\n" }
    if (rest != "" && !isHelp) options = options prose(rest) "\n"
}

END {
    if (isCode) description = description "\n.RE\n.fi"
    if (part == "page") {
        printf ".SH SYNOPSIS\n%s\n.SH DESCRIPTION\n%s\n", usage, description
        if (options != "") printf ".SH OPTIONS\n%s", options
    } else if (part == "command") {
        printf ".SS %s\n%s\n.PP\n%s\n%s", escape(name), usage, description, options
    }
    if (part == "page" && text != "") {
        print ".SH EXIT STATUS"
        # "0 done, 64 wrong usage (a, b), 65 ...": a number begins each.
        sub(/^[^:]*: */, "", text)
        sub(/\. *$/, "", text)
        count = split(text, word, / +/)
        for (i = 1; i <= count; i++) {
            if (word[i] ~ /^[0-9]+$/) {
                if (line != "") { sub(/,$/, "", line); print sentence(line) }
                printf ".TP\n\\fB%s\\fR\n", word[i]
                line = ""
            } else line = line (line == "" ? "" : " ") word[i]
        }
        print sentence(line)
    }
}
