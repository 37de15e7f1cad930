//! Shapes: [`Shape`] (every size known) and [`PartialShape`] (sizes or even the rank may be unknown).

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::error::{Error, Result};

/// TensorFlow's limit on the number of dimensions.
pub const MAX_RANK: usize = 254;

/// The sizes of an array that exists: all known.
///
/// ```
/// use flowstone::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!(shape.num_elements().unwrap(), 6);
/// assert_eq!(shape.to_string(), "[2,3]");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Shape(SmallVec<[usize; 4]>);

impl Shape {
    /// A shape of these sizes.
    pub fn new(dims: &[usize]) -> Self {
        Shape(SmallVec::from_slice(dims))
    }

    /// The shape of a single number.
    pub fn scalar() -> Self {
        Shape::default()
    }

    /// The sizes.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements; an error where it is beyond the memory of any machine.
    pub fn num_elements(&self) -> Result<usize> {
        let limit = isize::MAX as usize / 32;
        // A zero anywhere makes the array empty, however large the other sizes are.
        if self.0.contains(&0) {
            return Ok(0);
        }
        self.0
            .iter()
            .try_fold(1usize, |product, &dim| product.checked_mul(dim))
            .filter(|&n| n <= limit)
            .ok_or_else(|| Error::resource_exhausted(format!("a tensor of shape {self} has too many elements")))
    }

    /// The steps in elements from one index to the next, row-major.
    pub fn strides(&self) -> SmallVec<[usize; 4]> {
        let mut strides: SmallVec<[usize; 4]> = SmallVec::from_elem(1, self.rank());
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self.0[axis].max(1));
        }
        strides
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Shape::new(&dims)
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        Shape::new(dims)
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(dims: I) -> Self {
        let mut shape = Shape::scalar();
        // Compiled anew for each caller: a plain loop is a fraction of what `collect` is.
        for dim in dims {
            shape.0.push(dim);
        }
        shape
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_dims(f, self.0.iter())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_dims<T: fmt::Display>(f: &mut fmt::Formatter<'_>, dims: impl Iterator<Item = T>) -> fmt::Result {
    f.write_str("[")?;
    for (i, dim) in dims.enumerate() {
        if i > 0 {
            f.write_str(",")?;
        }
        write!(f, "{dim}")?;
    }
    f.write_str("]")
}

/// The size of one dimension, known or not.
pub type Dim = Option<usize>;

/// What is known of a shape before the graph runs. TF: `tf.TensorShape`.
///
/// Made from arrays (`[3, 4]`, -1 for an unknown size), tuples (`(None, 784)`) and slices; `None` alone is a shape
/// of unknown rank.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct PartialShape(Option<SmallVec<[Dim; 4]>>);

impl PartialShape {
    /// A shape of unknown rank.
    pub const fn unknown() -> Self {
        PartialShape(None)
    }

    /// The shape of a single number.
    pub fn scalar() -> Self {
        PartialShape(Some(SmallVec::new()))
    }

    /// A shape of `rank` unknown sizes.
    pub fn unknown_of_rank(rank: usize) -> Self {
        PartialShape(Some(SmallVec::from_elem(None, rank)))
    }

    /// A shape of these dimensions.
    pub fn new(dims: impl IntoIterator<Item = Dim>) -> Self {
        let mut sizes = SmallVec::new();
        for dim in dims {
            sizes.push(dim);
        }
        PartialShape(Some(sizes))
    }

    /// The dimensions, if the rank is known.
    pub fn dims(&self) -> Option<&[Dim]> {
        self.0.as_deref()
    }

    /// The rank, if it is known.
    pub fn rank(&self) -> Option<usize> {
        self.0.as_ref().map(SmallVec::len)
    }

    /// The size of dimension `axis`, if it is known.
    pub fn dim(&self, axis: usize) -> Dim {
        self.0.as_ref().and_then(|dims| dims.get(axis).copied().flatten())
    }

    /// The shape, if every size is known.
    pub fn known(&self) -> Option<Shape> {
        self.0.as_ref()?.iter().copied().collect::<Option<SmallVec<[usize; 4]>>>().map(Shape)
    }

    /// Whether every size is known.
    pub fn is_known(&self) -> bool {
        self.0.as_ref().is_some_and(|dims| dims.iter().all(Option::is_some))
    }

    /// The sizes; an error if not even their number is known. TF: `shape.as_list()`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::placeholder(tf::float32, (None, 784));
    /// assert_eq!(x.get_shape().as_list()?, [None, Some(784)]);
    /// # Ok::<(), tf::Error>(())
    /// ```
    pub fn as_list(&self) -> Result<Vec<Dim>> {
        let dims = self.dims().map(<[Dim]>::to_vec);
        dims.ok_or_else(|| Error::invalid_argument("a shape of unknown rank has no list of sizes"))
    }

    /// The same as [`rank`](PartialShape::rank). TF: `shape.ndims`.
    pub fn ndims(&self) -> Option<usize> {
        self.rank()
    }

    /// The same as [`is_known`](PartialShape::is_known). TF: `shape.is_fully_defined()`.
    pub fn is_fully_defined(&self) -> bool {
        self.is_known()
    }

    /// Whether `self` and `other` may be the same shape. TF: `shape.is_compatible_with(other)`.
    pub fn is_compatible_with(&self, other: &PartialShape) -> bool {
        self.merge(other).is_some()
    }

    /// As [`merge`](PartialShape::merge), with an error. TF: `shape.merge_with(other)`.
    pub fn merge_with(&self, other: &PartialShape) -> Result<PartialShape> {
        self.merge(other).ok_or_else(|| Error::invalid_argument(format!("shapes {self} and {other} do not agree")))
    }

    /// The dimensions of `self`, then those of `other`. TF: `shape.concatenate(other)`.
    pub fn concatenate(&self, other: &PartialShape) -> PartialShape {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => PartialShape(Some(a.iter().chain(b).copied().collect())),
            _ => PartialShape::unknown(),
        }
    }

    /// What is known when both `self` and `other` hold; `None` if they contradict each other.
    pub fn merge(&self, other: &PartialShape) -> Option<PartialShape> {
        let (Some(a), Some(b)) = (&self.0, &other.0) else {
            return Some(if self.0.is_some() { self.clone() } else { other.clone() });
        };
        if a.len() != b.len() {
            return None;
        }
        let merged = a.iter().zip(b).map(|(&x, &y)| merge_dims(x, y)).collect::<Option<SmallVec<[Dim; 4]>>>()?;
        Some(PartialShape(Some(merged)))
    }

    /// Whether an array of shape `shape` is one of those that `self` describes.
    pub fn accepts(&self, shape: &Shape) -> bool {
        self.0.as_ref().is_none_or(|dims| {
            dims.len() == shape.rank() && dims.iter().zip(shape.iter()).all(|(d, s)| d.is_none_or(|d| d == *s))
        })
    }

    /// The number of elements, if every size is known.
    pub fn num_elements(&self) -> Option<usize> {
        self.known()?.num_elements().ok()
    }
}

/// What is known of a size when both `a` and `b` hold; `None` if they contradict each other.
pub fn merge_dims(a: Dim, b: Dim) -> Option<Dim> {
    match (a, b) {
        (Some(x), Some(y)) if x != y => None,
        _ => Some(a.or(b)),
    }
}

impl From<Shape> for PartialShape {
    fn from(shape: Shape) -> Self {
        PartialShape::new(shape.iter().map(|&d| Some(d)))
    }
}

impl From<&Shape> for PartialShape {
    fn from(shape: &Shape) -> Self {
        PartialShape::new(shape.iter().map(|&d| Some(d)))
    }
}

impl fmt::Display for PartialShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("<unknown>"),
            Some(dims) => write_dims(f, dims.iter().map(|d| d.map_or_else(|| "?".to_owned(), |d| d.to_string()))),
        }
    }
}

impl fmt::Debug for PartialShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What can stand for one size: an integer (-1 is unknown) or `None`.
pub trait IntoDim {
    /// The size. An integer below -1 is an error.
    fn into_dim(self) -> Result<Dim>;
}

macro_rules! int_into_dim {
    ($($int:ty)*) => {$(
        impl IntoDim for $int {
            fn into_dim(self) -> Result<Dim> {
                if self as i128 == -1 {
                    return Ok(None);
                }
                usize::try_from(self)
                    .map(Some)
                    .map_err(|_| Error::invalid_argument(format!("a shape has a dimension of size {self}")))
            }
        }
    )*};
}
int_into_dim!(i32 i64 usize);

impl IntoDim for Option<usize> {
    fn into_dim(self) -> Result<Dim> {
        Ok(self)
    }
}

/// What can stand for a shape: `[3, 4]`, `[-1, 28]`, `(None, 784)`, `()`, a slice, a `Vec`, a [`Shape`], `None`.
pub trait IntoShape {
    /// The shape. A size below -1 or a rank above [`MAX_RANK`] is an error.
    fn into_shape(self) -> Result<PartialShape>;
}

fn from_dims<D: IntoDim>(dims: impl IntoIterator<Item = D>) -> Result<PartialShape> {
    let mut sizes = SmallVec::new();
    for dim in dims {
        sizes.push(dim.into_dim()?);
    }
    of_sizes(sizes)
}

fn of_sizes(dims: SmallVec<[Dim; 4]>) -> Result<PartialShape> {
    if dims.len() > MAX_RANK {
        return Err(Error::invalid_argument(format!("a shape has {} dimensions, more than {MAX_RANK}", dims.len())));
    }
    Ok(PartialShape(Some(dims)))
}

impl IntoShape for PartialShape {
    fn into_shape(self) -> Result<PartialShape> {
        Ok(self)
    }
}

impl IntoShape for &PartialShape {
    fn into_shape(self) -> Result<PartialShape> {
        Ok(self.clone())
    }
}

impl IntoShape for Shape {
    fn into_shape(self) -> Result<PartialShape> {
        from_dims(self.0)
    }
}

impl IntoShape for &Shape {
    fn into_shape(self) -> Result<PartialShape> {
        from_dims(self.0.iter().copied())
    }
}

/// `None`: nothing is known, not even the rank.
impl IntoShape for Option<PartialShape> {
    fn into_shape(self) -> Result<PartialShape> {
        Ok(self.unwrap_or_default())
    }
}

impl IntoShape for () {
    fn into_shape(self) -> Result<PartialShape> {
        Ok(PartialShape::scalar())
    }
}

impl<D: IntoDim, const N: usize> IntoShape for [D; N] {
    fn into_shape(self) -> Result<PartialShape> {
        from_dims(self)
    }
}

impl<D: IntoDim + Copy> IntoShape for &[D] {
    fn into_shape(self) -> Result<PartialShape> {
        from_dims(self.iter().copied())
    }
}

impl<D: IntoDim> IntoShape for Vec<D> {
    fn into_shape(self) -> Result<PartialShape> {
        from_dims(self)
    }
}

macro_rules! tuple_into_shape {
    ($(($($D:ident $d:ident),+))*) => {$(
        impl<$($D: IntoDim),+> IntoShape for ($($D,)+) {
            fn into_shape(self) -> Result<PartialShape> {
                let ($($d,)+) = self;
                Ok(PartialShape::new([$($d.into_dim()?),+]))
            }
        }
    )*};
}
tuple_into_shape! {
    (A a) (A a, B b) (A a, B b, C c) (A a, B b, C c, D d) (A a, B b, C c, D d, E e) (A a, B b, C c, D d, E e, F f)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shape(s: impl IntoShape) -> PartialShape {
        s.into_shape().unwrap()
    }

    #[test]
    fn shapes_are_made_from_what_tf1_users_write() {
        assert_eq!(shape((None, 784)).to_string(), "[?,784]");
        assert_eq!(shape([-1, 28, 28, 1]).to_string(), "[?,28,28,1]");
        assert_eq!(shape(()).to_string(), "[]");
        assert_eq!(shape(None).to_string(), "<unknown>");
        assert_eq!(shape(vec![3usize, 4]).to_string(), "[3,4]");
        assert_eq!(shape(&[3i64, -1][..]).to_string(), "[3,?]");
        let error = [3, -2].into_shape().unwrap_err();
        assert_eq!(error.message(), "a shape has a dimension of size -2");
        assert!(vec![1; 255].into_shape().is_err());
    }

    #[test]
    fn merging_keeps_what_either_knows() {
        let a = shape((None, 784));
        assert_eq!(a.merge(&shape((100, None))), Some(shape([100, 784])));
        assert_eq!(a.merge(&shape([100, 783])), None);
        assert_eq!(a.merge(&shape([100])), None);
        assert_eq!(a.merge(&PartialShape::unknown()), Some(a.clone()));
        assert_eq!(PartialShape::unknown().merge(&a), Some(a.clone()));
        assert!(a.accepts(&Shape::from([3, 784])) && !a.accepts(&Shape::from([3])));
        assert!(!a.is_known() && shape([2, 0]).is_known());
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(Shape::from([1 << 40, 0, 1 << 40]).num_elements().unwrap(), 0);
        assert!(Shape::from([1 << 40, 1 << 40]).num_elements().is_err());
        assert!(Shape::from([1 << 62]).num_elements().is_err());
        assert_eq!(Shape::from([2, 3, 4]).strides().as_slice(), [12, 4, 1]);
        assert_eq!(Shape::scalar().num_elements().unwrap(), 1);
    }
}
