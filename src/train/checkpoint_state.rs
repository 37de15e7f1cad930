//! The file `checkpoint`, which says which checkpoints a folder has, and what can be asked of it.

use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::error::{Error, Result};
use crate::format::bundle::BundleFiles;
use crate::format::durable::write_file;
use crate::format::meta::CheckpointState;
use crate::format::text::FileMessage;

/// The name of the file if not said.
const LATEST: &str = "checkpoint";

/// What the file `checkpoint` of a folder is to say: the latest checkpoint, and all that are kept, the oldest first.
/// TF: `tf.train.generate_checkpoint_state_proto`.
///
/// Where `save_dir` is a path from the current folder on, so are paths that say which: they become paths from `save_dir`
/// on. The latest is added to the others if it is not the last of them.
///
/// ```
/// use flowstone as tf;
/// let state = tf::train::generate_checkpoint_state_proto("logs", "logs/model-2", &["logs/model-1"]);
/// assert_eq!(state.all_model_checkpoint_paths, ["model-1", "model-2"]);
/// ```
pub fn generate_checkpoint_state_proto(
    save_dir: impl AsRef<Path>,
    model_checkpoint_path: &str,
    all_model_checkpoint_paths: &[impl AsRef<str>],
) -> CheckpointState {
    let save_dir = save_dir.as_ref();
    let mut all: Vec<&str> = all_model_checkpoint_paths.iter().map(AsRef::as_ref).collect();
    if all.last() != Some(&model_checkpoint_path) {
        all.push(model_checkpoint_path);
    }
    let from_folder = |path: &str| match save_dir.is_absolute() || Path::new(path).is_absolute() {
        true => path.to_owned(),
        false => relative(Path::new(path), save_dir),
    };
    CheckpointState {
        model_checkpoint_path: from_folder(model_checkpoint_path),
        all_model_checkpoint_paths: all.into_iter().map(from_folder).collect(),
        ..CheckpointState::default()
    }
}

/// `path` from `folder` on. Both start at the same place.
fn relative(path: &Path, folder: &Path) -> String {
    let (path, folder) = (parts(path), parts(folder));
    let shared = path.iter().zip(&folder).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Component::ParentDir, folder.len() - shared);
    let found: PathBuf = up.chain(path[shared..].iter().copied()).collect();
    found.to_string_lossy().into_owned()
}

/// The parts of a path, without those that change nothing.
fn parts(path: &Path) -> Vec<Component<'_>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts
}

/// Writes the file `checkpoint` of the folder `save_dir`. TF: `tf.train.update_checkpoint_state`.
///
/// Keyword arguments: `all_model_checkpoint_paths`, `latest_filename`, and `save_relative_paths`.
pub fn update_checkpoint_state(save_dir: impl AsRef<Path>, model_checkpoint_path: &str) -> Result<()> {
    update_checkpoint_state_args(save_dir, model_checkpoint_path).build()
}

/// [`update_checkpoint_state`] with keyword arguments.
pub fn update_checkpoint_state_args(save_dir: impl AsRef<Path>, model_checkpoint_path: &str) -> CheckpointStateArgs {
    CheckpointStateArgs {
        save_dir: save_dir.as_ref().to_owned(),
        latest: model_checkpoint_path.to_owned(),
        all: Vec::new(),
        latest_filename: LATEST.into(),
        save_relative_paths: false,
    }
}

/// A file `checkpoint` to be written: the keyword arguments of [`update_checkpoint_state`].
#[must_use = "nothing is written until `build` is called"]
pub struct CheckpointStateArgs {
    save_dir: PathBuf,
    latest: String,
    all: Vec<String>,
    latest_filename: String,
    save_relative_paths: bool,
}

impl CheckpointStateArgs {
    /// All checkpoints that are kept, the oldest first.
    pub fn all_model_checkpoint_paths(mut self, paths: &[impl AsRef<str>]) -> Self {
        self.all = paths.iter().map(|path| path.as_ref().to_owned()).collect();
        self
    }

    /// The name of the file; `checkpoint` if not said.
    pub fn latest_filename(mut self, name: &str) -> Self {
        self.latest_filename = name.to_owned();
        self
    }

    /// Whether absolute paths become paths from the folder on.
    pub fn save_relative_paths(mut self, save_relative_paths: bool) -> Self {
        self.save_relative_paths = save_relative_paths;
        self
    }

    /// Writes the file: until the new one is whole the old one stays.
    pub fn build(self) -> Result<()> {
        let file = self.save_dir.join(&self.latest_filename);
        let written = |path: &String| match self.save_relative_paths && Path::new(path).is_absolute() {
            true => relative(Path::new(path), &self.save_dir),
            false => path.clone(),
        };
        let all: Vec<String> = self.all.iter().map(written).collect();
        let state = generate_checkpoint_state_proto(&self.save_dir, &written(&self.latest), &all);
        if Path::new(&state.model_checkpoint_path) == file {
            return Err(Error::invalid_argument(format!("{} cannot be a checkpoint and say which is", file.display())));
        }
        write_file(&file, state.to_text()?.as_bytes())
    }
}

/// What the file `checkpoint` of a folder says, with whole paths; `None` if there is no such file.
/// TF: `tf.train.get_checkpoint_state`. An error if the file is damaged.
pub fn get_checkpoint_state(checkpoint_dir: impl AsRef<Path>) -> Result<Option<CheckpointState>> {
    state_of(checkpoint_dir.as_ref(), LATEST)
}

/// What the file `name` of `folder` says.
fn state_of(folder: &Path, name: &str) -> Result<Option<CheckpointState>> {
    let path = folder.join(name);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => {
            return Err(Error::data_loss(format!("{} is not text", path.display())));
        }
        Err(e) => return Err(Error::of_file(&path, &e)),
    };
    let mut state = CheckpointState::read_text(&text).map_err(|e| e.retitled(&path.display().to_string()))?;
    if state.model_checkpoint_path.is_empty() {
        return Err(Error::data_loss(format!("{} does not say which checkpoint is the latest", path.display())));
    }
    for path in state.all_model_checkpoint_paths.iter_mut().chain([&mut state.model_checkpoint_path]) {
        // An absolute path stays what it is.
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
    Ok(Some(state))
}

/// The prefix of the latest checkpoint of a folder, if there is one. TF: `tf.train.latest_checkpoint`.
///
/// An error if the file that says which one it is is damaged.
///
/// ```
/// use flowstone as tf;
/// assert_eq!(tf::train::latest_checkpoint("there/is/no/such/folder")?, None);
/// # Ok::<(), tf::Error>(())
/// ```
pub fn latest_checkpoint(checkpoint_dir: impl AsRef<Path>) -> Result<Option<String>> {
    let latest = get_checkpoint_state(checkpoint_dir)?.map(|state| state.model_checkpoint_path);
    Ok(latest.filter(|path| checkpoint_exists(path)))
}

/// Whether there is a checkpoint of this prefix. TF: `tf.train.checkpoint_exists`.
pub fn checkpoint_exists(checkpoint_prefix: impl AsRef<Path>) -> bool {
    let prefix = checkpoint_prefix.as_ref();
    BundleFiles::new(prefix).exist() || prefix.is_file()
}

/// When the checkpoints of these prefixes were written, in seconds since 1970; those that are not there are left out.
/// TF: `tf.train.get_checkpoint_mtimes`.
pub fn get_checkpoint_mtimes(checkpoint_prefixes: &[impl AsRef<str>]) -> Vec<f64> {
    checkpoint_prefixes.iter().filter_map(|prefix| mtime(prefix.as_ref())).collect()
}

/// When the checkpoint `prefix` was written.
pub(super) fn mtime(prefix: &str) -> Option<f64> {
    let index = BundleFiles::new(prefix).index();
    let data = std::fs::metadata(index).or_else(|_| std::fs::metadata(prefix)).ok()?;
    Some(data.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

/// Removes the files of a checkpoint, with its meta graph. TF: `tf.train.remove_checkpoint`.
pub fn remove_checkpoint(checkpoint_prefix: impl AsRef<Path>) -> Result<()> {
    remove_with_meta(&checkpoint_prefix.as_ref().to_string_lossy(), "meta")
}

/// Removes the files of the checkpoint `prefix`, with its meta graph, whose suffix is `meta`.
pub(super) fn remove_with_meta(prefix: &str, meta: &str) -> Result<()> {
    let meta = PathBuf::from(format!("{prefix}.{meta}"));
    for path in BundleFiles::new(prefix).all()?.into_iter().chain([meta]) {
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::of_file(&path, &e)),
            _ => {}
        }
    }
    Ok(())
}
