//! From components to colors.

use super::header::{Frame, Space};
use super::planes::Layout;
use super::{Pixels, bad};
use crate::error::Result;

/// Red, green and blue of brightness and two differences, of 16 bits behind the point.
fn rgb_of(y: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, blue, red) = (i32::from(y), i32::from(blue) - 128, i32::from(red) - 128);
    const HALF: i32 = 1 << 15;
    [
        y + ((91881 * red + HALF) >> 16),
        y + ((-22554 * blue - 46802 * red + HALF) >> 16),
        y + ((116_130 * blue + HALF) >> 16),
    ]
    .map(|x| x.clamp(0, 255) as u8)
}

fn grey_of([red, green, blue]: [u8; 3]) -> u8 {
    ((19595 * u32::from(red) + 38470 * u32::from(green) + 7471 * u32::from(blue) + (1 << 15)) >> 16) as u8
}

/// Of inks, as TensorFlow does it: Adobe's programs store what is left of the light.
fn rgb_of_inks(inks: [u8; 4], adobe: bool) -> [u8; 3] {
    let left = |ink: u8| u32::from(if adobe { ink } else { 255 - ink });
    [inks[0], inks[1], inks[2]].map(|ink| (left(inks[3]) * left(ink) / 255) as u8)
}

/// The pixels that `layout` wants; `channels` as in the options.
pub(super) fn pixels(frame: &Frame, layout: &Layout, planes: Result<Vec<Vec<u8>>>, channels: u8) -> Result<Pixels> {
    let (space, planes) = (frame.space()?, planes?);
    let channels = match channels {
        0 => planes.len().min(3),
        n => n.into(),
    };
    let (height, width) = (layout.height, layout.width);
    let mut bytes = vec![0; height * width * channels];
    let adobe = frame.adobe.is_some();
    for (y, out) in bytes.chunks_exact_mut(width * channels).enumerate() {
        let row = |plane: &Vec<u8>| -> Vec<u8> {
            let start = y * layout.made() + layout.before();
            plane[start..start + width].to_vec()
        };
        let rows: Vec<Vec<u8>> = planes.iter().map(row).collect();
        let color: Box<dyn Fn(usize) -> [u8; 3]> = match (space, rows.as_slice()) {
            (Space::Grey, [y]) | (Space::Ycc, [y, ..]) if channels == 1 => {
                out.copy_from_slice(y);
                continue;
            }
            (Space::Grey, [y]) => Box::new(|x| [y[x]; 3]),
            (Space::Rgb, [red, green, blue]) => Box::new(|x| [red[x], green[x], blue[x]]),
            (Space::Ycc, [y, blue, red]) => Box::new(|x| rgb_of(y[x], blue[x], red[x])),
            (Space::Cmyk, [c, m, y, k]) if channels == 3 => Box::new(|x| rgb_of_inks([c[x], m[x], y[x], k[x]], adobe)),
            (Space::Ycck, [y, blue, red, k]) if channels == 3 => Box::new(|x| {
                let [c, m, y] = rgb_of(y[x], blue[x], red[x]).map(|light| 255 - light);
                rgb_of_inks([c, m, y, k[x]], adobe)
            }),
            _ => return Err(bad(format!("{channels} channels of {space:?}"))),
        };
        match channels {
            1 => out.iter_mut().enumerate().for_each(|(x, out)| *out = grey_of(color(x))),
            _ => out.chunks_exact_mut(3).enumerate().for_each(|(x, out)| out.copy_from_slice(&color(x))),
        }
    }
    Ok(Pixels { height, width, channels, bytes })
}
