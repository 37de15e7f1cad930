//! A graph out of a file, with the saver that belongs to it.

use super::{Saver, SaverArgs, VarList};
use crate::error::Result;
use crate::graph::{Graph, built_at, get_default_graph, here};
use crate::ops::state::{GLOBAL_VARIABLES, Variable};
use crate::train::meta_graph::{MetaGraphSource, add_meta_graph};

/// Adds the graph of a meta graph to the default graph, with its collections; gives the saver of its variables.
/// TF: `tf.train.import_meta_graph`.
///
/// `meta_graph_or_file` is a `MetaGraphDef` or the path of a file, binary or text, as [`Saver::save`] writes it with the
/// suffix `.meta`. Keyword arguments: `clear_devices` and `import_scope`, a prefix for all names. Where there is no
/// variable to save the saver does nothing (TensorFlow gives `None`).
///
/// ```
/// use flowstone as tf;
/// # let folder = std::env::temp_dir().join(format!("flowstone-doc-import-{}", std::process::id()));
/// let path = {
///     let _w = tf::Variable([1.0, 2.0]).named("w");
///     let (saver, sess) = (tf::train::Saver(), tf::Session()?);
///     sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
///     saver.save(&sess, folder.join("model.ckpt"))?
/// };
/// let graph = tf::Graph::new();
/// let _default = graph.as_default();
/// let saver = tf::train::import_meta_graph(&format!("{path}.meta"))?;
/// let sess = tf::Session()?;
/// saver.restore(&sess, path)?;
/// assert_eq!(sess.run("w:0", tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 2.0]);
/// # tf::gfile::DeleteRecursively(&folder)?;
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn import_meta_graph(meta_graph_or_file: impl MetaGraphSource) -> Result<Saver> {
    import_meta_graph_args(meta_graph_or_file).build()
}

/// [`import_meta_graph`] with keyword arguments.
pub fn import_meta_graph_args<S: MetaGraphSource>(meta_graph_or_file: S) -> ImportMetaGraphArgs<S> {
    ImportMetaGraphArgs { source: meta_graph_or_file, clear_devices: false, import_scope: String::new() }
}

/// A meta graph to be added: the keyword arguments of [`import_meta_graph`].
#[must_use = "nothing is added until `build` is called"]
pub struct ImportMetaGraphArgs<S> {
    source: S,
    clear_devices: bool,
    import_scope: String,
}

impl<S: MetaGraphSource> ImportMetaGraphArgs<S> {
    /// Whether the nodes forget their devices.
    pub fn clear_devices(mut self, clear_devices: bool) -> Self {
        self.clear_devices = clear_devices;
        self
    }

    /// What is put before all names, and a slash.
    pub fn import_scope(mut self, import_scope: &str) -> Self {
        self.import_scope = import_scope.to_owned();
        self
    }

    /// Adds the graph.
    #[track_caller]
    pub fn build(self) -> Result<Saver> {
        let _line = built_at(here());
        let (graph, scope) = (get_default_graph(), self.import_scope);
        self.source.with_meta_graph(|meta| {
            add_meta_graph(&graph, meta, &scope, self.clear_devices)?;
            let Some(mut def) = meta.saver_def.clone() else { return Ok(saver_of(&graph, &scope)) };
            for name in [&mut def.filename_tensor_name, &mut def.save_tensor_name, &mut def.restore_op_name] {
                if !scope.is_empty() {
                    *name = format!("{scope}/{name}");
                }
            }
            Saver::from_proto(def)
        })
    }
}

/// A saver of the variables in the scope `scope`.
#[track_caller]
fn saver_of(graph: &Graph, scope: &str) -> Saver {
    let mut variables: Vec<Variable> = graph.get_collection(GLOBAL_VARIABLES);
    variables.retain(|variable| variable.name().starts_with(scope));
    SaverArgs::new().var_list(variables.as_slice().var_list()).allow_empty(true).build()
}
