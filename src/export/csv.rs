//! Comma-separated values (RFC 4180) as spreadsheets read them: UTF-8 with a byte order mark, lines that
//! end in CR LF, and no cell that a spreadsheet would take for a formula.

use std::borrow::Cow;

/// What a file begins with, so that Excel reads it as UTF-8.
pub const BOM: &str = "\u{feff}";

/// Adds one line.
pub fn line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let cell = harmless(cell);
        if cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ') {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&cell);
        }
    }
    out.push_str("\r\n");
}

/// With an apostrophe before what would be a formula (OWASP, "CSV injection"): spreadsheets then show it as
/// text. Full-width signs count, as some of them take those for the same.
fn harmless(cell: &str) -> Cow<'_, str> {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            Cow::Owned(format!("'{cell}"))
        }
        _ => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lined(cells: &[&str]) -> String {
        let mut out = String::new();
        line(&mut out, cells.iter().copied());
        out
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(lined(&["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(
            lined(&["a,b", "say \"hi\"", "x\ny", " z"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"x\ny\",\" z\"\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+86", "'+86"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(lined(&[cell]), format!("{safe}\r\n"));
        }
    }
}
