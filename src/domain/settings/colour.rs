//! From the one colour that a business chooses, those that the page needs, so that everything can be read
//! (WCAG 2.2: 1.4.3 text 4.5:1, 1.4.11 controls 3:1) on both themes.

use serde::{Deserialize, Serialize};

/// What the accent is in each theme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accent {
    /// On light surfaces.
    pub light: Palette,
    /// On dark ones.
    pub dark: Palette,
}

/// Colours as `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// Of buttons and one's own messages: the chosen colour, or as near to it as can be told from the surface.
    pub fill: String,
    /// The same under the pointer.
    pub hover: String,
    /// Of text on them.
    pub on: String,
    /// Of links and marks on the surface.
    pub text: String,
}

/// Those surfaces of each theme (`static/shared/ui/theme.css`) that are nearest to the text upon them.
const SURFACES: [(Rgb, Rgb); 2] = [
    // `--surface`, `--colleague`
    (Rgb(0xff, 0xff, 0xff), Rgb(0xdc, 0xe8, 0xfb)),
    (Rgb(0x18, 0x1b, 0x20), Rgb(0x24, 0x36, 0x4f)),
];
const TEXT: f64 = 4.5;
const CONTROL: f64 = 3.0;
const WHITE: Rgb = Rgb(0xff, 0xff, 0xff);
const BLACK: Rgb = Rgb(0, 0, 0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

impl Accent {
    /// `None` where the text is no `#rrggbb`.
    pub fn from_chosen(chosen: &str) -> Option<Self> {
        let chosen = Rgb::parse(chosen)?;
        let palette = |(surface, near): (Rgb, Rgb), ink: Rgb| {
            let fill = chosen.until(ink, |colour| colour.contrast(surface) >= CONTROL);
            let on = if fill.contrast(WHITE) >= TEXT {
                WHITE
            } else {
                BLACK
            };
            // Away from the text on it, so that it is never harder to read.
            let away = if on == WHITE { BLACK } else { WHITE };
            let text = chosen.until(ink, |colour| colour.contrast(near) >= TEXT);
            Palette {
                fill: fill.to_string(),
                hover: fill.mixed(away, 12).to_string(),
                on: on.to_string(),
                text: text.to_string(),
            }
        };
        let [light, dark] = SURFACES;
        Some(Self {
            light: palette(light, BLACK),
            dark: palette(dark, WHITE),
        })
    }
}

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix('#')?;
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let [_, r, g, b] = u32::from_str_radix(hex, 16).ok()?.to_be_bytes();
        Some(Self(r, g, b))
    }

    /// Mixed with so many per cent of another.
    fn mixed(self, other: Self, percent: u16) -> Self {
        let mix = |a: u8, b: u8| {
            let sum = u16::from(a) * (100 - percent) + u16::from(b) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(
            mix(self.0, other.0),
            mix(self.1, other.1),
            mix(self.2, other.2),
        )
    }

    /// As little of `ink` as is enough.
    fn until(self, ink: Self, enough: impl Fn(Self) -> bool) -> Self {
        (0..=100)
            .step_by(2)
            .map(|percent| self.mixed(ink, percent))
            .find(|colour| enough(*colour))
            .unwrap_or(ink)
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_chosen_can_be_read_in_both_themes() {
        let steps = || (0..=255).step_by(15);
        for (r, g, b) in
            steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b))))
        {
            let chosen = Rgb(r, g, b).to_string();
            let accent = Accent::from_chosen(&chosen).unwrap();
            for (palette, (surface, near)) in
                [&accent.light, &accent.dark].into_iter().zip(SURFACES)
            {
                let colour = |text: &str| Rgb::parse(text).unwrap();
                let on = colour(&palette.on);
                assert!(
                    colour(&palette.fill).contrast(surface) >= CONTROL,
                    "{chosen} {palette:?}"
                );
                assert!(
                    colour(&palette.fill).contrast(on) >= TEXT,
                    "{chosen} {palette:?}"
                );
                assert!(
                    colour(&palette.hover).contrast(on) >= TEXT,
                    "{chosen} {palette:?}"
                );
                for surface in [surface, near] {
                    assert!(
                        colour(&palette.text).contrast(surface) >= TEXT,
                        "{chosen} {palette:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_was_chosen() {
        let accent = Accent::from_chosen("#1D5FC4").unwrap();
        assert_eq!(
            (accent.light.fill.as_str(), accent.light.on.as_str()),
            ("#1d5fc4", "#ffffff")
        );
        let pale = Accent::from_chosen("#ffee88").unwrap();
        assert_eq!(
            (pale.dark.fill.as_str(), pale.dark.on.as_str()),
            ("#ffee88", "#000000")
        );
        assert_ne!(pale.light.fill, "#ffee88");
    }

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        for bad in [
            "", "blue", "#fff", "#12345g", "1d5fc4", "#1d5fc4 ", "#+1d5fc",
        ] {
            assert_eq!(Accent::from_chosen(bad), None, "{bad:?}");
        }
    }
}
