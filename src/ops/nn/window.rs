//! Windows that slide over images: strides, paddings and the sizes that follow.

use crate::error::{Error, Result};
use crate::kernels::pool::Pool2d;
use crate::op::{AttrReader, Call};
use crate::shape::{Dim, PartialShape, Shape};

/// What stands around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// As many zeros as make the output as large as the input divided by the stride, rounded up.
    Same,
    /// None.
    Valid,
}

impl Padding {
    /// TensorFlow's name: `SAME` or `VALID`.
    pub const fn name(self) -> &'static str {
        match self {
            Padding::Same => "SAME",
            Padding::Valid => "VALID",
        }
    }
}

/// What can stand for a padding: [`Padding`], `"SAME"` or `"VALID"`, or for each dimension how many zeros stand before and
/// after: `[[0, 0], [1, 1], [1, 1], [0, 0]]`.
pub trait IntoPadding {
    /// The attributes that say it. A name that does not exist is an error of the node.
    fn into_padding(self) -> PaddingAttrs;
}

/// The attributes of a padding.
#[derive(Clone, Debug)]
pub struct PaddingAttrs {
    name: String,
    explicit: Vec<i64>,
}

impl PaddingAttrs {
    /// Sets the attributes.
    pub(super) fn set(&self, call: Call) -> Call {
        self.set_name(call).attr("explicit_paddings", self.explicit.clone())
    }

    /// Sets the attribute of an operation that takes no list of zeros.
    pub(super) fn set_name(&self, call: Call) -> Call {
        call.attr("padding", self.name.as_str())
    }
}

impl IntoPadding for Padding {
    fn into_padding(self) -> PaddingAttrs {
        self.name().into_padding()
    }
}

impl IntoPadding for &str {
    fn into_padding(self) -> PaddingAttrs {
        PaddingAttrs { name: self.to_owned(), explicit: Vec::new() }
    }
}

impl IntoPadding for [[i64; 2]; 4] {
    fn into_padding(self) -> PaddingAttrs {
        PaddingAttrs { name: "EXPLICIT".to_owned(), explicit: self.concat() }
    }
}

/// The attributes of a sliding window, checked.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// Steps along height and width.
    pub(super) strides: [usize; 2],
    pub(super) dilations: [usize; 2],
    padding: PaddingKind,
    nchw: bool,
}

#[derive(Clone, Debug)]
enum PaddingKind {
    Same,
    Valid,
    /// Before and after, along height and width.
    Explicit([[usize; 2]; 2]),
}

/// The places of height, width and channels among the dimensions.
pub(super) type Places = (usize, usize, usize);

impl Window {
    pub(super) fn new(attrs: AttrReader, with_dilations: bool) -> Result<Self> {
        Window::with_strides(attrs, attrs.ints("strides")?, with_dilations)
    }

    fn with_strides(attrs: AttrReader, strides: &[i64], with_dilations: bool) -> Result<Self> {
        // Operations that know one order only do not say it.
        let nchw = attrs.str("data_format").is_ok_and(|format| format == "NCHW");
        let strides = pair(strides, "strides", nchw)?;
        let dilations = if with_dilations { pair(attrs.ints("dilations")?, "dilations", nchw)? } else { [1, 1] };
        let padding = match attrs.str("padding")? {
            "SAME" => PaddingKind::Same,
            "VALID" => PaddingKind::Valid,
            _ => PaddingKind::Explicit(explicit(attrs.ints("explicit_paddings")?, nchw)?),
        };
        Ok(Window { strides, dilations, padding, nchw })
    }

    /// The window of a pooling, and its height and width.
    pub(super) fn of_pool(attrs: AttrReader) -> Result<(Self, [usize; 2])> {
        Window::of_sizes(attrs, attrs.ints("ksize")?, attrs.ints("strides")?)
    }

    /// As [`of_pool`](Window::of_pool), where size and strides are no attributes.
    pub(super) fn of_sizes(attrs: AttrReader, ksize: &[i64], strides: &[i64]) -> Result<(Self, [usize; 2])> {
        let window = Window::with_strides(attrs, strides, false)?;
        let size = pair(ksize, "ksize", window.nchw)?;
        Ok((window, size))
    }

    /// The window of the max-pooling in a fused node, whose attributes have `pool_` in front, and its height and width.
    pub(super) fn of_fused_pool(attrs: AttrReader) -> Result<(Self, [usize; 2])> {
        let strides = pair(attrs.ints("pool_strides")?, "pool_strides", false)?;
        let size = pair(attrs.ints("pool_ksize")?, "pool_ksize", false)?;
        let same = attrs.str("pool_padding")? == "SAME";
        let padding = if same { PaddingKind::Same } else { PaddingKind::Valid };
        Ok((Window { strides, dilations: [1, 1], padding, nchw: false }, size))
    }

    pub(super) fn places(&self) -> Places {
        if self.nchw { (2, 3, 1) } else { (1, 2, 3) }
    }

    /// The shape of what a pooling with windows of size `size` makes of `input`, of rank 4.
    pub(super) fn pooled(&self, input: &PartialShape, [k_h, k_w]: [usize; 2]) -> Result<PartialShape> {
        let (h, w, c) = self.places();
        let fits = |e: Error| Error::new(e.kind(), format!("{} (input {input})", e.message()));
        let mut dims = [input.dim(0), None, None, None];
        dims[h] = self.output_dim(0, input.dim(h), Some(k_h)).map_err(fits)?;
        dims[w] = self.output_dim(1, input.dim(w), Some(k_w)).map_err(fits)?;
        dims[c] = input.dim(c);
        Ok(PartialShape::new(dims))
    }

    /// The sizes of a pooling with windows of size `size`, for the kernels.
    pub(super) fn pool_sizes(&self, input: &Shape, [k_h, k_w]: [usize; 2]) -> Result<Pool2d> {
        // With channels first, each channel is an image of its own.
        let (batch, in_h, in_w, channels) = match (input.dims(), self.nchw) {
            (&[batch, height, width, channels], false) => (batch, height, width, channels),
            (&[batch, channels, height, width], true) => (batch * channels, height, width, 1),
            _ => return Err(Error::internal("not an image")),
        };
        let (out_h, pad_top) = self.output(0, in_h, k_h)?;
        let (out_w, pad_left) = self.output(1, in_w, k_w)?;
        let [stride_h, stride_w] = self.strides;
        Ok(Pool2d { batch, in_h, in_w, channels, k_h, k_w, out_h, out_w, stride_h, stride_w, pad_top, pad_left })
    }

    /// Whether the channels come first.
    pub(super) fn is_nchw(&self) -> bool {
        self.nchw
    }

    /// The size of the output along `axis` (0 height, 1 width) and the padding before.
    pub(super) fn output(&self, axis: usize, input: usize, window: usize) -> Result<(usize, usize)> {
        let (stride, dilation) = (self.strides[axis], self.dilations[axis]);
        let too_large = || Error::resource_exhausted(format!("a window of {window} with dilation {dilation}"));
        if window == 0 {
            return Err(Error::invalid_argument("a window of size 0"));
        }
        let reach = (window - 1).checked_mul(dilation).and_then(|n| n.checked_add(1)).ok_or_else(too_large)?;
        let sliding = |padded: usize| {
            let rest = padded.checked_sub(reach).ok_or_else(|| {
                Error::invalid_argument(format!("a window of {reach} does not fit into {padded} (padding included)"))
            })?;
            Ok(rest / stride + 1)
        };
        match &self.padding {
            PaddingKind::Valid => Ok((sliding(input)?, 0)),
            PaddingKind::Same => {
                let output = input.div_ceil(stride);
                let needed = output.saturating_sub(1).checked_mul(stride).and_then(|n| n.checked_add(reach));
                let total = needed.ok_or_else(too_large)?.saturating_sub(input);
                Ok((output, if output == 0 { 0 } else { total / 2 }))
            }
            PaddingKind::Explicit(pads) => {
                let [before, after] = pads[axis];
                let padded = input.checked_add(before).and_then(|n| n.checked_add(after)).ok_or_else(too_large)?;
                Ok((sliding(padded)?, before))
            }
        }
    }

    /// The size of the output along `axis`, as far as it is known.
    pub(super) fn output_dim(&self, axis: usize, input: Dim, window: Dim) -> Result<Dim> {
        match (input, window) {
            (Some(input), Some(window)) => Ok(Some(self.output(axis, input, window)?.0)),
            _ => Ok(None),
        }
    }
}

/// The height's and the width's of four numbers, one for each dimension, the others being 1.
fn pair(list: &[i64], name: &str, nchw: bool) -> Result<[usize; 2]> {
    let wrong =
        || Error::invalid_argument(format!("{name} is {list:?}: four positive numbers, 1 for batch and channels"));
    let &[n, a, b, c] = list else { return Err(wrong()) };
    let (channels, height, width) = if nchw { (a, b, c) } else { (c, a, b) };
    if n != 1 || channels != 1 || height < 1 || width < 1 {
        return Err(wrong());
    }
    Ok([usize::try_from(height).map_err(|_| wrong())?, usize::try_from(width).map_err(|_| wrong())?])
}

fn explicit(list: &[i64], nchw: bool) -> Result<[[usize; 2]; 2]> {
    let wrong =
        || Error::invalid_argument(format!("explicit_paddings is {list:?}: eight numbers, 0 for batch and channels"));
    let sizes = list.iter().map(|&n| usize::try_from(n)).collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    match *sizes.as_slice() {
        [0, 0, t, b, l, r, 0, 0] if !nchw => Ok([[t, b], [l, r]]),
        [0, 0, 0, 0, t, b, l, r] if nchw => Ok([[t, b], [l, r]]),
        _ => Err(wrong()),
    }
}
