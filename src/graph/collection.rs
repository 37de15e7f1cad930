//! Collections of the default graph.

use std::any::Any;
use std::sync::Arc;

use super::{Graph, Operation, Tensor, get_default_graph};

/// Adds `item` to a collection of the default graph. TF: `tf.add_to_collection`.
pub fn add_to_collection<T: Any + Send + Sync>(name: &str, item: T) {
    get_default_graph().add_to_collection(name, item);
}

/// Adds `item` to each of these collections of the default graph. TF: `tf.add_to_collections`.
pub fn add_to_collections<T: Any + Send + Sync + Clone>(names: &[&str], item: T) {
    names.iter().for_each(|name| add_to_collection(name, item.clone()));
}

/// The items of type `T` in a collection of the default graph, in order. TF: `tf.get_collection`.
///
/// Keyword argument `scope`: only what has a name that starts so (TensorFlow takes it for a regular expression).
///
/// ```
/// use flowstone as tf;
/// use tf::{GraphKeys, Variable};
/// let inner = {
///     let _scope = tf::variable_scope("generator");
///     tf::get_variable("w", [2])
/// };
/// let outer = tf::get_variable("w", [2]);
/// let all: Vec<Variable> = tf::get_collection(GraphKeys::TRAINABLE_VARIABLES);
/// assert_eq!(all, [inner, outer]);
/// let some: Vec<Variable> = tf::get_collection!(GraphKeys::TRAINABLE_VARIABLES, scope = "generator");
/// assert_eq!(some, [inner]);
/// ```
pub fn get_collection<T: Any + Clone>(name: &str) -> Vec<T> {
    get_default_graph().get_collection(name)
}

/// [`get_collection`] with keyword arguments.
pub fn get_collection_args(name: &str) -> CollectionArgs {
    CollectionArgs { name: name.to_owned(), scope: String::new() }
}

/// A look into a collection: the keyword arguments of [`get_collection`].
#[must_use = "nothing is looked up until `build` is called"]
pub struct CollectionArgs {
    name: String,
    scope: String,
}

impl CollectionArgs {
    /// How the names of the items start.
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = scope.to_owned();
        self
    }

    /// The items.
    pub fn build<T: Any + Clone + Named>(self) -> Vec<T> {
        let mut items: Vec<T> = get_collection(&self.name);
        items.retain(|item| item.item_name().starts_with(&self.scope));
        items
    }
}

/// A collection of the default graph, to be changed. TF: `tf.get_collection_ref`.
///
/// ```
/// use flowstone as tf;
/// let (a, b) = (tf::Variable(1.0), tf::Variable(2.0));
/// let kept = tf::get_collection_ref("kept");
/// kept.append(a);
/// kept.extend([a, b]);
/// kept.retain(|variable: &tf::Variable| *variable == b);
/// assert_eq!(tf::get_collection::<tf::Variable>("kept"), [b]);
/// kept.clear();
/// assert!(kept.get::<tf::Variable>().is_empty());
/// ```
pub fn get_collection_ref(name: &str) -> CollectionRef {
    CollectionRef { graph: get_default_graph(), name: name.to_owned() }
}

/// A collection of a graph: what [`get_collection_ref`] gives.
#[derive(Clone, Debug)]
pub struct CollectionRef {
    graph: Graph,
    name: String,
}

impl CollectionRef {
    /// Its items of type `T`, in order.
    pub fn get<T: Any + Clone>(&self) -> Vec<T> {
        self.graph.get_collection(&self.name)
    }

    /// Adds an item at the end.
    pub fn append<T: Any + Send + Sync>(&self, item: T) {
        self.graph.add_to_collection(&self.name, item);
    }

    /// Adds items at the end.
    pub fn extend<T: Any + Send + Sync>(&self, items: impl IntoIterator<Item = T>) {
        items.into_iter().for_each(|item| self.append(item));
    }

    /// Removes the items of type `T` that are not to be kept. Python's `list.remove`, and much else.
    pub fn retain<T: Any + Send + Sync>(&self, mut keep: impl FnMut(&T) -> bool) {
        // Looking at an item and dropping it may look at the graph: neither is done under the lock.
        let mut removed = self.graph.collection_items(&self.name);
        removed.retain(|item| item.downcast_ref::<T>().is_some_and(|item| !keep(item)));
        if let Some(items) = self.graph.lock().collections.get_mut(&self.name) {
            items.retain(|item| !removed.iter().any(|gone| Arc::ptr_eq(gone, item)));
        }
    }

    /// Removes all items. Python's `del list[:]`.
    pub fn clear(&self) {
        self.graph.clear_collection(&self.name);
    }
}

/// What has a name in a graph.
pub trait Named {
    /// The name.
    fn item_name(&self) -> String;
}

impl Named for Tensor {
    fn item_name(&self) -> String {
        self.name()
    }
}

impl Named for Operation {
    fn item_name(&self) -> String {
        self.name()
    }
}

impl Graph {
    /// Empties the collection `name`. TF: `graph.clear_collection`.
    pub fn clear_collection(&self, name: &str) {
        let items = self.lock().collections.shift_remove(name);
        // What it held may look at the graph while it is dropped.
        drop(items);
    }
}
