//! Parts of arrays that are saved on their own: how they are said, what they are called in an index, and how they are put
//! together.

use std::fmt;
use std::ops::Range;

use prost::Message;

use crate::dispatch;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::{MAX_RANK, Shape};
use crate::value::Value;

/// A part of a dimension. TF: `TensorSliceProto.Extent`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Extent {
    #[prost(int64, tag = "1")]
    start: i64,
    /// All that there is, if it is not said.
    #[prost(int64, optional, tag = "2")]
    length: Option<i64>,
}

/// A part of an array. TF: `TensorSliceProto`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SliceProto {
    #[prost(message, repeated, tag = "1")]
    extent: Vec<Extent>,
}

/// A part of a larger array: some of each dimension. TF: `TensorSlice`.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSlice {
    whole: Shape,
    extents: Vec<Extent>,
}

impl TensorSlice {
    /// What `shape_and_slices` of SaveV2 and RestoreV2 says, as `"10 4 0,5:-"`: the sizes of the larger array, and for
    /// each dimension where the part starts and how long it is; `-` is all of it.
    pub fn parse(text: &str) -> Result<Self> {
        let bad =
            |what: &str| Error::invalid_argument(format!("'{text}' is no shape and slice, as '10 4 0,5:-': {what}"));
        let (sizes, extents) = text.rsplit_once(' ').ok_or_else(|| bad("there is no space"))?;
        let sizes = sizes.split(' ').map(|size| size.parse::<u32>().map(|size| size as usize));
        let sizes = sizes.collect::<Result<Vec<usize>, _>>().map_err(|_| bad("a size is not a number"))?;
        let extents = extents.split(':').map(extent).collect::<Option<Vec<Extent>>>();
        TensorSlice::new(Shape::from(sizes.as_slice()), extents.ok_or_else(|| bad("a part is not 'start,length'"))?)
            .map_err(|e| bad(e.message()))
    }

    /// All of an array.
    pub(super) fn all(whole: &Shape) -> Self {
        TensorSlice { whole: whole.clone(), extents: vec![Extent { start: 0, length: None }; whole.rank()] }
    }

    fn new(whole: Shape, extents: Vec<Extent>) -> Result<Self> {
        if whole.rank() != extents.len() || whole.rank() > MAX_RANK {
            let (rank, parts) = (whole.rank(), extents.len());
            return Err(Error::invalid_argument(format!("{parts} parts of {rank} dimensions")));
        }
        whole.num_elements()?;
        let lies_within = |(size, extent): (&usize, &Extent)| match (extent.start, extent.length) {
            (start, None) => start == 0,
            (start, Some(length)) => {
                start >= 0 && length > 0 && start.checked_add(length).is_some_and(|end| end as u64 <= *size as u64)
            }
        };
        match whole.dims().iter().zip(&extents).all(lies_within) {
            true => Ok(TensorSlice { whole, extents }),
            false => Err(Error::invalid_argument(format!("a part does not lie in {whole}"))),
        }
    }

    pub(super) fn from_proto(whole: &Shape, proto: SliceProto) -> Result<Self> {
        TensorSlice::new(whole.clone(), proto.extent)
    }

    pub(super) fn to_proto(&self) -> SliceProto {
        SliceProto { extent: self.extents.clone() }
    }

    /// The shape of the larger array.
    pub fn whole(&self) -> &Shape {
        &self.whole
    }

    /// The shape of the part.
    pub fn shape(&self) -> Shape {
        Shape::from(self.ranges().map(|range| range.len()).collect::<Vec<_>>().as_slice())
    }

    /// Whether it is all of the array.
    pub(super) fn is_all(&self) -> bool {
        self.shape() == self.whole
    }

    fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.extents.iter().zip(self.whole.dims()).map(|(extent, &size)| {
            let start = extent.start as usize;
            start..extent.length.map_or(size, |length| start + length as usize)
        })
    }

    /// What both this and `other` are parts of, in each dimension; `None` if they have nothing in common.
    fn common(&self, other: &TensorSlice) -> Option<Vec<Range<usize>>> {
        let both = self.ranges().zip(other.ranges()).map(|(a, b)| a.start.max(b.start)..a.end.min(b.end));
        both.map(|range| (!range.is_empty()).then_some(range)).collect()
    }

    /// How many elements are in both this and `other`.
    pub(super) fn shared_elements(&self, other: &TensorSlice) -> usize {
        self.common(other).map_or(0, |ranges| ranges.iter().map(Range::len).product())
    }

    /// The part of `value`, which is the larger array.
    pub(super) fn cut(&self, value: &Value) -> Result<Value> {
        let ranges: Vec<_> = self.ranges().collect();
        let mut part = Value::zeros(value.dtype(), self.shape())?;
        copy_common(&ranges, (&TensorSlice::all(&self.whole), value), (self, &mut part))?;
        Ok(part)
    }

    /// What the part of the array `name` is called in an index. TF: `EncodeTensorNameSlice`.
    pub(super) fn key(&self, name: &str) -> Vec<u8> {
        // A number is its length in bytes, and the bytes.
        let mut key = vec![0];
        for byte in name.bytes() {
            match byte {
                0 => key.extend([0, 0xff]),
                0xff => key.extend([0xff, 0]),
                other => key.push(other),
            }
        }
        key.extend([0, 1]);
        match self.extents.len() {
            0 => key.push(0),
            rank => key.extend([1, rank as u8]),
        }
        for extent in &self.extents {
            put_signed(&mut key, extent.start);
            put_signed(&mut key, extent.length.unwrap_or(-1));
        }
        key
    }
}

impl fmt::Display for TensorSlice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole.iter().try_for_each(|size| write!(f, "{size} "))?;
        for (i, extent) in self.extents.iter().enumerate() {
            f.write_str(if i > 0 { ":" } else { "" })?;
            match extent.length {
                Some(length) => write!(f, "{},{length}", extent.start)?,
                None => f.write_str("-")?,
            }
        }
        Ok(())
    }
}

fn extent(text: &str) -> Option<Extent> {
    if text == "-" {
        return Some(Extent { start: 0, length: None });
    }
    let (start, length) = text.split_once(',')?;
    Some(Extent { start: start.parse().ok()?, length: Some(length.parse().ok()?) })
}

/// A number in so many bytes that bytes sort as numbers do: as many ones as there are bytes, and a zero, stand in front and
/// are turned over in numbers below zero. TF: `OrderedCode::WriteSignedNumIncreasing`.
fn put_signed(key: &mut Vec<u8>, number: i64) {
    let bits = 64 - (number ^ (number >> 63)).leading_zeros() as usize;
    // Each byte has room for seven bits, one of them the sign.
    let length = (bits + 1).div_ceil(7);
    let header: u128 = ((1 << length) - 1) << (7 * length);
    let coded = (i128::from(number) as u128 ^ header).to_be_bytes();
    key.extend(&coded[coded.len() - length..]);
}

/// Calls `row` for all runs of elements side by side that are at `ranges` of the larger array, with where each begins in two
/// parts that have them, and its length.
fn common_rows(ranges: &[Range<usize>], parts: [&TensorSlice; 2], row: &mut dyn FnMut([usize; 2], usize)) {
    let shapes = parts.map(TensorSlice::shape);
    let starts = parts.map(|part| part.ranges().map(|range| range.start).collect::<Vec<_>>());
    let is_whole = |axis: usize| shapes.iter().all(|shape| shape[axis] == ranges[axis].len());
    let inner = (0..ranges.len()).rev().take_while(|&axis| is_whole(axis)).count();
    let outer = (ranges.len() - inner).saturating_sub(1);
    let len = ranges[outer..].iter().map(Range::len).product();
    for i in 0..ranges[..outer].iter().map(Range::len).product() {
        let (mut rest, mut places, mut steps) = (i, [0; 2], [1; 2]);
        for (axis, range) in ranges.iter().enumerate().rev() {
            let mut index = range.start;
            if axis < outer {
                index += rest % range.len();
                rest /= range.len();
            }
            for k in 0..2 {
                places[k] += (index - starts[k][axis]) * steps[k];
                steps[k] *= shapes[k][axis];
            }
        }
        row(places, len);
    }
}

/// Copies what is at `ranges` of the larger array from one part of it to another.
fn copy_common(ranges: &[Range<usize>], from: (&TensorSlice, &Value), to: (&TensorSlice, &mut Value)) -> Result<()> {
    dispatch!(to.1.dtype(), all, T => {
        let (x, out) = (from.1.as_slice::<T>()?, to.1.make_mut::<T>()?);
        common_rows(ranges, [from.0, to.0], &mut |[from, to], n| out[to..to + n].clone_from_slice(&x[from..from + n]));
        Ok(())
    })
}

/// Puts `target`, of elements of this type, together from parts of the same array, which must be all of it.
pub(super) fn assemble<'a>(
    dtype: DType,
    target: &TensorSlice,
    parts: impl Iterator<Item = Result<(&'a TensorSlice, Value)>>,
) -> Result<Value> {
    let mut whole = Value::zeros(dtype, target.shape())?;
    let mut seen = vec![false; whole.len()];
    for part in parts {
        let (slice, value) = part?;
        let Some(ranges) = target.common(slice) else { continue };
        let mut is_new = true;
        common_rows(&ranges, [slice, target], &mut |[_, to], n| {
            is_new &= !seen[to..to + n].contains(&true);
            seen[to..to + n].fill(true);
        });
        if !is_new {
            return Err(Error::data_loss("parts of it lie over each other"));
        }
        copy_common(&ranges, (slice, &value), (target, &mut whole))?;
    }
    match seen.iter().all(|seen| *seen) {
        true => Ok(whole),
        false => Err(Error::invalid_argument(format!("not all parts of '{target}' are there"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_coded_as_tensorflow_does() {
        // From indexes that TensorFlow wrote.
        let coded = |number| {
            let mut key = Vec::new();
            put_signed(&mut key, number);
            key
        };
        assert_eq!(coded(0), [0x80]);
        assert_eq!(coded(-1), [0x7f]);
        assert_eq!(coded(5), [0x85]);
        assert_eq!(coded(100), [0xc0, 0x64]);
        assert_eq!(coded(200), [0xc0, 0xc8]);
        assert_eq!(coded(70_000), [0xe1, 0x11, 0x70]);
        let ascending = [i64::MIN, -(1 << 40), -65, -64, -1, 0, 63, 64, 8191, 8192, 1 << 34, 1 << 62, i64::MAX];
        assert!(ascending.map(coded).is_sorted());
    }

    #[test]
    fn parts_are_cut_and_put_together() {
        let shape = Shape::from([3, 4, 2]);
        let whole = Value::new(shape, (0..24).collect::<Vec<i32>>()).unwrap();
        let cut = |text: &str| {
            let slice = TensorSlice::parse(text).unwrap();
            let part = slice.cut(&whole).unwrap();
            (slice, part)
        };
        let (_, part) = cut("3 4 2 1,2:0,3:1,1");
        assert_eq!(
            (part.shape().dims(), part.as_slice::<i32>().unwrap()),
            (&[2, 3, 1][..], &[9, 11, 13, 17, 19, 21][..])
        );
        assert_eq!(cut("3 4 2 1,1:-:-").1.as_slice::<i32>().unwrap(), [8, 9, 10, 11, 12, 13, 14, 15]);
        let parts = ["3 4 2 -:0,1:-", "3 4 2 0,2:1,3:-", "3 4 2 2,1:1,3:0,1", "3 4 2 2,1:1,3:1,1"].map(cut);
        for target in ["3 4 2 -:-:-", "3 4 2 1,2:-:-", "3 4 2 1,2:0,3:1,1", "3 4 2 -:2,1:0,1"] {
            let (target, wanted) = cut(target);
            let parts = parts.iter().map(|(slice, value)| Ok((slice, value.clone())));
            assert_eq!(assemble(DType::Int32, &target, parts).unwrap(), wanted);
        }
        let target = TensorSlice::all(&Shape::from([3, 4, 2]));
        let of = |places: &[usize]| {
            let parts: Vec<_> = places.iter().map(|&i| Ok((&parts[i].0, parts[i].1.clone()))).collect();
            assemble(DType::Int32, &target, parts.into_iter()).unwrap_err().message().to_owned()
        };
        assert_eq!(of(&[0, 1, 2]), "not all parts of '3 4 2 -:-:-' are there");
        assert_eq!(of(&[0, 1, 1]), "parts of it lie over each other");
    }

    #[test]
    fn what_is_no_slice_is_told() {
        for text in ["x", "10 4 0,5", "10 4 0,11:-", "10 4 0,0:-", "10 4 -1,2:-", "10 4 0,5:-:-", " -", "10 4 5:-"] {
            assert!(TensorSlice::parse(text).unwrap_err().message().starts_with(&format!("'{text}' is no shape")));
        }
        let slice = TensorSlice::parse("10 4 3,5:-").unwrap();
        assert_eq!((slice.to_string().as_str(), slice.shape().dims()), ("10 4 3,5:-", &[5, 4][..]));
        assert!(TensorSlice::parse("10 4 0,10:0,4").unwrap().is_all());
    }
}
