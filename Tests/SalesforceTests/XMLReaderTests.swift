import NIOCore
import Testing

@testable import Salesforce

@Suite struct XMLReaderTests {
    private func read(_ text: String) -> XMLNode? {
        XMLReader.read(ByteBuffer(string: text))
    }

    @Test func `reads elements without their prefixes`() throws {
        let text = """
            \u{FEFF}<?xml version="1.0"?>
            <!-- <none/> --> <p:a xmlns:p = 'urn:p'>
              <b  x="1>2" >one</b ><p:b>two</p:b><c/>
            </p:a> <!---->
            """
        let root = try #require(read(text))
        #expect(root.name == "a")
        #expect(root.children().map(\.name) == ["b", "b", "c"])
        #expect(root.children("b").map(\.text) == ["one", "two"])
        #expect(root.text(of: "b") == "one")
        #expect(root.text(of: "c") == nil)
    }

    @Test func `tells nil from text`() throws {
        let root = try #require(read(#"<a><b xsi:nil="true">x</b><c i:nil='1'/><d nil="no"/></a>"#))
        #expect(root.children().map(\.isNil) == [true, true, false])
        #expect(root.text(of: "b") == nil)
    }

    @Test func `resolves references and character data`() {
        let text = "<a>&lt;&gt;&amp;&quot;&apos;&#233;&#x1F44D;<![CDATA[<&amp;]]]]>&#10;</a>"
        #expect(read(text)?.text == "<>&\"'é👍<&amp;]]\n")
        #expect(read("<a>b<!-- c -->d<?e?>f</a>")?.text == "bdf")
    }

    @Test func `a text includes those of the elements in it, and no attribute's`() {
        let root = read(#"<a>1<b x="-"><c>2</c>3</b><d/>4</a>"#)
        #expect(root?.text == "1234")
        #expect(root?.text(of: "b") == "23")
        #expect(root?.child("c") == nil, "it is a child's child")
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a", "</a>", "<a></b>", "<p:a></q:a>", "<a/><b/>", "<a/>text",
        "text<a/>", "<a>&nbsp;</a>", "<a>&lt</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#;</a>",
        "<a>&;</a>", "<a b/>", "<a b=c/>", "<a b=\"c/>", "<a b=\"<\"/>", "<a b=\"&x;\"/>", "< a/>",
        "<a/", "<!DOCTYPE a><a/>", "<a><!ENTITY x></a>", "<a><![CDATA[</a>", "<a><!-- </a>",
        "<?xml <a/>", "<a>\u{0}</a>", "<>", "<a><></a>", "<a>&#x+41;</a>",
        "<a></ab>", "<ab></a>", "<a><b></a></b>", "<a><![CDATA[\u{0}]]></a>", "<![CDATA[]]><a/>",
        "<a/>&#32;", "<a b=\"\u{0}\"/>",
    ])
    func `refuses what is not one whole document`(text: String) {
        #expect(read(text) == nil)
    }

    @Test(arguments: [0x80, 0xC0, 0xFF] as [UInt8])
    func `refuses bytes that are not UTF-8 wherever they stand`(byte: UInt8) {
        let whole = Array(#"<a b="c">d</a>"#.utf8)
        for place in whole.indices {
            var bytes = whole
            bytes[place] = byte
            #expect(XMLReader.read(ByteBuffer(bytes: bytes)) == nil, "at \(place)")
        }
    }

    @Test func `refuses what is out of proportion`() {
        let deep = String(repeating: "<a>", count: 41) + String(repeating: "</a>", count: 41)
        #expect(read(deep) == nil)
        #expect(read("<a>" + String(repeating: "<b/>", count: 200_000) + "</a>") == nil)
    }
}
