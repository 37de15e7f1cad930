//! Sequences of one length. Keras: `keras.preprocessing.sequence`.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::value::Number;

/// Sequences as rows of one length. Keras: `pad_sequences(sequences)`.
///
/// Keyword arguments: `maxlen`, the length of the rows, that of the longest sequence if not said; `padding`, whether `value`
/// (0) fills up short ones in front (`"pre"`, if not said) or behind (`"post"`); `truncating`, where long ones are cut, in
/// the same words.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::preprocessing::sequence::pad_sequences;
/// let rows = pad_sequences([vec![1], vec![2, 3], vec![4, 5, 6]])?;
/// assert_eq!(rows, tf::ndarray::array![[0, 0, 1], [0, 2, 3], [4, 5, 6]]);
/// let rows = tf::pad_sequences!([vec![1], vec![2, 3]], maxlen = 1, padding = "post")?;
/// assert_eq!(rows, tf::ndarray::array![[1], [3]]);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn pad_sequences<T: Number, S: AsRef<[T]>>(sequences: impl IntoIterator<Item = S>) -> Result<Array2<T>> {
    pad_sequences_args(sequences).build()
}

/// [`pad_sequences`] with keyword arguments.
pub fn pad_sequences_args<T: Number, S: AsRef<[T]>>(sequences: impl IntoIterator<Item = S>) -> PadArgs<T, S> {
    PadArgs {
        sequences: sequences.into_iter().collect(),
        maxlen: None,
        padding: "pre".to_owned(),
        truncating: "pre".to_owned(),
        value: T::ZERO,
    }
}

/// The keyword arguments of [`pad_sequences`].
#[must_use = "nothing is made until `build` is called"]
pub struct PadArgs<T, S> {
    sequences: Vec<S>,
    maxlen: Option<usize>,
    padding: String,
    truncating: String,
    value: T,
}

impl<T: Number, S: AsRef<[T]>> PadArgs<T, S> {
    /// The length of the rows; that of the longest sequence if not said.
    pub fn maxlen(mut self, maxlen: impl Into<Option<usize>>) -> Self {
        self.maxlen = maxlen.into();
        self
    }

    /// `"pre"`, which it is if not said, or `"post"`.
    pub fn padding(mut self, padding: &str) -> Self {
        padding.clone_into(&mut self.padding);
        self
    }

    /// `"pre"`, which it is if not said, or `"post"`.
    pub fn truncating(mut self, truncating: &str) -> Self {
        truncating.clone_into(&mut self.truncating);
        self
    }

    /// What short sequences are filled up with; 0 if not said.
    pub fn value(mut self, value: T) -> Self {
        self.value = value;
        self
    }

    /// Makes the rows. An error for another word than `"pre"` and `"post"`.
    pub fn build(self) -> Result<Array2<T>> {
        let in_front = |what: &str, said: &str| match said {
            "pre" => Ok(true),
            "post" => Ok(false),
            other => Err(Error::invalid_argument(format!("{what} '{other}': pre or post"))),
        };
        let (padding, truncating) = (in_front("padding", &self.padding)?, in_front("truncating", &self.truncating)?);
        let longest = self.sequences.iter().map(|sequence| sequence.as_ref().len()).max().unwrap_or(0);
        let length = self.maxlen.unwrap_or(longest);
        let size = self.sequences.len().checked_mul(length);
        let size =
            size.ok_or_else(|| Error::resource_exhausted(format!("{} rows of {length}", self.sequences.len())))?;
        crate::value::room_for::<T>(size)?;
        let mut rows = Array2::from_elem((self.sequences.len(), length), self.value);
        for (mut row, sequence) in rows.rows_mut().into_iter().zip(&self.sequences) {
            let sequence = sequence.as_ref();
            let kept = sequence.len().min(length);
            let sequence = if truncating { &sequence[sequence.len() - kept..] } else { &sequence[..kept] };
            let start = if padding { length - kept } else { 0 };
            row.iter_mut().skip(start).zip(sequence).for_each(|(place, number)| *place = *number);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ndarray::array;

    #[test]
    fn rows_are_what_keras_makes() {
        let all = [vec![1i32], vec![2, 3], vec![4, 5, 6], vec![]];
        let pad = || pad_sequences_args(&all);
        assert_eq!(pad().build().unwrap(), array![[0, 0, 1], [0, 2, 3], [4, 5, 6], [0, 0, 0]]);
        assert_eq!(pad().padding("post").value(-1).build().unwrap().row(1).to_vec(), [2, 3, -1]);
        assert_eq!(pad().maxlen(2).build().unwrap(), array![[0, 1], [2, 3], [5, 6], [0, 0]]);
        assert_eq!(pad().maxlen(2).truncating("post").build().unwrap().row(2).to_vec(), [4, 5]);
        assert_eq!(pad().maxlen(0).build().unwrap().shape(), [4, 0]);
        assert_eq!(pad_sequences(Vec::<Vec<f32>>::new()).unwrap().shape(), [0, 0]);
        assert!(pad().padding("left").build().is_err() && pad().truncating("right").build().is_err());
        assert!(pad().maxlen(usize::MAX).build().is_err());
    }
}
