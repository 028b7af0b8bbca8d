//! What a file is, told by its first bytes (of a ZIP file also by the list at its end), and how large a
//! picture is. What the sender called it is not looked at.

use std::io::{self, Read, Seek, SeekFrom};

use crate::domain::{Media, Pixels};

/// How much of the beginning is looked at.
const HEAD: usize = 4_096;
/// How much of a ZIP file's end is looked at, where the list of what is in it stands.
const TAIL: u64 = 65_536;
/// Parts of a JPEG file that are looked at before its size is given up.
const SEGMENTS: usize = 256;

/// What it is, and how large where it is a picture.
///
/// # Errors
/// When it cannot be read.
pub fn sniff(file: &mut (impl Read + Seek)) -> io::Result<(Media, Option<Pixels>)> {
    file.rewind()?;
    let mut head = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let media = match by_head(&head) {
        Media::Zip => inside_zip(&head, file)?,
        other => other,
    };
    let pixels = match media {
        Media::Png => png(&head),
        Media::Gif => gif(&head),
        Media::Webp => webp(&head),
        Media::Jpeg => jpeg(file)?,
        _ => None,
    };
    // Nothing that is, or pretends to be, too large to be shown.
    let pixels =
        pixels.filter(|p| (1..=65_535).contains(&p.width) && (1..=65_535).contains(&p.height));
    Ok((media, pixels))
}

fn by_head(head: &[u8]) -> Media {
    let at = |offset: usize, bytes: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(bytes))
    };
    let starts = |bytes: &[u8]| at(0, bytes);
    if starts(b"\x89PNG\r\n\x1a\n") {
        return Media::Png;
    }
    if starts(b"\xff\xd8\xff") {
        return Media::Jpeg;
    }
    if starts(b"GIF87a") || starts(b"GIF89a") {
        return Media::Gif;
    }
    if starts(b"RIFF") && at(8, b"WEBP") {
        return Media::Webp;
    }
    if starts(b"RIFF") && at(8, b"WAVE") {
        return Media::Wav;
    }
    if at(4, b"ftyp") {
        return by_brand(head.get(8..12).unwrap_or_default());
    }
    if starts(b"BM") && at(6, b"\0\0\0\0") {
        return Media::Bmp;
    }
    if starts(b"%PDF-") {
        return Media::Pdf;
    }
    if starts(b"PK\x03\x04") {
        return Media::Zip;
    }
    if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Media::OldOffice;
    }
    if starts(b"{\\rtf") {
        return Media::Rtf;
    }
    if starts(b"\x1f\x8b\x08") {
        return Media::Gzip;
    }
    if starts(b"7z\xbc\xaf\x27\x1c") {
        return Media::SevenZip;
    }
    if starts(b"Rar!\x1a\x07") {
        return Media::Rar;
    }
    if starts(b"\x1a\x45\xdf\xa3") {
        let beginning = &head[..head.len().min(64)];
        return if has(beginning, b"webm") {
            Media::Webm
        } else {
            Media::Unknown
        };
    }
    if starts(b"OggS") {
        return Media::Ogg;
    }
    if starts(b"fLaC") {
        return Media::Flac;
    }
    if starts(b"#!AMR") {
        return Media::Amr;
    }
    if starts(b"ID3")
        || [&b"\xff\xfb"[..], b"\xff\xfa", b"\xff\xf3", b"\xff\xf2"]
            .iter()
            .any(|b| starts(b))
    {
        return Media::Mp3;
    }
    if starts(b"\xff\xf1") || starts(b"\xff\xf9") {
        return Media::Aac;
    }
    text(head)
}

/// The kinds of file that are boxes of boxes say in the first one for whom they are.
fn by_brand(brand: &[u8]) -> Media {
    match brand {
        b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1" => Media::Heic,
        b"avif" | b"avis" => Media::Avif,
        b"M4A " | b"M4B " => Media::M4a,
        b"qt  " => Media::Mov,
        _ => Media::Mp4,
    }
}

/// Text in whatever encoding: no byte in it that no text has.
fn text(head: &[u8]) -> Media {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Media::Text;
    }
    let is_text =
        |b: &u8| *b >= 0x20 && *b != 0x7f || matches!(*b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    if !head.iter().all(is_text) {
        return Media::Unknown;
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let head = head.trim_ascii_start().to_ascii_lowercase();
    if !head.starts_with(b"<") {
        return Media::Text;
    }
    // A browser would run what is in it.
    if has(&head, b"<svg") {
        return Media::Svg;
    }
    if head.starts_with(b"<?xml") && !has(&head, b"<html") {
        return Media::Text;
    }
    Media::Html
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// What office programs write is a ZIP file of known parts. One with a program in it stays a ZIP file.
fn inside_zip(head: &[u8], file: &mut (impl Read + Seek)) -> io::Result<Media> {
    for (kind, media) in [
        (
            &b"mimetypeapplication/vnd.oasis.opendocument.text"[..],
            Media::Odt,
        ),
        (
            b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            Media::Ods,
        ),
        (
            b"mimetypeapplication/vnd.oasis.opendocument.presentation",
            Media::Odp,
        ),
    ] {
        if head.get(30..).is_some_and(|rest| rest.starts_with(kind)) {
            return Ok(media);
        }
    }
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    if !has(&tail, b"[Content_Types].xml") || has(&tail, b"vbaProject.bin") {
        return Ok(Media::Zip);
    }
    for (part, media) in [
        (&b"word/document"[..], Media::Docx),
        (b"xl/workbook", Media::Xlsx),
        (b"ppt/presentation", Media::Pptx),
    ] {
        if has(&tail, part) {
            return Ok(media);
        }
    }
    Ok(Media::Zip)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    number(bytes, at).map(|b| u32::from(u16::from_be_bytes(b)))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    number(bytes, at).map(|b| u32::from(u16::from_le_bytes(b)))
}

fn pixels(width: u32, height: u32) -> Pixels {
    Pixels { width, height }
}

fn png(head: &[u8]) -> Option<Pixels> {
    let width = u32::from_be_bytes(number(head, 16)?);
    let height = u32::from_be_bytes(number(head, 20)?);
    Some(pixels(width, height))
}

fn gif(head: &[u8]) -> Option<Pixels> {
    Some(pixels(le16(head, 6)?, le16(head, 8)?))
}

/// The three kinds of WebP: lossy, lossless and extended.
fn webp(head: &[u8]) -> Option<Pixels> {
    match head.get(12..16)? {
        b"VP8 " => Some(pixels(le16(head, 26)? & 0x3fff, le16(head, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = u32::from_le_bytes(number(head, 21)?);
            Some(pixels((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            let le24 = |at| Some(le16(head, at)? | u32::from(*head.get(at + 2)?) << 16);
            Some(pixels(le24(24)? + 1, le24(27)? + 1))
        }
        _ => None,
    }
}

/// Goes from part to part until the one that says how large it is. A camera that was held upright says in
/// an earlier one that the picture is to be turned.
fn jpeg(file: &mut (impl Read + Seek)) -> io::Result<Option<Pixels>> {
    let mut turned = false;
    file.seek(SeekFrom::Start(2))?;
    for _ in 0..SEGMENTS {
        let mut mark = [0; 4];
        if file.read_exact(&mut mark).is_err() || mark[0] != 0xff {
            return Ok(None);
        }
        let length = u64::from(u16::from_be_bytes([mark[2], mark[3]])).saturating_sub(2);
        match mark[1] {
            // The start of a frame, of whichever kind.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let mut frame = [0; 5];
                if file.read_exact(&mut frame).is_err() {
                    return Ok(None);
                }
                let (Some(height), Some(width)) = (be16(&frame, 1), be16(&frame, 3)) else {
                    return Ok(None);
                };
                let (width, height) = if turned {
                    (height, width)
                } else {
                    (width, height)
                };
                return Ok(Some(pixels(width, height)));
            }
            0xe1 => {
                let mut exif = Vec::new();
                file.by_ref().take(length).read_to_end(&mut exif)?;
                turned |= is_turned(&exif).unwrap_or(false);
            }
            // The picture itself, or its end, before its size.
            0xd9 | 0xda => return Ok(None),
            _ => {
                file.seek_relative(i64::try_from(length).unwrap_or(0))?;
            }
        }
    }
    Ok(None)
}

/// Whether EXIF says that width and height change places (orientation 5 to 8).
fn is_turned(exif: &[u8]) -> Option<bool> {
    let tiff = exif.strip_prefix(b"Exif\0\0")?;
    let little = tiff.starts_with(b"II");
    let short = |at| {
        if little {
            le16(tiff, at)
        } else {
            be16(tiff, at)
        }
    };
    let long = |at| {
        let bytes = number(tiff, at)?;
        Some(if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    };
    let list = usize::try_from(long(4)?).ok()?;
    for entry in 0..usize::try_from(short(list)?).ok()? {
        let at = list.checked_add(2 + entry * 12)?;
        if short(at)? == 0x0112 {
            return Some((5..=8).contains(&short(at + 8)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn told(bytes: &[u8]) -> (Media, Option<(u32, u32)>) {
        let (media, pixels) = sniff(&mut Cursor::new(bytes)).unwrap();
        (media, pixels.map(|p| (p.width, p.height)))
    }

    fn jpeg_of(orientation: Option<u8>) -> Vec<u8> {
        let mut bytes = b"\xff\xd8\xff\xe0\x00\x04JF".to_vec();
        if let Some(orientation) = orientation {
            let mut exif = b"Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x01".to_vec();
            exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
            bytes.extend([0xff, 0xe1]);
            bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
            bytes.extend(exif);
        }
        bytes.extend(b"\xff\xc0\x00\x11\x08\x01\x2c\x02\x58\x03rest of the picture");
        bytes
    }

    #[test]
    fn the_content_says_what_it_is_and_how_large() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02";
        let webp_lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x40\x01\xf0\x00";
        let webp_lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x3f\xc1\x3b\x00";
        let webp_extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x01\0\xef\0\0";
        for (bytes, media, size) in [
            (&png[..], Media::Png, Some((640, 480))),
            (b"GIF89a\x0a\x00\x14\x00", Media::Gif, Some((10, 20))),
            (webp_lossy, Media::Webp, Some((320, 240))),
            (webp_lossless, Media::Webp, Some((320, 240))),
            (webp_extended, Media::Webp, Some((320, 240))),
            (&jpeg_of(None), Media::Jpeg, Some((600, 300))),
            (&jpeg_of(Some(1)), Media::Jpeg, Some((600, 300))),
            (&jpeg_of(Some(6)), Media::Jpeg, Some((300, 600))),
            (b"\xff\xd8\xff\xd9", Media::Jpeg, None),
            (b"%PDF-1.7 \0\x01", Media::Pdf, None),
            (b"PK\x03\x04 and so on", Media::Zip, None),
            (b"\0\0\0\x18ftypheic", Media::Heic, None),
            (b"\0\0\0\x18ftypisom", Media::Mp4, None),
            (b"\0\0\0\x18ftypM4A ", Media::M4a, None),
            (b"\x1a\x45\xdf\xa3\x42\x82\x84webm", Media::Webm, None),
            (b"ID3\x04\0", Media::Mp3, None),
            (b"RIFF\0\0\0\0WAVEfmt ", Media::Wav, None),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Media::OldOffice, None),
            ("你好，世界\r\n".as_bytes(), Media::Text, None),
            (b"\xc4\xe3\xba\xc3 in GBK", Media::Text, None),
            (b"\xff\xfea\0", Media::Text, None),
            (b"#!/bin/sh\nrm -rf /", Media::Text, None),
            (b"<?xml version=\"1.0\"?><order/>", Media::Text, None),
            (b"MZ\x90\0\x03", Media::Unknown, None),
            (b"\x7fELF\x02\x01", Media::Unknown, None),
            (b"a\0b", Media::Unknown, None),
        ] {
            assert_eq!(
                told(bytes),
                (media, size),
                "{:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn what_a_browser_would_run_is_told_apart_from_text() {
        for (text, media) in [
            ("<!DOCTYPE html><p>", Media::Html),
            ("\u{feff}\n <HTML>", Media::Html),
            ("<script>alert(1)</script>", Media::Html),
            ("<!-- --><b>", Media::Html),
            (
                "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
                Media::Svg,
            ),
            ("<?xml version='1.0'?>\n<!-- a --><SVG/>", Media::Svg),
            ("<?xml version='1.0'?><html xmlns='x'/>", Media::Html),
        ] {
            assert_eq!(told(text.as_bytes()).0, media, "{text}");
        }
    }

    #[test]
    fn office_documents_are_told_apart_from_other_archives() {
        let zip = |parts: &str| {
            told(format!("PK\x03\x04{}[Content_Types].xml{parts}", "x".repeat(5_000)).as_bytes()).0
        };
        assert_eq!(zip("word/document.xml"), Media::Docx);
        assert_eq!(zip("xl/workbook.xml"), Media::Xlsx);
        assert_eq!(zip("ppt/presentation.xml"), Media::Pptx);
        assert_eq!(zip("word/document.xml word/vbaProject.bin"), Media::Zip);
        assert_eq!(zip("AndroidManifest.xml"), Media::Zip);
        let mut odt = b"PK\x03\x04".to_vec();
        odt.resize(30, 0);
        odt.extend(b"mimetypeapplication/vnd.oasis.opendocument.text");
        assert_eq!(told(&odt).0, Media::Odt);
    }

    #[test]
    fn broken_pictures_have_no_size_and_no_way_to_hang() {
        for length in 0..40 {
            for whole in [
                jpeg_of(Some(6)),
                b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\x01\0\xef\0\0".to_vec(),
            ] {
                let cut = &whole[..length.min(whole.len())];
                sniff(&mut Cursor::new(cut)).unwrap();
            }
        }
        let endless = [&b"\xff\xd8"[..], &b"\xff\xe0\x00\x02".repeat(100_000)].concat();
        assert_eq!(told(&endless), (Media::Jpeg, None));
    }
}
