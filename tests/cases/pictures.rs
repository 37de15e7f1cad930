//! The cases of `golden/ops/pictures.py`, by the starts of their names.

use flowstone as tf;
use tf::Tensor;
use tf::image::{self as im, DecodeJpegArgs, decode_jpeg_args};

const ACCURATE: &str = "INTEGER_ACCURATE";

fn both(x: Tensor, how: fn(DecodeJpegArgs) -> DecodeJpegArgs) -> [Tensor; 2] {
    [how(decode_jpeg_args(x)).build(), how(decode_jpeg_args(x)).dct_method(ACCURATE).build()]
}

fn smaller(x: Tensor) -> [Tensor; 6] {
    let [a, b] = both(x, |how| how.ratio(2));
    let [c, d] = both(x, |how| how.ratio(4));
    let [e, f] = both(x, |how| how.ratio(8));
    [a, b, c, d, e, f]
}

fn shapes(x: Tensor) -> [Tensor; 2] {
    [im::extract_jpeg_shape(x), tf::extract_jpeg_shape!(x, output_type = tf::int64)]
}

fn crops(x: &[Tensor]) -> Vec<Tensor> {
    x[1..].iter().map(|window| im::decode_and_crop_jpeg(x[0], window)).collect()
}

fn written(x: Tensor) -> [Tensor; 4] {
    let format = if x.shape().dim(2) == Some(3) { "rgb" } else { "grayscale" };
    [
        im::encode_jpeg(x),
        tf::encode_jpeg!(x, quality = 40, optimize_size = true),
        tf::encode_jpeg!(
            x,
            quality = 100,
            chroma_downsampling = false,
            density_unit = "cm",
            x_density = 7,
            y_density = 9
        ),
        tf::encode_jpeg!(x, quality = 0, xmp_metadata = "what it shows", format = format),
    ]
}

fn pngs(x: Tensor) -> [Tensor; 5] {
    let [a, b, c, d] = [0, 1, 3, 4].map(|channels| tf::decode_png!(x, channels = channels));
    [a, b, c, d, tf::decode_image!(x, dtype = tf::float32)]
}

fn bmps(x: Tensor) -> [Tensor; 3] {
    [im::decode_bmp(x), tf::decode_bmp!(x, channels = 3), tf::decode_bmp!(x, channels = 4)]
}

fn images(x: Tensor) -> [Tensor; 4] {
    [
        im::decode_image(x),
        tf::decode_image!(x, dtype = tf::float32),
        tf::decode_image!(x, channels = 3, expand_animations = false),
        im::is_jpeg(x),
    ]
}

/// The same for several files.
macro_rules! families {
    ($($start:literal [$($end:literal)*] |$x:ident| $ys:expr;)*) => {
        &[$($(super::Case { name: concat!($start, $end), build: |$x| $ys.into(), wrt: Some(&[]) },)*)*]
    };
}

pub static CASES: &[super::Case] = families! {
    "jpeg_" [
        "full" "half" "best" "half_progressive" "grey" "grey_progressive" "narrow" "thin" "one" "tall" "wide" "crossed"
        "extremes" "halves" "halves_progressive" "restarts" "inks" "plain_colors" "inks_of_light" "bare_inks"
        "bare_colors" "lost" "ended"
    ] |x| both(x[0], |how| how);
    "jpeg_shape_" [
        "full" "half" "best" "half_progressive" "grey" "grey_progressive" "narrow" "thin" "one" "tall" "wide" "crossed"
        "extremes" "halves" "halves_progressive" "restarts" "inks" "plain_colors" "inks_of_light" "bare_inks"
        "bare_colors"
    ] |x| shapes(x[0]);
    "jpeg_unknown" [""] |x| [tf::decode_jpeg!(x[0], channels = 3)];
    "jpeg_smaller_" [
        "full" "half" "half_progressive" "grey" "halves" "tall" "wide" "crossed" "inks" "thin"
    ] |x| smaller(x[0]);
    "jpeg_plain_" ["half" "halves" "tall" "crossed" "wide" "narrow"] |x| both(x[0], |how| how.fancy_upscaling(false));
    "jpeg_channels_" ["half" "grey" "plain_colors" "bare_colors"] |x| [
        tf::decode_jpeg!(x[0], channels = 1), tf::decode_jpeg!(x[0], channels = 3)
    ];
    "jpeg_crop_" ["half" "full" "halves" "half_progressive" "grey" "inks" "restarts"] |x| crops(x);
    "jpeg_crop_known" [""] |x| [
        tf::decode_and_crop_jpeg!(x[0], [3, 17, 9, 4], channels = 3),
        tf::decode_and_crop_jpeg!(x[0], [3, 1, 2, 8], ratio = 2),
    ];
    "jpeg_cut_" ["half_1" "half_2" "full_1" "full_2" "grey_1" "grey_2" "restarts_1" "restarts_2"] |x| {
        both(x[0], |how| how.try_recover_truncated(true))
    };
    "write_jpeg_" ["16_16_3" "19_21_3" "8_9_1" "1_1_3" "2_35_3" "25_17_3" "noise"] |x| written(x[0]);
    "write_jpeg_unknown" [""] |x| [im::encode_jpeg(x[0])];
    "write_png_" ["1" "2" "3" "4"] |x| [im::decode_png(tf::encode_png!(x[0], compression = 9))];
    "write_png_two" [""] |x| [
        im::decode_png(im::encode_png(x[0]).at(0)), tf::shape(im::encode_png(x[0]))
    ];
    "write_png_unknown" [""] |x| [im::decode_png(im::encode_png(x[0]))];
    "png_" [
        "grey1" "grey2" "grey4" "grey8" "grey16" "grey_alpha" "grey_alpha16" "rgb" "rgb16" "rgba" "rgba16" "palette"
        "palette1" "palette_clear" "grey_clear" "rgb_clear" "interlaced" "interlaced1" "equal"
    ] |x| pngs(x[0]);
    "png_unknown" [""] |x| [tf::decode_png!(x[0], channels = 4)];
    "bmp_" ["rgb" "rgba" "grey" "down" "one"] |x| bmps(x[0]);
    "bmp_unknown" [""] |x| [tf::decode_bmp!(x[0], channels = 3)];
    "gif_one" [""] |x| [im::decode_gif(x[0]), im::decode_png(x[0]), im::decode_jpeg(x[0])];
    "gif_" ["frames" "of_jpeg" "of_grey_png" "unknown"] |x| [im::decode_gif(x[0])];
    "image_" ["jpeg" "png" "bmp" "gif" "gif_one"] |x| images(x[0]);
    "image_unknown" [""] |x| [im::decode_image(x[0])];
    "bad_jpeg_" ["jpeg" "progressive" "no_end" "header" "empty" "text" "png" "size" "list"] |x| [im::decode_jpeg(x[0])];
    "bad_jpeg_channels" [""] |x| [tf::decode_jpeg!(x[0], channels = 4)];
    "bad_jpeg_two" [""] |x| [tf::decode_jpeg!(x[0], channels = 2)];
    "bad_jpeg_inks" [""] |x| [tf::decode_jpeg!(x[0], channels = 1)];
    "bad_jpeg_ratio" [""] |x| [tf::decode_jpeg!(x[0], ratio = 3)];
    "bad_jpeg_method" [""] |x| [tf::decode_jpeg!(x[0], dct_method = "SLOW")];
    "bad_crop" [""] |x| [im::decode_and_crop_jpeg(x[0], [15, 0, 5, 5])];
    "bad_crop_nothing" [""] |x| [im::decode_and_crop_jpeg(x[0], [1, 1, 0, 5])];
    "bad_crop_short" [""] |x| [im::decode_and_crop_jpeg(x[0], [1, 1, 5])];
    "bad_crop_png" [""] |x| [im::decode_and_crop_jpeg(x[0], [0, 0, 1, 1])];
    "bad_shape" [""] |x| [im::extract_jpeg_shape(x[0])];
    "bad_png_" ["cut" "size" "wrong" "bmp" "frames"] |x| [im::decode_png(x[0])];
    "bad_png_two" [""] |x| [tf::decode_png!(x[0], channels = 2)];
    "bad_bmp_" ["cut" "short" "jpeg"] |x| [im::decode_bmp(x[0])];
    "bad_bmp_channels" [""] |x| [tf::decode_bmp!(x[0], channels = 1)];
    "bad_gif_header" [""] |x| [im::decode_gif(x[0])];
    "bad_gif_channels" [""] |x| [tf::decode_image!(x[0], channels = 4)];
    "bad_image" [""] |x| [im::decode_image(x[0])];
    "bad_write_" ["channels" "rank"] |x| [im::encode_jpeg(x[0])];
    "bad_write_format" [""] |x| [tf::encode_jpeg!(x[0], format = "grayscale")];
    "bad_write_quality" [""] |x| [tf::encode_jpeg!(x[0], quality = 101)];
    "bad_write_" ["png" "png_rank"] |x| [im::encode_png(x[0])];
    "bad_write_png_level" [""] |x| [tf::encode_png!(x[0], compression = 10)];
};
