//! The values of variables in files that other programs read: TensorFlow's checkpoints, NumPy's `.npz`, safetensors,
//! HDF5.
//!
//! Names in the files are those of the variables, as `dense/kernel`. `load_…` checks everything before it changes
//! anything; the error of a file that does not fit lists all that differs.

mod files;
mod session;

#[cfg(not(feature = "hdf5"))]
pub(crate) use files::without;
pub use files::{Format, read, write};
#[cfg(feature = "npz")]
pub use session::{load_npz, save_npz};
#[cfg(feature = "safetensors")]
pub use session::{load_safetensors, save_safetensors};

pub use session::{load, load_nodes, save};

pub(crate) use session::fitting;
