//! Images: other sizes, colors, parts and mirror images. TF: `tf.image`.

mod adjust;
mod boxes;
mod color;
mod decode;
mod encode;
mod frame;
mod resize;

pub use adjust::{
    ConvertImageArgs, RandomAdjustArgs, adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation,
    convert_image_dtype, convert_image_dtype_args, grayscale_to_rgb, per_image_standardization, random_brightness,
    random_brightness_args, random_contrast, random_contrast_args, random_hue, random_hue_args, random_saturation,
    random_saturation_args, rgb_to_grayscale,
};
pub use boxes::{
    DrawBoxesArgs, SampleBoxArgs, draw_bounding_boxes, draw_bounding_boxes_args, sample_distorted_bounding_box,
    sample_distorted_bounding_box_args,
};
pub use color::{hsv_to_rgb, rgb_to_hsv};
pub use decode::{
    DecodeArgs, DecodeJpegArgs, JpegShapeArgs, decode_and_crop_jpeg, decode_and_crop_jpeg_args, decode_bmp,
    decode_bmp_args, decode_gif, decode_image, decode_image_args, decode_jpeg, decode_jpeg_args, decode_png,
    decode_png_args, extract_jpeg_shape, extract_jpeg_shape_args, is_jpeg,
};
pub use encode::{EncodeJpegArgs, EncodePngArgs, encode_jpeg, encode_jpeg_args, encode_png, encode_png_args};
pub(crate) use frame::image_sizes;
pub use frame::{
    RandomFlipArgs, Rot90Args, central_crop, crop_to_bounding_box, flip_left_right, flip_up_down, pad_to_bounding_box,
    random_flip_left_right, random_flip_left_right_args, random_flip_up_down, random_flip_up_down_args,
    resize_image_with_crop_or_pad, rot90, rot90_args, transpose_image,
};
pub use resize::{
    ResizeArgs, ResizeImagesArgs, ResizeMethod, resize_area, resize_area_args, resize_bicubic, resize_bicubic_args,
    resize_bilinear, resize_bilinear_args, resize_images, resize_images_args, resize_nearest_neighbor,
    resize_nearest_neighbor_args,
};

use crate::op::OpDef;

pub(super) static OPS: &[&OpDef] = &[
    &boxes::DRAW_BOUNDING_BOXES,
    &boxes::DRAW_BOUNDING_BOXES_V2,
    &boxes::SAMPLE_DISTORTED_BOUNDING_BOX,
    &boxes::SAMPLE_DISTORTED_BOUNDING_BOX_V2,
    &color::ADJUST_CONTRAST_V2,
    &color::ADJUST_HUE,
    &color::ADJUST_SATURATION,
    &color::HSV_TO_RGB,
    &color::RGB_TO_HSV,
    &decode::DECODE_AND_CROP_JPEG,
    &decode::DECODE_BMP,
    &decode::DECODE_GIF,
    &decode::DECODE_IMAGE,
    &decode::DECODE_JPEG,
    &decode::DECODE_PNG,
    &decode::EXTRACT_JPEG_SHAPE,
    &encode::ENCODE_JPEG,
    &encode::ENCODE_PNG,
    &resize::RESIZE_AREA,
    &resize::RESIZE_BICUBIC,
    &resize::RESIZE_BICUBIC_GRAD,
    &resize::RESIZE_BILINEAR,
    &resize::RESIZE_BILINEAR_GRAD,
    &resize::RESIZE_NEAREST_NEIGHBOR,
    &resize::RESIZE_NEAREST_NEIGHBOR_GRAD,
];
