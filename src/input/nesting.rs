//! How deep the elements of a page may be nested, and how much of it may be references (`&amp;`), found without parsing it.
//!
//! Parsers take time that grows with the square of the depth, and call themselves for each level. A text or attribute they
//! make longer at each reference, which takes time by its length; in comments and scripts there are none. Elements are
//! opened and closed here as a browser does it, and where that is not known without a tree, as if nothing were closed.

/// Most elements that a page's element may be in.
pub(super) const DEPTH: usize = 512;
/// Most attributes of an element.
pub(super) const ATTRIBUTES: usize = 512;
/// References times bytes, over all texts and tags of a page: some tenths of a second.
const REFERENCES: u64 = 20_000_000_000;
/// Elements that end where others begin, or have no content.
const ENDED: &str = "\
    p li dt dd tr td th thead tbody tfoot option optgroup area base br col embed hr img input link meta \
    param source track wbr colgroup caption html body head";
/// Elements in which others that have no content say so.
const FOREIGN: &str = "svg math";
/// Elements that no end of another one ends, or that contain what looks like elements.
const CLOSED: &str = "\
    table template object marquee applet button select svg math noscript noembed noframes iframe xmp \
    plaintext textarea title style foreignobject desc mi mo mn ms mtext annotation-xml";
/// Elements that the end of one that is none of them does not end.
const SPECIAL: &str = "\
    address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer \
    form frameset h1 h2 h3 h4 h5 h6 header hgroup listing main menu nav ol pre script search section \
    summary ul rt rp ruby";

fn is_one_of(names: &str, name: &[u8]) -> bool {
    names.split(' ').any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
}

/// Whether the end of an element surely ends those that were opened in it (HTML standard, 13.2.6).
fn ends_all(name: &[u8], inner: &[&[u8]]) -> bool {
    let is_closed = |one: &&[u8]| is_one_of(CLOSED, one);
    let is_special = |one: &&[u8]| is_closed(one) || is_one_of(SPECIAL, one);
    if is_special(&name) { !inner.iter().any(is_closed) } else { !inner.iter().any(is_special) }
}

/// Whether parsing a page could take too long: if elements may be nested deeper than [`DEPTH`], one has more than
/// [`ATTRIBUTES`], or long texts have many references. What is nested in fact is never deeper than what is counted here.
pub(super) fn is_too_much(html: &[u8]) -> bool {
    // The names of elements that are open, and how many of them are foreign.
    let (mut open, mut foreign): (Vec<&[u8]>, usize) = (Vec::new(), 0);
    // Elements that stay open whatever follows.
    let mut floor = 0;
    let mut references = References::default();
    let (mut at, mut text) = (0, 0);
    while let Some(found) = memchr::memchr(b'<', &html[at..]) {
        at += found + 1;
        let rest = &html[at..];
        if let Some(comment) = rest.strip_prefix(b"!--") {
            references.add(&html[text..at]);
            at += 3 + end_of_comment(comment);
            text = at;
            continue;
        }
        let ends = rest.starts_with(b"/");
        let name = &rest[usize::from(ends)..];
        if !name.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let is_name = |byte: &&u8| !matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r' | b'\x0c');
        let name = &name[..name.iter().take_while(is_name).count()];
        let tag = Tag::of(&rest[usize::from(ends) + name.len()..]);
        if tag.attributes > ATTRIBUTES {
            return true;
        }
        let length = usize::from(ends) + name.len() + tag.length;
        references.add(&html[text..at]);
        references.add(&rest[..length]);
        if references.0 > REFERENCES {
            return true;
        }
        at += length;
        text = at;
        if ends {
            let place = open.iter().rposition(|one| one.eq_ignore_ascii_case(name)).filter(|place| *place >= floor);
            if let Some(place) = place.filter(|place| ends_all(name, &open[place + 1..])) {
                foreign -= open.drain(place..).filter(|one| is_one_of(FOREIGN, one)).count();
            }
        } else if foreign == 0 && name.eq_ignore_ascii_case(b"script") {
            let script = &html[at..at + end_of_script(&html[at..])];
            // A script in a comment in a script may not end where it seems to.
            if memchr::memmem::find(script, b"<!--")
                .is_some_and(|at| memchr::memmem::find(&script[at..], b"<s").is_some())
            {
                floor = open.len();
            }
            at += script.len();
            text = at;
        } else if if foreign == 0 { !is_one_of(ENDED, name) } else { !tag.is_closed } {
            open.push(name);
            foreign += usize::from(is_one_of(FOREIGN, name));
            if open.len() > DEPTH {
                return true;
            }
        }
    }
    references.add(&html[text..]);
    references.0 > REFERENCES
}

/// What references of a page cost.
#[derive(Default)]
struct References(u64);

impl References {
    /// Adds those of a text or tag.
    fn add(&mut self, bytes: &[u8]) {
        self.0 += memchr::memchr_iter(b'&', bytes).count() as u64 * bytes.len() as u64;
    }
}

/// What follows the name of a tag.
#[derive(Default)]
struct Tag {
    /// Bytes up to its end.
    length: usize,
    attributes: usize,
    /// Whether it ends with a slash.
    is_closed: bool,
}

impl Tag {
    /// The tag whose name is followed by these bytes, as browsers take it apart (HTML standard, 13.2.5).
    fn of(bytes: &[u8]) -> Self {
        let mut tag = Self::default();
        let is_space = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
        while let Some(&byte) = bytes.get(tag.length) {
            if byte == b'>' {
                tag.is_closed = bytes[..tag.length].ends_with(b"/");
                tag.length += 1;
                return tag;
            }
            if is_space(byte) {
                tag.length += 1;
                continue;
            }
            tag.attributes += 1;
            // A name may begin with what separates it from its value.
            let ends = |&(at, byte): &(usize, &u8)| is_space(*byte) || *byte == b'>' || (*byte == b'=' && at > 0);
            tag.length +=
                bytes[tag.length..].iter().enumerate().find(ends).map_or(bytes.len() - tag.length, |end| end.0);
            let blank = bytes[tag.length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if bytes.get(tag.length + blank) != Some(&b'=') {
                continue;
            }
            tag.length += blank + 1;
            tag.length += bytes[tag.length..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            tag.length += if let Some(&quote @ (b'"' | b'\'')) = bytes.get(tag.length) {
                let rest = &bytes[tag.length + 1..];
                memchr::memchr(quote, rest).map_or(rest.len() + 1, |end| end + 2)
            } else {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
                bytes[tag.length..].iter().position(ends).unwrap_or(bytes.len() - tag.length)
            };
        }
        tag
    }
}

/// Where a comment ends that begins before these bytes.
fn end_of_comment(comment: &[u8]) -> usize {
    if comment.starts_with(b">") {
        return 1;
    }
    if comment.starts_with(b"->") {
        return 2;
    }
    let mut dashes = memchr::memmem::find_iter(comment, b"--");
    let end = dashes.find_map(|at| match &comment[at + 2..] {
        [b'>', ..] => Some(at + 3),
        // Three dashes end it, too.
        [b'!' | b'-', b'>', ..] => Some(at + 4),
        _ => None,
    });
    end.unwrap_or(comment.len())
}

/// Where a script ends.
fn end_of_script(rest: &[u8]) -> usize {
    let is_end = |at: &usize| rest[at + 2..].get(..6).is_some_and(|end| end.eq_ignore_ascii_case(b"script"));
    memchr::memmem::find_iter(rest, b"</").find(is_end).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_pages_are_refused_and_long_lists_are_not() {
        let refused = |html: String| is_too_much(html.as_bytes());
        assert!(refused("<div>".repeat(100_000)));
        assert!(refused("<b><i>".repeat(300)));
        assert!(refused("<div></x>".repeat(600)), "an end of what is not open ends nothing");
        for odd in [
            "<b><div></b>",
            "<span><div></span>",
            "<ul><li></ol>x",
            "<i>x</b>",
            "<div><xmp></div></xmp>",
            "<rt>",
            "<math><mi><div></math>",
        ] {
            assert!(refused(odd.repeat(600)), "{odd}");
        }
        assert!(refused(format!("<select><title></select>{}</title>", "<div>".repeat(600))));
        assert!(refused(format!("<!-->{}", "<div>".repeat(600))));
        assert!(refused("<div title=\"</div>\">".repeat(600)), "what is in an attribute is no tag");
        assert!(refused(format!("<div title=a\"b>{}", "<div>".repeat(600))));
        assert!(refused(format!("<svg>{}", "<path>".repeat(600))));
        assert!(refused(format!("<p {}>", (0..600).map(|n| format!("a{n} ")).collect::<String>())));
        assert!(!is_too_much(format!("<svg>{}</svg>", "<rect width=1 /><circle r='2'/>".repeat(600)).as_bytes()));
        assert!(!is_too_much("<ul><li>one<li>two<p>x<br><img src=x>".repeat(10).as_bytes()));
        assert!(refused(format!("<p>{}", "& ".repeat(150_000))), "each makes a long text longer");
        assert!(refused(format!("<a href='?{}'>", "&a=1".repeat(100_000))));
        assert!(!refused(format!("<p>{}", "a &amp; b ".repeat(20_000))));
        assert!(!refused("<p>a &amp; b&nbsp;</p>".repeat(50_000)));
        let code = "if (a && b) x();".repeat(100_000);
        assert!(
            !refused(format!("<script>{code}</script><!--{code}--><p>x")),
            "no references, and as long as they like"
        );
        assert!(refused(format!("<script>{code}</script><!--{code}--><p>{}", "& ".repeat(150_000))));
        assert!(!is_too_much("<li>x<p>y".repeat(5000).as_bytes()));
        assert!(!is_too_much("<div></div><span>x</span>".repeat(5000).as_bytes()));
        assert!(!is_too_much(
            format!("<script>if (a<b) {}</script><!-- {} -->", "'<div>' ".repeat(900), "<div>".repeat(900)).as_bytes()
        ));
    }
}
