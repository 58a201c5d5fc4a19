//! Dates as scrapers write them, to points in time.

use crate::article::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Zoned, fmt};
#[cfg(feature = "cli")]
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::{Display, Formatter};

/// Understands ISO 8601, RFC 2822, epoch seconds or milliseconds, days with the month's name, and `format` (as `strptime`)
/// first where it is given. A date without a time is midnight, one without a zone UTC. Numbers of fewer than nine digits are
/// no epoch. Before the year 1000 lies what programs write that have no date, as 0001-01-01: that is none.
pub(super) fn parse(text: &str, format: Option<&str>) -> Option<Timestamp> {
    /// Milliseconds from 1970 back to 1000-01-01.
    const FIRST: Timestamp = Timestamp(-30_610_224_000_000);
    found(text.trim(), format).filter(|date| *date >= FIRST)
}

/// Other ways to write a date that can be read in one way only.
const WRITTEN_OUT: [&str; 8] = [
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%a %b %d %H:%M:%S %z %Y",
];

/// As mails have it. The day counts, and not which day of a week it is called.
const MAIL: fmt::rfc2822::DateTimeParser = fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);

fn found(text: &str, format: Option<&str>) -> Option<Timestamp> {
    if let Some(format) = format
        && let Some(found) = by_format(text, format)
    {
        return Some(found);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
        && let Some(found) = compact(text).or_else(|| epoch(text))
    {
        return Some(found);
    }
    // What is not understood costs more than what is, so the usual ones come first.
    if text.len() == "2017-04-12".len()
        && let Ok(date) = text.parse::<Date>()
    {
        return utc(date.into());
    }
    let begins_with_year = text.as_bytes().get(4) == Some(&b'-');
    if !begins_with_year && let Ok(moment) = MAIL.parse_zoned(text) {
        return Some(Timestamp(moment.timestamp().as_millisecond()));
    }
    let text = &spelled(text);
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(timestamp.as_millisecond()));
    }
    if let Ok(moment) = text.parse::<Zoned>() {
        return Some(Timestamp(moment.timestamp().as_millisecond()));
    }
    // A civil date would silently lose an offset; one with an offset has parsed above.
    if let Ok(civil) = text.parse::<DateTime>() {
        return utc(civil);
    }
    // As exports of databases have it: {'$date': 1492021800000}.
    if let Some((_, inner)) = text.strip_prefix('{').and_then(|rest| rest.split_once("$date")) {
        let is_of_date = |ch: char| ch.is_ascii_alphanumeric() || "+-:.".contains(ch);
        return found(inner.trim_matches(|ch| !is_of_date(ch) || ch == ':'), None);
    }
    WRITTEN_OUT.iter().find_map(|format| by_format(text, format))
}

/// The ways to write a zone that differ from ISO 8601 by a blank or a name.
fn spelled(text: &str) -> Cow<'_, str> {
    if let Some(time) = [" UTC", " GMT", " Z"].iter().find_map(|zone| text.strip_suffix(zone)) {
        return format!("{time}Z").into();
    }
    match text.rsplit_once(' ') {
        Some((time, offset)) if offset.starts_with(['+', '-']) && time.starts_with(|ch: char| ch.is_ascii_digit()) => {
            format!("{time}{offset}").into()
        }
        _ => text.into(),
    }
}

/// 20170412, 201704121830 or 20170412183000.
fn compact(digits: &str) -> Option<Timestamp> {
    let format = match digits.len() {
        8 => "%Y%m%d",
        12 => "%Y%m%d%H%M",
        14 => "%Y%m%d%H%M%S",
        _ => return None,
    };
    by_format(digits, format)
}

fn epoch(text: &str) -> Option<Timestamp> {
    let number: f64 = text.parse().ok()?;
    // Beyond 11 digits seconds would lie in the year 5138 or later, so it is milliseconds.
    let millis = match number.abs() {
        x if x >= 1e11 => number,
        x if x >= 1e8 => number * 1000.0,
        _ => return None,
    };
    jiff::Timestamp::from_millisecond(millis as i64).ok().map(|found| Timestamp(found.as_millisecond()))
}

/// Whether a date can be read that is written by a format, or else why not.
#[cfg(feature = "cli")]
pub(crate) fn check_format(format: &str) -> Result<(), String> {
    let some = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let read = fmt::strtime::format(format, &some).and_then(|written| fmt::strtime::parse(format, written));
    let read = read.map_err(|error| error.to_string())?;
    moment(&read).map(drop).ok_or_else(|| "it does not say which day".to_owned())
}

fn by_format(text: &str, format: &str) -> Option<Timestamp> {
    moment(&fmt::strtime::parse(format, text).ok()?)
}

/// The point in time that was read by a format.
fn moment(read: &fmt::strtime::BrokenDownTime) -> Option<Timestamp> {
    if let Ok(timestamp) = read.to_timestamp() {
        return Some(Timestamp(timestamp.as_millisecond()));
    }
    read.to_datetime().ok().or_else(|| read.to_date().ok().map(DateTime::from)).and_then(utc)
}

fn utc(moment: DateTime) -> Option<Timestamp> {
    Some(Timestamp(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()))
}

/// The point in time that [`iso`] wrote.
#[cfg(feature = "cli")]
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    parse(text, None)
}

/// A point in time as ISO 8601: the date alone at midnight UTC.
#[cfg(any(test, feature = "cli"))]
pub(crate) fn iso(timestamp: Timestamp) -> String {
    Iso(timestamp).to_string()
}

/// The same, to be written.
#[derive(Debug)]
pub(crate) struct Iso(pub(crate) Timestamp);

impl Display for Iso {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Ok(moment) = jiff::Timestamp::from_millisecond(self.0.0) else { return Ok(()) };
        let civil = TimeZone::UTC.to_datetime(moment);
        if civil.time() == jiff::civil::Time::midnight() {
            let date: Date = civil.date();
            return date.fmt(out);
        }
        moment.fmt(out)
    }
}

#[cfg(feature = "cli")]
impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ways_to_write_a_date() {
        let day = "2017-04-12";
        let moment = "2017-04-12T18:30:00Z";
        for (text, expected) in [
            ("2017-04-12", day),
            ("20170412", day),
            ("2017-04-12 00:00:00", day),
            ("2017-04-12T18:30:00Z", moment),
            ("2017-04-12T20:30:00+02:00", moment),
            ("2017-04-12 20:30:00+02:00", moment),
            ("2017-04-12 18:30:00", moment),
            ("Wed, 12 Apr 2017 18:30:00 GMT", moment),
            ("Wed, 12 Apr 2017 20:30:00 +0200", moment),
            ("1492021800", moment),
            ("1492021800000", moment),
            ("1492021800.0", moment),
            (" 2017-04-12 ", day),
            ("201704121830", moment),
            ("20170412183000", moment),
            ("2017-04-12 18:30:00 +0000", moment),
            ("2017-04-12 20:30:00 +02:00", moment),
            ("2017-04-12 18:30:00 UTC", moment),
            ("2017-04-12 18:30:00 GMT", moment),
            ("12 Apr 2017 20:30:00 +0200", moment),
            ("Mon, 12 Apr 2017 18:30:00 GMT", moment),
            ("2017/04/12", day),
            ("2017/4/12 18:30:00", moment),
            ("April 12, 2017", day),
            ("Apr 12, 2017", day),
            ("12 April 2017", day),
            ("12 apr 2017", day),
            ("Wed Apr 12 18:30:00 +0000 2017", moment),
            ("{'$date': 1492021800000}", moment),
            (r#"{"$date": "2017-04-12T18:30:00Z"}"#, moment),
        ] {
            assert_eq!(parse(text, None).map(iso).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(parse("12/04/2017", Some("%d/%m/%Y")).map(iso).as_deref(), Some(day));
        assert_eq!(parse("1000-01-01", None).map(iso).as_deref(), Some("1000-01-01"));
        assert_eq!(parse("12.04.2017 18:30", Some("%d.%m.%Y %H:%M")).map(iso).as_deref(), Some(moment));
        for text in [
            "",
            "yesterday",
            "12/04/2017",
            "NaN",
            "inf",
            "1e300",
            "2017-13-45",
            "20171345",
            "{'$date': {}}",
            "{$date",
            "2017/13/01",
            "April 2017",
            "2017",
            "2017.0",
            "20170412.0",
            "0001-01-01",
            "0001-01-01T00:00:00Z",
            "0999-12-31",
        ] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }
}
