//! Small helpers. Keras: `keras.utils`.

use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};

use crate::error::{Error, Result};

pub use super::get_file::{GetFileArgs, get_file, get_file_args};
pub use crate::__get_file as get_file;

/// The module of old, in which [`to_categorical`] stood first. Keras: `keras.utils.np_utils`.
pub mod np_utils {
    pub use super::to_categorical;
}

/// Classes as rows of `num_classes` numbers, one of them 1. Keras: `to_categorical(y, num_classes)`.
///
/// `y` holds whole numbers from 0; a last dimension of size 1 goes. Without `num_classes` there are as many classes as the
/// largest number needs. An error for a number that is no class.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::utils::np_utils;
/// let labels = tf::ndarray::array![[2u8], [0]];
/// let rows = np_utils::to_categorical(&labels, 3)?;
/// assert_eq!(rows, tf::ndarray::array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]].into_dyn());
/// # Ok::<(), tf::Error>(())
/// ```
pub fn to_categorical<T, S, D>(y: &ArrayBase<S, D>, num_classes: impl Into<Option<usize>>) -> Result<ArrayD<f32>>
where
    T: Copy + Into<i64>,
    S: Data<Elem = T>,
    D: Dimension,
{
    let classes: Vec<i64> = y.iter().map(|&class| class.into()).collect();
    let largest = classes.iter().copied().max().map_or(0, |class| class.saturating_add(1));
    let num_classes = num_classes.into().unwrap_or(usize::try_from(largest).unwrap_or_default());
    let size = classes.len().checked_mul(num_classes);
    let size = size.ok_or_else(|| Error::resource_exhausted(format!("{} rows of {num_classes}", classes.len())))?;
    crate::value::room_for::<f32>(size)?;
    let mut rows = vec![0.0; size];
    for (i, class) in classes.into_iter().enumerate() {
        let place = usize::try_from(class).ok().filter(|&class| class < num_classes).ok_or_else(|| {
            Error::invalid_argument(format!(
                "label {i} is {class}, but the classes are 0 to {}",
                num_classes as i64 - 1
            ))
        })?;
        rows[i * num_classes + place] = 1.0;
    }
    let mut shape = y.shape().to_vec();
    if shape.len() > 1 && shape.last() == Some(&1) {
        shape.pop();
    }
    shape.push(num_classes);
    ArrayD::from_shape_vec(IxDyn(&shape), rows).map_err(|e| Error::internal(e.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ndarray::array;

    #[test]
    fn classes_become_rows() {
        let rows = to_categorical(&array![1i32, 0], None).unwrap();
        assert_eq!(rows, array![[0.0, 1.0], [1.0, 0.0]].into_dyn());
        assert_eq!(to_categorical(&array![[1i64, 0]], 2).unwrap().shape(), [1, 2, 2]);
        let error = to_categorical(&array![3u8, 10], 10).unwrap_err().to_string();
        assert!(error.contains("label 1 is 10, but the classes are 0 to 9"), "{error}");
        assert!(to_categorical(&array![-1i32], 10).is_err());
    }
}
