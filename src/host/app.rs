//! Running a program with flags. TF: `tf.app`.

pub use super::flags;
use crate::error::Result;

/// Reads the process's arguments into [`flags::FLAGS`] and calls `main` with those that are no flags, the program's name
/// first. TF: `tf.app.run`.
///
/// With `--help` it prints the flags and returns without calling `main`. An unknown flag is an error (TensorFlow hands it
/// to `main`, which mostly overlooks it).
///
/// ```
/// use flowstone as tf;
///
/// fn train(_argv: Vec<String>) -> tf::Result<()> {
///     assert_eq!(tf::flags::FLAGS.get::<f64>("learning_rate")?, 0.01);
///     Ok(())
/// }
///
/// fn main() -> tf::Result<()> {
///     tf::flags::DEFINE_float("learning_rate", 0.01, "Initial learning rate.");
///     tf::app::run(train)
/// }
/// ```
pub fn run(main: impl FnOnce(Vec<String>) -> Result<()>) -> Result<()> {
    let arguments = flags::FLAGS.parse(std::env::args())?;
    if flags::FLAGS.get::<bool>("help")? {
        println!("{}", flags::FLAGS);
        return Ok(());
    }
    main(arguments)
}
