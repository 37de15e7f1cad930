//! Variables by name: `get_variable` and the scopes that say where it looks and whether it makes or shares.
//! TF: `tf.get_variable`, `tf.variable_scope`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, GraphKey, ScopeGuard, Tensor, built_at, get_default_graph, here};
use crate::initializers::{Initializer, IntoInitializer, glorot_uniform_initializer, zeros_initializer};
use crate::ops::state::{Kind, Variable, VariableArgs, variable_from};
use crate::regularizers::{IntoRegularizer, REGULARIZATION_LOSSES, Regularizer};
use crate::shape::{IntoShape, PartialShape};

/// Whether `get_variable` makes variables or shares those that are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// As the scope around says; at the top variables are made. Python: `None` or `False`.
    #[default]
    Inherit,
    /// Variables must be there. Python: `True`.
    Share,
    /// Variables that are there are shared, others made. TF: `tf.AUTO_REUSE`.
    Auto,
}

/// Variables that are there are shared, others made. TF: `tf.AUTO_REUSE`.
pub const AUTO_REUSE: Reuse = Reuse::Auto;

impl From<bool> for Reuse {
    fn from(reuse: bool) -> Self {
        if reuse { Reuse::Share } else { Reuse::Inherit }
    }
}

/// A place for variables: a prefix of their names, and what holds for them. TF: `tf.VariableScope`.
///
/// Cloning gives another handle of the same scope.
#[derive(Clone, Debug)]
pub struct VariableScope {
    name: String,
    /// The name scope that was opened with it.
    original_name_scope: String,
    settings: Arc<Mutex<Settings>>,
}

#[derive(Clone, Debug, Default)]
struct Settings {
    reuse: Reuse,
    initializer: Option<Initializer>,
    regularizer: Option<Regularizer>,
    /// Whether variables are read by nodes that are not placed with them.
    cached: bool,
}

impl VariableScope {
    fn new(name: String, original_name_scope: String, settings: Settings) -> Self {
        VariableScope { name, original_name_scope, settings: Arc::new(Mutex::new(settings)) }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The prefix of its variables' names, without a closing slash. TF: `scope.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name scope that was opened with it, without a closing slash. TF: `scope.original_name_scope`.
    pub fn original_name_scope(&self) -> &str {
        &self.original_name_scope
    }

    /// Whether variables are made or shared. TF: `scope.reuse`.
    pub fn reuse(&self) -> Reuse {
        self.settings().reuse
    }

    /// From here on variables are shared. TF: `scope.reuse_variables()`.
    pub fn reuse_variables(&self) {
        self.settings().reuse = Reuse::Share;
    }

    /// The initializer of variables that have none of their own, if one was said. TF: `scope.initializer`.
    pub fn initializer(&self) -> Option<Initializer> {
        self.settings().initializer.clone()
    }

    /// From here on new variables are read by nodes that are not placed with them. TF: `scope.set_caching_device`.
    pub(crate) fn cache(&self) {
        self.settings().cached = true;
    }

    /// The initializer of variables that have none of their own. TF: `scope.set_initializer`.
    pub fn set_initializer(&self, initializer: Initializer) {
        self.settings().initializer = Some(initializer);
    }

    /// The regularizer of variables that have none of their own. TF: `scope.set_regularizer`.
    pub fn set_regularizer(&self, regularizer: Regularizer) {
        self.settings().regularizer = Some(regularizer);
    }

    fn full_name(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}/{name}", self.name) }
    }
}

/// What a graph remembers: its variables by name, its outermost scope, and how often each scope was opened.
#[derive(Default)]
struct Store(Mutex<Stored>);

#[derive(Default)]
struct Stored {
    variables: HashMap<String, (Variable, &'static Location<'static>)>,
    top: Option<VariableScope>,
    opened: HashMap<String, usize>,
}

/// The variables of `graph` that `get_variable` made, sorted by name.
pub(crate) fn stored_variables(graph: &Graph) -> BTreeMap<String, Variable> {
    let store = graph.extension::<Store>();
    let store = store.lock();
    let mut sorted = BTreeMap::new();
    sorted.extend(store.variables.iter().map(|(name, (variable, _))| (name.clone(), *variable)));
    sorted
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    /// The scopes that are open on this thread, the innermost at the end.
    static OPEN: RefCell<Vec<(u64, GraphKey, VariableScope)>> = const { RefCell::new(Vec::new()) };
}

/// The innermost variable scope of the default graph. TF: `tf.get_variable_scope`.
pub fn get_variable_scope() -> VariableScope {
    current(&get_default_graph())
}

fn current(graph: &Graph) -> VariableScope {
    let key = graph.key();
    let innermost =
        |open: &Vec<_>| open.iter().rev().find(|(_, k, _)| *k == key).map(|(_, _, scope)| VariableScope::clone(scope));
    OPEN.with_borrow(innermost).unwrap_or_else(|| {
        let store = graph.extension::<Store>();
        let mut store = store.lock();
        store.top.get_or_insert_with(|| VariableScope::new(String::new(), String::new(), Settings::default())).clone()
    })
}

/// Which scope is opened: a name inside the current one, or a scope that was open before.
#[derive(Clone, Debug)]
pub enum Which {
    /// A name inside the current scope.
    Name(String),
    /// A scope to enter again.
    Scope(VariableScope),
    /// The name is found with `default_name`.
    Default,
}

impl From<&str> for Which {
    fn from(name: &str) -> Self {
        Which::Name(name.to_owned())
    }
}

impl From<&VariableScope> for Which {
    fn from(scope: &VariableScope) -> Self {
        Which::Scope(scope.clone())
    }
}

impl From<VariableScope> for Which {
    fn from(scope: VariableScope) -> Self {
        Which::Scope(scope)
    }
}

impl From<&OpenScope> for Which {
    fn from(scope: &OpenScope) -> Self {
        Which::Scope(scope.scope.clone())
    }
}

impl From<Option<&str>> for Which {
    fn from(name: Option<&str>) -> Self {
        name.map_or(Which::Default, Which::from)
    }
}

/// A variable scope that is open until this guard is dropped; a [`VariableScope`] to ask and to tell.
#[must_use = "the scope ends where its guard is dropped: bind it with `let _scope = …`"]
pub struct OpenScope {
    scope: VariableScope,
    graph: Graph,
    entry: u64,
    /// For a scope entered again: how often each was opened before.
    opened_before: Option<HashMap<String, usize>>,
    _name_scope: Option<ScopeGuard>,
    /// It belongs to the stack of its thread.
    not_send: PhantomData<*const ()>,
}

impl Deref for OpenScope {
    type Target = VariableScope;

    fn deref(&self) -> &VariableScope {
        &self.scope
    }
}

impl Drop for OpenScope {
    fn drop(&mut self) {
        // If the thread is ending, so is its stack.
        let _ = OPEN.try_with(|open| open.borrow_mut().retain(|(entry, ..)| *entry != self.entry));
        let store = self.graph.extension::<Store>();
        let mut store = store.lock();
        match self.opened_before.take() {
            Some(before) => store.opened = before,
            None => {
                let inside = format!("{}/", self.scope.name);
                store.opened.retain(|name, _| !name.starts_with(&inside));
            }
        }
    }
}

/// Opens a variable scope, and a name scope with it, until the guard is dropped. TF: `tf.variable_scope`.
///
/// `scope` is a name inside the current scope, or a scope to enter again. Keyword arguments `default_name` (with `None`
/// for the scope: a name that is made unique), `reuse`, `initializer`, `regularizer`, `auxiliary_name_scope`.
///
/// ```
/// use flowstone as tf;
/// let first = {
///     let _scope = tf::variable_scope("layer");
///     tf::get_variable("w", [2, 3])
/// };
/// let again = {
///     let _scope = tf::variable_scope!("layer", reuse = true);
///     tf::get_variable("w", [2, 3])
/// };
/// assert_eq!((first.name(), first), ("layer/w:0".to_owned(), again));
/// ```
#[track_caller]
pub fn variable_scope(scope: impl Into<Which>) -> OpenScope {
    variable_scope_args(scope).build()
}

/// [`variable_scope`] with keyword arguments.
pub fn variable_scope_args(scope: impl Into<Which>) -> VariableScopeArgs {
    VariableScopeArgs {
        which: scope.into(),
        default_name: None,
        reuse: Reuse::Inherit,
        initializer: None,
        regularizer: None,
        auxiliary_name_scope: true,
    }
}

/// A variable scope about to be opened: the keyword arguments of [`variable_scope`].
#[must_use = "nothing is opened until `build` is called"]
pub struct VariableScopeArgs {
    which: Which,
    default_name: Option<String>,
    reuse: Reuse,
    initializer: Option<Result<Initializer>>,
    regularizer: Option<Regularizer>,
    auxiliary_name_scope: bool,
}

impl VariableScopeArgs {
    /// The name to make unique if the scope is `None`.
    pub fn default_name(mut self, name: &str) -> Self {
        self.default_name = Some(name.to_owned());
        self
    }

    /// Whether variables are shared: `true`, `false` or [`AUTO_REUSE`].
    pub fn reuse(mut self, reuse: impl Into<Reuse>) -> Self {
        self.reuse = reuse.into();
        self
    }

    /// The initializer of variables that have none of their own.
    pub fn initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.initializer = Some(initializer.into_initializer());
        self
    }

    /// The regularizer of variables that have none of their own.
    pub fn regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.regularizer = Some(regularizer.into_regularizer());
        self
    }

    /// Whether a name scope is opened too; yes if not said.
    pub fn auxiliary_name_scope(mut self, open: bool) -> Self {
        self.auxiliary_name_scope = open;
        self
    }

    /// Opens the scope.
    #[track_caller]
    pub fn build(self) -> OpenScope {
        let line = here();
        let graph = get_default_graph();
        let fail = |error: Error| graph.record(error.at("variable_scope", Some(line)));
        let around = current(&graph);
        let mut settings = around.settings().clone();
        let (name, original, scope_name, again) = match self.which {
            Which::Scope(scope) => {
                settings = scope.settings().clone();
                let last = scope.name.rsplit('/').next().unwrap_or_default().to_owned();
                (scope.name, Some(scope.original_name_scope), last, true)
            }
            Which::Name(name) => (around.full_name(&name), None, name, false),
            Which::Default => {
                let default = self.default_name.unwrap_or_else(|| {
                    fail(Error::invalid_argument("a scope or a default_name is needed"));
                    "scope".to_owned()
                });
                if self.reuse == Reuse::Share {
                    fail(Error::invalid_argument("reuse = true needs the name of a scope, not a default_name"));
                }
                (unique(&graph, &around.full_name(&default)), None, default, false)
            }
        };
        if self.reuse != Reuse::Inherit {
            settings.reuse = self.reuse;
        }
        match self.initializer {
            Some(Ok(initializer)) => settings.initializer = Some(initializer),
            Some(Err(error)) => fail(error),
            None => {}
        }
        if self.regularizer.is_some() {
            settings.regularizer = self.regularizer;
        }
        let named = self.auxiliary_name_scope && !scope_name.is_empty();
        let name_scope = if named { Some(graph.name_scope(&scope_name)) } else { None };
        let original = original.unwrap_or_else(|| graph.current_scope().to_string());
        let scope = VariableScope::new(name, original, settings);
        let store = graph.extension::<Store>();
        *store.lock().opened.entry(scope.name.clone()).or_default() += 1;
        let opened_before = again.then(|| store.lock().opened.clone());
        let entry = OPEN.with_borrow_mut(|open| {
            let entry = open.last().map_or(0, |(entry, ..)| entry + 1);
            open.push((entry, graph.key(), scope.clone()));
            entry
        });
        OpenScope { scope, graph: graph.clone(), entry, opened_before, _name_scope: name_scope, not_send: PhantomData }
    }
}

/// `name`, or `name_1`, `name_2`… if a scope of that name was opened.
fn unique(graph: &Graph, name: &str) -> String {
    let store = graph.extension::<Store>();
    let store = store.lock();
    let numbered = (1..).map(|i| format!("{name}_{i}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !store.opened.contains_key(name)).unwrap_or_default()
}

/// The variable called `name` in the current variable scope, made or shared as the scope says. TF: `tf.get_variable`.
///
/// `shape` must be fully known. Keyword arguments `dtype` (float32 if not said), `initializer` (the scope's, or Glorot's
/// even distribution, or zeros for whole numbers, if not said; a tensor's value with [`initial_value`]), `regularizer`,
/// `trainable`. An error if the variable is there and not to be shared, or not there and to be shared, or of another
/// shape or type. No gradient passes through it other than that of its value.
///
/// [`initial_value`]: GetVariableArgs::initial_value
///
/// ```
/// use flowstone as tf;
/// let w = tf::get_variable("w", [784, 10]);
/// let step = tf::get_variable!("step", (), dtype = tf::int64, trainable = false);
/// assert_eq!((w.name(), step.dtype()?), ("w:0".to_owned(), tf::int64));
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn get_variable(name: &str, shape: impl IntoShape) -> Variable {
    get_variable_args(name, shape).build()
}

/// [`get_variable`] with keyword arguments.
pub fn get_variable_args(name: &str, shape: impl IntoShape) -> GetVariableArgs {
    GetVariableArgs {
        name: name.to_owned(),
        shape: shape.into_shape(),
        dtype: DType::Float32,
        initializer: None,
        initial_value: None,
        regularizer: None,
        trainable: true,
        use_resource: false,
    }
}

/// A variable about to be made or found: the keyword arguments of [`get_variable`].
#[must_use = "nothing is built until `build` is called"]
pub struct GetVariableArgs {
    name: String,
    shape: Result<PartialShape>,
    dtype: DType,
    initializer: Option<Result<Initializer>>,
    initial_value: Option<Tensor>,
    regularizer: Option<Regularizer>,
    trainable: bool,
    use_resource: bool,
}

impl GetVariableArgs {
    /// The data type; float32 if not said.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// How the initial value is made.
    pub fn initializer(mut self, initializer: impl IntoInitializer) -> Self {
        self.initializer = Some(initializer.into_initializer());
        self
    }

    /// The initial value, in place of an initializer.
    pub fn initial_value(mut self, value: Tensor) -> Self {
        self.initial_value = Some(value);
        self
    }

    /// What is added to the regularization losses for it.
    pub fn regularizer(mut self, regularizer: impl IntoRegularizer) -> Self {
        self.regularizer = Some(regularizer.into_regularizer());
        self
    }

    /// Whether optimizers change it unless they are told otherwise; true if not said.
    pub fn trainable(mut self, trainable: bool) -> Self {
        self.trainable = trainable;
        self
    }

    /// Whether it is held by a handle, as TensorFlow's resource variables are; false if not said.
    pub fn use_resource(mut self, use_resource: bool) -> Self {
        self.use_resource = use_resource;
        self
    }

    /// Makes the variable or finds it.
    #[track_caller]
    pub fn build(self) -> Variable {
        let line = here();
        let _line = built_at(line);
        let graph = get_default_graph();
        let scope = current(&graph);
        let name = scope.full_name(&self.name);
        match self.make_or_find(&graph, &scope, &name, line) {
            Ok(variable) => variable,
            Err(error) => {
                graph.record(error.at(&name, Some(line)));
                Variable::poisoned(&graph)
            }
        }
    }

    #[track_caller]
    fn make_or_find(
        self,
        graph: &Graph,
        scope: &VariableScope,
        name: &str,
        line: &'static Location<'static>,
    ) -> Result<Variable> {
        let settings = scope.settings().clone();
        let known = graph.extension::<Store>().lock().variables.get(name).copied();
        if let Some((variable, made)) = known {
            if settings.reuse == Reuse::Inherit {
                let error = Error::new(ErrorKind::AlreadyExists, format!("there is a variable '{name}' already"));
                return Err(error
                    .note(format!("it was made at {made}"))
                    .note("to share it, open its scope with `reuse = true` or `reuse = tf::AUTO_REUSE`"));
            }
            return self.matching(variable, made);
        }
        if settings.reuse == Reuse::Share {
            let error = Error::not_found(format!("there is no variable '{name}' made by get_variable to share"));
            return Err(error.note("to make it where it is missing, open its scope with `reuse = tf::AUTO_REUSE`"));
        }
        let variable = match self.initial_value {
            Some(value) => {
                let _root = graph.root_scope();
                VariableArgs::new(value).trainable(self.trainable).use_resource(self.use_resource).name(name).build()
            }
            None => {
                let shape = self.shape?;
                let shape = shape.known().ok_or_else(|| {
                    Error::invalid_argument(format!("every size of a new variable must be known, not {shape}"))
                })?;
                let initializer = match self.initializer {
                    Some(initializer) => initializer?,
                    None => settings.initializer.unwrap_or_else(|| default_initializer(self.dtype)),
                };
                let kind = Kind { trainable: self.trainable, use_resource: self.use_resource, cached: settings.cached };
                variable_from(graph, name, kind, || initializer.build(&shape, self.dtype))
            }
        };
        graph.extension::<Store>().lock().variables.insert(name.to_owned(), (variable, line));
        if let Some(regularizer) = self.regularizer.or(settings.regularizer) {
            let _root = graph.root_scope();
            let _scope = graph.scope(&format!("{name}/Regularizer/"));
            let _together = graph.colocate_with(variable.op());
            graph.add_to_collection(REGULARIZATION_LOSSES, regularizer.loss(variable.value()));
        }
        Ok(variable)
    }

    /// `variable`, if it is what is asked for.
    fn matching(self, variable: Variable, made: &Location) -> Result<Variable> {
        let (shape, found) = (self.shape?, variable.shape());
        let wanted = self.initial_value.map_or(shape, Tensor::shape);
        if wanted.merge(&found).is_none() {
            let error = Error::invalid_argument(format!("the variable to share has shape {found}, not {wanted}"));
            return Err(error.note(format!("it was made at {made}")));
        }
        let found = variable.dtype()?;
        if self.initial_value.is_none() && found != self.dtype {
            let error = Error::invalid_argument(format!("the variable to share is {found}, not {}", self.dtype));
            return Err(error.note(format!("it was made at {made}")));
        }
        Ok(variable)
    }
}

fn default_initializer(dtype: DType) -> Initializer {
    if dtype.is_floating() { glorot_uniform_initializer() } else { zeros_initializer() }
}
