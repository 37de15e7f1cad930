//! A folder for one test.

use std::path::PathBuf;

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    /// An empty folder; no other test's has the same name.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("flowstone-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that fails may have removed it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
