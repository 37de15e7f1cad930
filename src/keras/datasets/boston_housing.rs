//! Prices of houses. Keras: `keras.datasets.boston_housing`.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};

use super::{Origin, RemoteFile, list, read_or_fetch, usual_places};
use crate::error::{Error, Result};
use crate::value::Value;
use crate::weights;

const NAME: &str = "boston_housing.npz";

const ORIGIN: Origin = Origin {
    base: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    files: &[RemoteFile {
        name: NAME,
        sha256: "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
        size: 57_026,
    }],
};

/// What is known of houses, and their prices.
pub type Houses = (ArrayD<f64>, ArrayD<f64>);

/// 404 and 102 towns: 13 numbers each, with the median price of a house in thousands of dollars. They are shuffled, always
/// in the same way. Keras: `boston_housing.load_data()`.
///
/// Reads `boston_housing.npz` (feature `npz`). An error that says where it belongs if it is not there.
///
/// ```no_run
/// use flowstone as tf;
/// let ((x_train, y_train), _) = tf::keras::datasets::boston_housing::load_data()?;
/// assert_eq!((x_train.shape(), y_train.shape()), (&[404, 13][..], &[404][..]));
/// # Ok::<(), tf::Error>(())
/// ```
pub fn load_data() -> Result<(Houses, Houses)> {
    load(&usual_places())
}

/// [`load_data`] from the file in `dir`. Keras: `boston_housing.load_data(path)`.
pub fn load_data_from(dir: impl AsRef<Path>) -> Result<(Houses, Houses)> {
    load(&[dir.as_ref().to_owned()])
}

fn load(dirs: &[PathBuf]) -> Result<(Houses, Houses)> {
    read_or_fetch(&ORIGIN, dirs.first().map(PathBuf::as_path), || read(dirs))
}

fn read(dirs: &[PathBuf]) -> Result<(Houses, Houses)> {
    let found = dirs.iter().map(|dir| dir.join(NAME)).find(|path| path.is_file());
    let path = found.ok_or_else(|| {
        Error::not_found(format!("{NAME} belongs into {}; it comes from {}", list(dirs), ORIGIN.base))
    })?;
    let arrays = weights::read(&path)?;
    let array = |name: &str| {
        let found = arrays.iter().find(|(of, _)| of == name).map(|(_, value)| value);
        found.ok_or_else(|| Error::data_loss(format!("{}: it has no array '{name}'", path.display())))
    };
    split(array("x")?, array("y")?).map_err(|error| error.note(format!("in {}", path.display())))
}

/// Four fifths of the shuffled rows to learn from, and the others.
fn split(x: &Value, y: &Value) -> Result<(Houses, Houses)> {
    let rows = match (x.shape().dims(), y.shape().dims()) {
        (&[rows, _], &[prices]) if rows == prices => rows,
        _ => return Err(Error::data_loss(format!("x is {}, and y {}: they do not fit", x.shape(), y.shape()))),
    };
    let order = shuffled(rows, 113);
    let (train, test) = order.split_at((rows as f64 * (1.0 - 0.2)) as usize);
    let houses = |rows: &[usize]| Ok((taken(x, rows)?, taken(y, rows)?));
    Ok((houses(train)?, houses(test)?))
}

/// These rows of a matrix or list.
fn taken(value: &Value, rows: &[usize]) -> Result<ArrayD<f64>> {
    let mut sizes = value.shape().dims().to_vec();
    let width = sizes[1..].iter().product::<usize>();
    let numbers = value.as_slice::<f64>()?;
    let taken = rows.iter().flat_map(|&row| &numbers[row * width..(row + 1) * width]).copied().collect();
    sizes[0] = rows.len();
    ArrayD::from_shape_vec(IxDyn(&sizes), taken).map_err(|e| Error::internal(e.to_string()))
}

/// The numbers below `n` in the order that NumPy shuffles them to. NumPy: `RandomState(seed).shuffle(np.arange(n))`.
fn shuffled(n: usize, seed: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut random = Mt19937::new(seed);
    for last in (1..n).rev() {
        let mask = (last + 1).next_power_of_two() - 1;
        let other = loop {
            let drawn = random.next() as usize & mask;
            if drawn <= last {
                break drawn;
            }
        };
        order.swap(last, other);
    }
    order
}

/// The generator of NumPy's `RandomState`.
/// Source: Matsumoto and Nishimura, Mersenne Twister, <https://doi.org/10.1145/272991.272995>.
struct Mt19937 {
    state: Vec<u32>,
    at: usize,
}

impl Mt19937 {
    const SIZE: usize = 624;
    const MIDDLE: usize = 397;

    fn new(seed: u32) -> Self {
        let mut state = vec![seed];
        for i in 1..Self::SIZE {
            let last = state[i - 1];
            state.push(1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32));
        }
        Mt19937 { state, at: Self::SIZE }
    }

    fn next(&mut self) -> u32 {
        if self.at == Self::SIZE {
            self.twist();
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..Self::SIZE {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % Self::SIZE] & 0x7fff_ffff);
            let twisted = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + Self::MIDDLE) % Self::SIZE] ^ (y >> 1) ^ twisted;
        }
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::ErrorKind;

    /// NumPy's `RandomState(113).shuffle(np.arange(n))`.
    #[test]
    fn rows_are_shuffled_as_numpy_does() {
        assert_eq!(shuffled(12, 113), [4, 3, 9, 8, 1, 0, 11, 7, 6, 10, 2, 5]);
        let order = shuffled(506, 113);
        assert_eq!(order[..6], [22, 202, 368, 335, 461, 323]);
        assert_eq!(order[500..], [258, 364, 74, 162, 220, 165]);
        assert_eq!(shuffled(1, 113), [0]);
        assert!(shuffled(0, 113).is_empty());
    }

    #[test]
    fn a_missing_file_is_told_where_it_belongs() {
        let error = read(&["/no/such/place".into()]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("boston_housing.npz belongs into /no/such/place"), "{error}");
    }

    #[cfg(feature = "npz")]
    #[test]
    fn the_file_is_read_and_split() {
        let dir = std::env::temp_dir().join(format!("flowstone-boston-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let x = Value::new([10, 2], (0..20).map(f64::from).collect::<Vec<_>>()).unwrap();
        let y = Value::vector((0..10).map(|i| f64::from(i) * 100.0).collect());
        weights::write(dir.join(NAME), &[("x".to_owned(), x), ("y".to_owned(), y.clone())]).unwrap();
        let ((x_train, y_train), (x_test, y_test)) = read(std::slice::from_ref(&dir)).unwrap();
        assert_eq!((x_train.shape(), x_test.shape()), (&[8, 2][..], &[2, 2][..]));
        let order: Vec<usize> = y_train.iter().chain(&y_test).map(|price| (price / 100.0) as usize).collect();
        assert_eq!(order, shuffled(10, 113));
        assert!(x_train.rows().into_iter().zip(&y_train).all(|(row, price)| row[0] * 50.0 == *price));
        weights::write(dir.join(NAME), &[("x".to_owned(), y.clone()), ("y".to_owned(), y)]).unwrap();
        let error = read(std::slice::from_ref(&dir)).unwrap_err();
        assert!(error.kind() == ErrorKind::DataLoss && error.to_string().contains("do not fit"), "{error}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
