//! Files that people send: what names one, what it can be, what it may be called, and how many there may be.

use std::{collections::BTreeSet, fmt};

/// Names a file: 128 random bits in hexadecimal, also its name in the folder. Knowing it opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct FileId(String);

impl FileId {
    /// Reads what a client sent; `None` unless it is 32 digits of 0–9 and a–f.
    pub fn parse(s: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (s.len() == 32 && s.bytes().all(allowed)).then(|| Self(s.to_owned()))
    }

    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for FileId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a file's id is 32 digits of 0-9 a-f"))
    }
}

/// A file as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Which.
    pub id: FileId,
    /// What it is called, as [`clean_name`] left it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What it is, by its content.
    pub media: Media,
    /// Of a picture, where its content says so: as it is to be shown, in pixels.
    pub pixels: Option<Pixels>,
}

/// Width and height of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// From side to side.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// What a business allows or does not, by a word that a business uses.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum FileGroup {
    /// Pictures.
    Images,
    /// PDF and what office programs write.
    Documents,
    /// Plain text and tables of it.
    Text,
    /// Sound.
    Audio,
    /// Films.
    Video,
    /// Packed files, in which may be anything.
    Archives,
    /// Everything else, programs and web pages included.
    Other,
}

impl FileGroup {
    /// Every group there is.
    pub const ALL: &[Self] = &[
        Self::Images,
        Self::Documents,
        Self::Text,
        Self::Audio,
        Self::Video,
        Self::Archives,
        Self::Other,
    ];
}

macro_rules! media {
    ($($variant:ident = $mime:literal, $group:ident, [$($extension:literal),*];)*) => {
        /// What a file is, by its content and nothing else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the table says it")]
        pub enum Media { $($variant,)* }

        impl Media {
            /// All that can be told apart.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it stands in the database and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $mime,)* }
            }

            /// What it belongs to.
            pub fn group(self) -> FileGroup {
                match self { $(Self::$variant => FileGroup::$group,)* }
            }

            /// What its name may end in; one that ends in something else gets the first of them.
            pub fn extensions(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($extension),*],)* }
            }
        }
    };
}

media! {
    Png = "image/png", Images, ["png"];
    Jpeg = "image/jpeg", Images, ["jpg", "jpeg", "jfif"];
    Gif = "image/gif", Images, ["gif"];
    Webp = "image/webp", Images, ["webp"];
    Heic = "image/heic", Images, ["heic", "heif"];
    Avif = "image/avif", Images, ["avif"];
    Bmp = "image/bmp", Images, ["bmp"];
    Pdf = "application/pdf", Documents, ["pdf"];
    Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Documents, ["docx"];
    Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Documents, ["xlsx"];
    Pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation", Documents, ["pptx"];
    Odt = "application/vnd.oasis.opendocument.text", Documents, ["odt"];
    Ods = "application/vnd.oasis.opendocument.spreadsheet", Documents, ["ods"];
    Odp = "application/vnd.oasis.opendocument.presentation", Documents, ["odp"];
    OldOffice = "application/x-ole-storage", Documents, ["doc", "xls", "ppt", "wps", "et", "dps"];
    Rtf = "application/rtf", Documents, ["rtf", "doc"];
    Text = "text/plain", Text, ["txt", "csv", "tsv", "md", "log", "json", "xml", "yaml", "yml", "ini"];
    Mp3 = "audio/mpeg", Audio, ["mp3"];
    M4a = "audio/mp4", Audio, ["m4a"];
    Aac = "audio/aac", Audio, ["aac"];
    Ogg = "audio/ogg", Audio, ["ogg", "oga", "opus"];
    Wav = "audio/wav", Audio, ["wav"];
    Flac = "audio/flac", Audio, ["flac"];
    Amr = "audio/amr", Audio, ["amr"];
    Mp4 = "video/mp4", Video, ["mp4", "m4v"];
    Mov = "video/quicktime", Video, ["mov", "qt"];
    Webm = "video/webm", Video, ["webm"];
    Zip = "application/zip", Archives, ["zip"];
    Gzip = "application/gzip", Archives, ["gz", "tgz"];
    SevenZip = "application/x-7z-compressed", Archives, ["7z"];
    Rar = "application/vnd.rar", Archives, ["rar"];
    Html = "text/html", Other, ["html", "htm"];
    Svg = "image/svg+xml", Other, ["svg"];
    Unknown = "application/octet-stream", Other, [];
}

impl Media {
    /// Reads [`Media::as_str`] back. What an older version of this program knew is not known any more.
    pub fn parse(s: &str) -> Self {
        let mut all = Self::ALL.iter().copied();
        all.find(|media| media.as_str() == s)
            .unwrap_or(Self::Unknown)
    }

    /// Whether a browser may show it where it stands: pictures that are pictures and nothing else.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp)
    }

    /// As what it is sent out. What a browser could run is nothing in particular.
    pub fn served_as(self) -> &'static str {
        match self {
            Self::Html | Self::Svg => Self::Unknown.as_str(),
            other => other.as_str(),
        }
    }
}

/// How large, of what kind and how many files may be; a section of the settings.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct FileLimits {
    /// Bytes of one file; 0 is no files at all.
    pub bytes: u64,
    /// What they may be.
    pub groups: BTreeSet<FileGroup>,
    /// In one conversation.
    pub per_conversation: u32,
    /// From one person in an hour.
    pub per_hour: u32,
    /// Bytes of all files together.
    pub quota_bytes: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        use FileGroup::{Audio, Documents, Images, Text, Video};
        Self {
            bytes: 10 << 20,
            groups: BTreeSet::from([Images, Documents, Text, Audio, Video]),
            per_conversation: 200,
            per_hour: 60,
            quota_bytes: 10 << 30,
        }
    }
}

impl FileLimits {
    /// Whether a file may be this.
    pub fn allows(&self, media: Media) -> bool {
        self.groups.contains(&media.group())
    }

    /// What files may be.
    pub fn media(&self) -> impl Iterator<Item = Media> + use<'_> {
        let all = Media::ALL.iter().copied();
        all.filter(|media| self.allows(*media))
    }
}

/// Characters of a file's name.
const NAME_CHARS: usize = 120;
/// Names of devices on Windows, whatever ends them.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];

/// What a file is called here: the last part of what the client said, without anything that could make a
/// program or a person take it for something else, and with an ending that its content bears out.
pub fn clean_name(claimed: &str, media: Media) -> String {
    let last = claimed.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_unseen(*c))
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .map(|c| if r#"<>:"|?*"#.contains(c) { '_' } else { c })
        .collect();
    let kept = kept.trim_matches([' ', '.']);
    let (stem, extension) = match kept.rsplit_once('.') {
        Some((stem, extension)) if fits(extension, media) => (stem, extension),
        _ => (
            kept,
            media.extensions().first().copied().unwrap_or_default(),
        ),
    };
    let stem = stem.trim_end_matches([' ', '.']);
    let stem = if stem.is_empty() { "file" } else { stem };
    let first = stem
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_device = DEVICES.contains(&first.as_str())
        || (first.len() == 4
            && (first.starts_with("com") || first.starts_with("lpt"))
            && first.ends_with(|c: char| c.is_ascii_digit()));
    let mut name = String::from(if is_device { "_" } else { "" });
    name.extend(stem.chars().take(NAME_CHARS - extension.len() - 2));
    if !extension.is_empty() {
        name.push('.');
        name.push_str(extension);
    }
    name
}

/// Of content that is nothing in particular any short and plain ending is as good as another.
fn fits(extension: &str, media: Media) -> bool {
    if media == Media::Unknown {
        let plain = extension.bytes().all(|b| b.is_ascii_alphanumeric());
        return plain && (1..=10).contains(&extension.len());
    }
    let mut all = media.extensions().iter();
    all.any(|one| one.eq_ignore_ascii_case(extension))
}

/// What takes no room, or turns the direction of what follows: `cod.exe` can be made to look like `exe.doc`.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_hexadecimal_digits() {
        let id = FileId::random().unwrap();
        assert_eq!(FileId::parse(id.as_str()), Some(id.clone()));
        assert_ne!(FileId::random().unwrap(), id);
        let long = format!("{id}0");
        let other = "A".repeat(32);
        for bad in ["", "../../etc/passwd", &long, &other, &id.as_str()[1..]] {
            assert_eq!(FileId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn types_read_back_and_only_plain_pictures_are_shown() {
        for media in Media::ALL {
            assert_eq!(Media::parse(media.as_str()), *media);
        }
        assert_eq!(Media::parse("text/x-of-tomorrow"), Media::Unknown);
        let shown: Vec<_> = Media::ALL.iter().filter(|media| media.is_shown()).collect();
        assert_eq!(
            shown,
            [&Media::Png, &Media::Jpeg, &Media::Gif, &Media::Webp]
        );
        for media in [Media::Html, Media::Svg] {
            assert_eq!(media.served_as(), "application/octet-stream");
            assert!(!FileLimits::default().allows(media));
        }
    }

    #[test]
    fn a_name_is_only_a_name_and_ends_in_what_the_content_is() {
        let long = "长".repeat(200);
        let cut = format!("{}.png", "长".repeat(115));
        for (claimed, media, name) in [
            ("cat.png", Media::Png, "cat.png"),
            ("猫 的照片.JPG", Media::Jpeg, "猫 的照片.JPG"),
            ("../../etc/passwd", Media::Text, "passwd.txt"),
            (r"C:\Users\li\cat.png", Media::Png, "cat.png"),
            ("..", Media::Png, "file.png"),
            ("", Media::Pdf, "file.pdf"),
            (".htaccess", Media::Text, "htaccess.txt"),
            ("invoice.pdf.exe", Media::Pdf, "invoice.pdf.exe.pdf"),
            ("page.html", Media::Png, "page.html.png"),
            ("run.bat", Media::Text, "run.bat.txt"),
            ("table.csv", Media::Text, "table.csv"),
            ("cod\u{202E}gpj.exe", Media::Jpeg, "codgpj.exe.jpg"),
            ("a\0b\r\nc\u{200B}.png", Media::Png, "abc.png"),
            ("a\"b<c>.png", Media::Png, "a_b_c_.png"),
            ("con.png", Media::Png, "_con.png"),
            ("COM1", Media::Text, "_COM1.txt"),
            ("  spaced . png", Media::Png, "spaced . png.png"),
            ("cat.png. .", Media::Png, "cat.png"),
            ("data.bin", Media::Unknown, "data.bin"),
            ("data.b n", Media::Unknown, "data.b n"),
            (&long, Media::Png, &cut),
        ] {
            assert_eq!(clean_name(claimed, media), name, "{claimed:?}");
        }
    }
}
