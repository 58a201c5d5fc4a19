//! Bytes to text: UTF-8, or what they are most likely instead.
//!
//! What is valid UTF-8 is UTF-8. So is what has as many valid sequences of several bytes as invalid ones: a dump with a
//! few broken records. Anything else is what the detector of a browser takes it for. Dumps are put together from several
//! places: so a record that is valid UTF-8 is that in any file, and in a file of UTF-8 one that is not is looked at by itself.
//! Line ends, quotation marks and commas are never part of another character in any encoding that is detected, so records are
//! told apart before they are decoded. A backslash or a bar may be the second byte of one in some encodings of East Asia,
//! whose [`first_bytes`] are known.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8};
use std::borrow::Cow;

/// Bytes at the beginning by which an encoding is found.
const LOOKED_AT: usize = 1 << 20;

/// The encoding of bytes without a byte order mark, of which there may be more.
pub(super) fn of(bytes: &[u8]) -> &'static Encoding {
    let is_part = bytes.len() >= LOOKED_AT;
    let bytes = &bytes[..bytes.len().min(LOOKED_AT)];
    match std::str::from_utf8(bytes) {
        Ok(_) => return UTF_8,
        // The last character is cut off.
        Err(error) if is_part && error.error_len().is_none() => return UTF_8,
        Err(_) => {}
    }
    let Seen { wide, cut_off, odd } = Seen::of(bytes);
    if wide > 0 && wide >= cut_off + odd { UTF_8 } else { guess(bytes) }
}

/// The encoding of a record, given in its parts, in a file that is taken for this one: UTF-8 if each part is that, and not
/// all of them plain ASCII; in a file of UTF-8 what it is most likely if it has several bytes that are not, and more of them
/// than characters that are.
pub(crate) fn of_record<'r>(
    parts: impl IntoIterator<Item = &'r [u8], IntoIter: Clone>,
    file: &'static Encoding,
) -> &'static Encoding {
    let parts = parts.into_iter();
    let is_valid = || parts.clone().all(|part| simdutf8::basic::from_utf8(part).is_ok());
    if file == UTF_8 {
        return if is_valid() { UTF_8 } else { of_odd(&parts.collect::<Vec<_>>().join(&b'\n')) };
    }
    let is_ascii = parts.clone().all(<[u8]>::is_ascii);
    if !is_ascii && is_valid() { UTF_8 } else { file }
}

/// The encoding of a record that is not valid UTF-8, in a file that is.
fn of_odd(bytes: &[u8]) -> &'static Encoding {
    let Seen { wide, cut_off, odd } = Seen::of(bytes);
    if odd < 2 || wide + cut_off >= odd { UTF_8 } else { guess(bytes) }
}

/// What there is in bytes beside ASCII, if they are taken for UTF-8.
#[derive(Default)]
struct Seen {
    /// Characters.
    wide: usize,
    /// Beginnings of characters, of several bytes.
    cut_off: usize,
    /// Bytes that are nothing.
    odd: usize,
}

impl Seen {
    fn of(bytes: &[u8]) -> Self {
        let mut seen = Self::default();
        for chunk in bytes.utf8_chunks() {
            seen.wide += chunk.valid().chars().filter(|ch| !ch.is_ascii()).count();
            match chunk.invalid().len() {
                0 => {}
                1 => seen.odd += 1,
                _ => seen.cut_off += 1,
            }
        }
        seen
    }
}

/// What the detector of a browser takes bytes for that are not UTF-8.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// Whether a byte is the first of a character of two.
pub(super) type IsFirst = fn(u8) -> bool;

/// The first bytes of characters whose second one may be what is ASCII elsewhere, from `@` on.
pub(super) fn first_bytes(encoding: &'static Encoding) -> Option<IsFirst> {
    if encoding == SHIFT_JIS {
        Some(|byte| matches!(byte, 0x81..=0x9f | 0xe0..=0xfc))
    } else if [GBK, GB18030, BIG5].contains(&encoding) {
        Some(|byte| matches!(byte, 0x81..=0xfe))
    } else {
        None
    }
}

/// A byte order mark of UTF-8.
pub(super) const MARK: &[u8] = "\u{feff}".as_bytes();

/// The encoding that a name stands for.
pub(super) fn named(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.as_bytes())
}

/// The encoding of a page: by its byte order mark, as UTF-8 if it is that, as the server declared, as the page declares, or
/// what it is most likely.
pub(super) fn of_page(bytes: &[u8], declared: Option<&'static Encoding>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let declared = declared.or_else(|| named(in_page(&bytes[..bytes.len().min(IN_PAGE)])?));
    let likely = of(bytes);
    match declared {
        // Plain ASCII to look at.
        Some(declared) if declared == ISO_2022_JP => declared,
        // What can be looked at for its encoding is not UTF-16, whatever it says.
        Some(declared) if likely != UTF_8 && declared.is_ascii_compatible() => declared,
        _ => likely,
    }
}

/// Bytes at the beginning of a page in which it may declare its encoding.
const IN_PAGE: usize = 4096;

/// The name of the encoding that a page declares.
fn in_page(bytes: &[u8]) -> Option<&str> {
    const NAME: &[u8] = b"charset=";
    let at = bytes.windows(NAME.len()).position(|some| some.eq_ignore_ascii_case(NAME))? + NAME.len();
    let value = bytes[at..].strip_prefix(b"\"").or_else(|| bytes[at..].strip_prefix(b"'")).unwrap_or(&bytes[at..]);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
    std::str::from_utf8(&value[..value.iter().take_while(|byte| is_name(byte)).count()]).ok()
}

/// The text of bytes, and whether there was something in them that is no text; it becomes U+FFFD.
pub(super) fn decode<'b>(bytes: &'b [u8], encoding: &'static Encoding) -> (Cow<'b, str>, bool) {
    if encoding == UTF_8 {
        // The check alone is many times as fast as the lossy conversion.
        return simdutf8::basic::from_utf8(bytes)
            .map_or_else(|_| (String::from_utf8_lossy(bytes), true), |text| (Cow::Borrowed(text), false));
    }
    encoding.decode_without_bom_handling(bytes)
}

/// A text in another encoding; what that has not is written as `escape` says.
pub(crate) fn encode(text: &str, encoding: &'static Encoding, escape: impl Fn(char) -> String) -> Vec<u8> {
    if encoding == UTF_8 {
        return text.as_bytes().to_vec();
    }
    let mut encoded = Vec::new();
    for ch in text.chars() {
        let mut bytes = [0; 4];
        let (as_it_is, _, is_missing) = encoding.encode(ch.encode_utf8(&mut bytes));
        if is_missing {
            encoded.extend(escape(ch).bytes());
        } else {
            encoded.extend_from_slice(&as_it_is);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, EUC_KR, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};

    #[test]
    fn texts_are_taken_for_what_they_are() {
        let russian = "Совет города решил закрыть старый мост на ремонт до конца марта. Работы начнутся в понедельник.";
        let texts = [
            (
                WINDOWS_1252,
                "Le conseil a décidé de fermer le vieux pont jusqu’à la fin de l’été – à cause des travaux.",
            ),
            (GBK, "市议会星期一决定关闭旧港桥进行维修，工程将持续到三月底，渡轮照常运行。"),
            (SHIFT_JIS, "市議会は月曜日、古い港の橋を三月末まで修理のために閉鎖することを決めました。"),
            (BIG5, "市議會星期一決定關閉舊港橋進行維修，工程將持續到三月底，渡輪照常行駛。"),
            (EUC_KR, "시의회는 월요일에 낡은 항구 다리를 삼월 말까지 수리를 위해 폐쇄하기로 했다."),
            (WINDOWS_1251, russian),
            (KOI8_R, russian),
        ];
        for (encoding, text) in texts {
            let (bytes, _, unmappable) = encoding.encode(text);
            assert!(!unmappable, "{}", encoding.name());
            let found = of(&bytes);
            assert_eq!(
                decode(&bytes, found),
                (Cow::Borrowed(text), false),
                "{} taken for {}",
                encoding.name(),
                found.name()
            );
        }
    }

    #[test]
    fn utf_8_with_a_few_faults_stays_utf_8() {
        let text = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.";
        let mut bytes = text.as_bytes().to_vec();
        assert_eq!(of(&bytes), UTF_8);
        let long = "é".repeat(LOOKED_AT);
        assert_eq!(of(&long.as_bytes()[..=LOOKED_AT]), UTF_8);
        assert_eq!(of(&[b"x", long.as_bytes()].concat()), UTF_8, "cut off in a character");
        bytes.insert(20, 0xff);
        assert_eq!(of(&bytes), UTF_8);
        assert!(decode(&bytes, UTF_8).1);
        assert_eq!(of(b"plain"), UTF_8);
        assert_eq!(of(b"caf\xe9"), WINDOWS_1252);
    }
}
