//! VariableV2 and the [`Variable`] handle: values that a session keeps from one run to the next.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Attr, Graph, Named, Operation, Tensor, get_default_graph};
use crate::op::{Arg, Flags, Grad, InferCtx, IntoTensor, Kernel, KernelCtx, OpDef, Sig, convert};
use crate::ops::array;
use crate::ops::flow::no_op_after;
use crate::ops::state::assign::ASSIGN;
use crate::ops::state::initialized::guarded;
use crate::ops::state::resource::{ASSIGN_VARIABLE_OP, READ_VARIABLE_OP, VAR_HANDLE_OP, VAR_IS_INITIALIZED_OP, key};
use crate::shape::PartialShape;

/// All variables that are shared and saved. TF: `tf.GraphKeys.GLOBAL_VARIABLES`.
pub const GLOBAL_VARIABLES: &str = "variables";
/// The variables that optimizers change. TF: `tf.GraphKeys.TRAINABLE_VARIABLES`.
pub const TRAINABLE_VARIABLES: &str = "trainable_variables";

/// The collection of variables of which averages are kept. TF: `tf.GraphKeys.MOVING_AVERAGE_VARIABLES`.
pub const MOVING_AVERAGE_VARIABLES: &str = "moving_average_variables";

/// The collection of variables that are no part of a model: counters, and what metrics keep.
/// TF: `tf.GraphKeys.LOCAL_VARIABLES`.
pub const LOCAL_VARIABLES: &str = "local_variables";

/// A value that a session keeps from one run to the next. TF: `tf.Variable`.
///
/// A copyable handle. Where a tensor is wanted it stands for its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variable {
    pub(super) reference: Tensor,
    pub(super) value: Tensor,
    pub(super) initializer: Operation,
    pub(super) initial_value: Tensor,
    pub(super) trainable: bool,
}

/// How a variable gets its first value.
#[derive(Clone, Copy)]
struct Start {
    initializer: Operation,
    initial_value: Tensor,
}

/// The variables of a graph that do not start as they were built to.
#[derive(Default)]
struct Replaced(Mutex<HashMap<Operation, Start>>);

impl Replaced {
    fn lock(&self) -> MutexGuard<'_, HashMap<Operation, Start>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Variable {
    /// The same as the function [`Variable`](fn@Variable).
    #[track_caller]
    pub fn new(initial_value: impl IntoTensor) -> Self {
        VariableArgs::new(initial_value).build()
    }

    /// The variable itself, for operations that change it.
    pub fn reference(self) -> Tensor {
        self.reference
    }

    /// Its value: the node `…/read`. TF: `variable.value()`.
    pub fn value(self) -> Tensor {
        self.value
    }

    /// Its value at this place, after the control dependencies around: a new node. TF: `variable.read_value()`.
    #[track_caller]
    pub fn read_value(self) -> Tensor {
        if self.is_resource() {
            let graph = self.op().graph().unwrap_or_else(|_| get_default_graph());
            let _scope = graph.scope("Read");
            let value = convert(Arg::Handle(self.reference), "", None);
            drop(_scope);
            return array::IDENTITY.call([value.into_arg()]).single();
        }
        array::IDENTITY.call([self.reference.into_arg()]).name("read").single()
    }

    /// Its value once `changed` has run.
    #[track_caller]
    pub(crate) fn read_after(self, changed: Operation) -> Tensor {
        let graph = changed.graph().unwrap_or_else(|_| get_default_graph());
        let _after = graph.control_dependencies(&[changed]);
        let call = READ_VARIABLE_OP.call([self.reference.into_arg()]);
        self.dtype().map_or(self.value, |dtype| call.attr("dtype", dtype).single())
    }

    /// Whether it is held by a handle, as TensorFlow's resource variables are.
    pub fn is_resource(self) -> bool {
        self.reference.dtype().is_ok_and(|dtype| dtype == DType::Resource)
    }

    /// The operation that gives it its initial value. TF: `variable.initializer`.
    pub fn initializer(self) -> Operation {
        self.replacement().map_or(self.initializer, |other| other.initializer)
    }

    /// The initial value. TF: `variable.initial_value`.
    pub fn initial_value(self) -> Tensor {
        self.replacement().map_or(self.initial_value, |other| other.initial_value)
    }

    /// From here on it starts with `initial_value`, which `initializer` gives it, for all who hold it.
    pub(crate) fn start_with(self, initial_value: Tensor, initializer: Operation) -> Result<()> {
        let replaced = self.op().graph()?.extension::<Replaced>();
        replaced.lock().insert(self.op(), Start { initializer, initial_value });
        Ok(())
    }

    /// What took the place of its initializer, if anything did.
    fn replacement(self) -> Option<Start> {
        let replaced = self.op().graph().ok()?.extension::<Replaced>();
        replaced.lock().get(&self.op()).copied()
    }

    /// The node of the variable itself. TF: `variable.op`.
    pub fn op(self) -> Operation {
        self.reference.op()
    }

    /// The name, as `"W:0"`. TF: `variable.name`.
    pub fn name(self) -> String {
        self.reference.name()
    }

    /// The data type; an error if the variable could not be built.
    pub fn dtype(self) -> Result<DType> {
        self.value.dtype()
    }

    /// The shape.
    pub fn shape(self) -> PartialShape {
        self.value.shape()
    }

    /// Whether optimizers change it unless they are told otherwise.
    pub fn trainable(self) -> bool {
        self.trainable
    }

    /// Puts it into the collections where it belongs.
    fn collect(self, graph: &Graph, collections: Option<&[String]>) {
        if self.reference.is_poisoned() {
            return;
        }
        match collections {
            Some(names) => names.iter().for_each(|name| graph.add_to_collection(name, self)),
            None => graph.add_to_collection(GLOBAL_VARIABLES, self),
        }
        if self.trainable {
            graph.add_to_collection(TRAINABLE_VARIABLES, self);
        }
    }

    /// What stands for a variable that could not be built.
    pub(crate) fn poisoned(graph: &Graph) -> Self {
        let tensor = Tensor::poisoned(graph);
        let (initializer, trainable) = (tensor.op(), false);
        Variable { reference: tensor, value: tensor, initializer, initial_value: tensor, trainable }
    }

    /// The same variable under another name; see [`Tensor::named`].
    #[track_caller]
    pub fn named(self, name: &str) -> Self {
        self.reference.named(name);
        self
    }
}

impl Named for Variable {
    fn item_name(&self) -> String {
        self.name()
    }
}

impl IntoTensor for Variable {
    fn into_arg(self) -> Arg {
        if self.is_resource() { Arg::Handle(self.reference) } else { Arg::Tensor(self.value) }
    }
}

impl IntoTensor for &Variable {
    fn into_arg(self) -> Arg {
        (*self).into_arg()
    }
}

/// A variable with this initial value. TF: `tf.Variable`.
///
/// Its data type and shape are those of `initial_value`. It has no value before its initializer has run:
/// see [`global_variables_initializer`].
///
/// ```
/// use flowstone as tf;
/// let w = tf::Variable(tf::zeros([2, 3])).named("w");
/// let sess = tf::Session()?;
/// sess.run(tf::global_variables_initializer(), tf::feed_dict! {})?;
/// assert_eq!(sess.run(w, tf::feed_dict! {})?.shape().dims(), [2, 3]);
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Variable(initial_value: impl IntoTensor) -> Variable {
    VariableArgs::new(initial_value).build()
}

/// A variable under construction: the keyword arguments of [`Variable`](fn@Variable).
#[must_use = "nothing is built until `build` is called"]
pub struct VariableArgs {
    initial_value: Arg,
    trainable: bool,
    dtype: Option<DType>,
    use_resource: bool,
    collections: Option<Vec<String>>,
    name: String,
}

impl VariableArgs {
    /// A trainable variable with this initial value.
    pub fn new(initial_value: impl IntoTensor) -> Self {
        VariableArgs {
            initial_value: initial_value.into_arg(),
            trainable: true,
            dtype: None,
            use_resource: false,
            collections: None,
            name: "Variable".into(),
        }
    }

    /// Whether optimizers change it unless they are told otherwise; true if not said.
    pub fn trainable(mut self, trainable: bool) -> Self {
        self.trainable = trainable;
        self
    }

    /// The data type of an initial value that is a literal.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = Some(dtype);
        self
    }

    /// Whether it is held by a handle, as TensorFlow's resource variables are; false if not said.
    pub fn use_resource(mut self, use_resource: bool) -> Self {
        self.use_resource = use_resource;
        self
    }

    /// The collections it is in, instead of that of all variables.
    pub fn collections(mut self, collections: &[&str]) -> Self {
        self.collections = Some(collections.iter().map(|&name| name.to_owned()).collect());
        self
    }

    /// The name, made unique.
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Builds the variable.
    #[track_caller]
    pub fn build(self) -> Variable {
        let graph = Arg::graph_of(std::slice::from_ref(&self.initial_value)).unwrap_or_else(|_| get_default_graph());
        let _outside = graph.clear_control_dependencies();
        let scope = graph.scope_name(&self.name);
        let initial_value = {
            let _anywhere = self.use_resource.then(|| graph.clear_device());
            let _together = (self.use_resource && !graph.is_colocated()).then(|| graph.colocate_with_name(&scope));
            let within = if self.use_resource { "Initializer/" } else { "" };
            let _scope = graph.scope(&format!("{scope}/{within}"));
            convert(self.initial_value, "initial_value", self.dtype)
        };
        let kind = Kind { trainable: self.trainable, use_resource: self.use_resource, cached: false };
        let variable = build(&graph, &scope, initial_value, kind);
        variable.collect(&graph, self.collections.as_deref());
        variable
    }
}

/// How a variable is made.
#[derive(Clone, Copy, Default)]
pub(crate) struct Kind {
    /// Whether optimizers change it.
    pub trainable: bool,
    /// Whether it is held by a handle.
    pub use_resource: bool,
    /// Whether the node that reads it is not placed with it.
    pub cached: bool,
}

/// The nodes of a variable called `scope`.
#[track_caller]
fn build(graph: &Graph, scope: &str, initial_value: Tensor, kind: Kind) -> Variable {
    let Kind { trainable, use_resource, cached } = kind;
    let mut variable = Variable { initial_value, trainable, ..Variable::poisoned(graph) };
    if initial_value.op().context().is_some() {
        let error = "its initial value lies in a branch or a loop: build that outside, or use `get_variable`";
        graph.record(Error::invalid_argument(error).at(scope, Some(crate::graph::here())));
        return variable;
    }
    let Ok(dtype) = initial_value.dtype() else { return variable };
    if use_resource {
        return build_resource(graph, scope, variable, dtype);
    }
    variable.reference = VARIABLE_V2
        .call([])
        .graph(graph)
        .attr("shape", Attr::Shape(initial_value.shape()))
        .attr("dtype", dtype)
        .name(format!("{scope}/"))
        .single();
    let _scope = graph.scope(&format!("{scope}/"));
    let initial_value = guarded(graph, scope, initial_value).unwrap_or_else(|error| {
        graph.record(error.note(format!("for the initial value of '{scope}'")));
        Tensor::poisoned(graph)
    });
    let assign = ASSIGN.call([variable.reference.into_arg(), initial_value.into_arg()]);
    variable.initializer = assign.operation();
    let _colocated = if cached { graph.colocate_with_nothing() } else { graph.colocate_with(variable.op()) };
    variable.value = array::IDENTITY.call([variable.reference.into_arg()]).name("read").single();
    variable
}

/// The nodes of a variable that is held by a handle.
#[track_caller]
fn build_resource(graph: &Graph, scope: &str, variable: Variable, dtype: DType) -> Variable {
    let mut variable = variable;
    variable.reference = {
        let _together = (!graph.is_colocated()).then(|| graph.colocate_with_name(scope));
        VAR_HANDLE_OP
            .call([])
            .graph(graph)
            .attr("shape", Attr::Shape(variable.initial_value.shape()))
            .attr("dtype", dtype)
            .attr("shared_name", scope)
            .attr("debug_name", &*format!("{scope}/"))
            .name(format!("{scope}/"))
            .single()
    };
    let _scope = graph.scope(&format!("{scope}/"));
    let handle = variable.reference.into_arg();
    {
        let _scope = graph.scope("IsInitialized");
        VAR_IS_INITIALIZED_OP.call([handle.clone()]).operation();
    }
    variable.initializer = {
        let _anywhere = graph.colocate_with_nothing();
        ASSIGN_VARIABLE_OP.call([handle.clone(), variable.initial_value.into_arg()]).name("Assign").operation()
    };
    let _scope = graph.scope("Read");
    variable.value = READ_VARIABLE_OP.call([handle]).attr("dtype", dtype).single();
    variable
}

/// What `initial_value` builds in the scope `scope/Initializer`.
#[track_caller]
fn initialized_in(graph: &Graph, scope: &str, initial_value: &dyn Fn() -> Tensor) -> Tensor {
    let _scope = (graph.scope(&format!("{scope}/Initializer/")), graph.clear_device());
    initial_value()
}

/// A variable whose full name is `name`, made unique, and whose initial value `initial_value` builds in the scope
/// `name/Initializer`.
#[track_caller]
pub(crate) fn variable_from(graph: &Graph, name: &str, kind: Kind, initial_value: &dyn Fn() -> Tensor) -> Variable {
    let _outside = graph.clear_control_dependencies();
    let _root = graph.root_scope();
    let scope = graph.scope_name(name);
    let together = graph.colocate_with_name(&scope);
    let initial_value = initialized_in(graph, &scope, initial_value);
    // Only a variable that is no handle is placed with itself.
    let _together = (!kind.use_resource).then_some(together);
    let variable = build(graph, &scope, initial_value, kind);
    variable.collect(graph, None);
    variable
}

/// A variable called `name`, made unique, that no optimizer changes, in these collections.
#[track_caller]
pub(crate) fn local_variable(name: &str, collections: &[&str], initial_value: &dyn Fn() -> Tensor) -> Variable {
    let graph = get_default_graph();
    let _outside = graph.clear_control_dependencies();
    let scope = graph.scope_name(name);
    let _together = graph.colocate_with_name(&scope);
    let initial_value = initialized_in(&graph, &scope, initial_value);
    let variable = build(&graph, &scope, initial_value, Kind::default());
    let collections: Vec<String> = collections.iter().map(|&name| name.to_owned()).collect();
    variable.collect(&graph, Some(&collections));
    variable
}

/// A variable that an optimizer keeps beside `primary`, whose full name is `name`, made unique; `initial_value` builds its
/// initial value in the scope `name/Initializer`. TF: `slot_creator.create_slot_with_initializer`.
#[track_caller]
pub(crate) fn slot_variable(
    graph: &Graph,
    primary: Variable,
    name: &str,
    initial_value: &dyn Fn() -> Tensor,
) -> Variable {
    let _colocated = graph.colocate_with(primary.op());
    let _outside = graph.clear_control_dependencies();
    let _root = graph.root_scope();
    let scope = graph.scope_name(name);
    let initial_value = initialized_in(graph, &scope, initial_value);
    let slot = build(graph, &scope, initial_value, Kind { use_resource: primary.is_resource(), ..Kind::default() });
    graph.add_to_collection(GLOBAL_VARIABLES, slot);
    slot
}

/// The variables of the default graph. TF: `tf.global_variables`.
pub fn global_variables() -> Vec<Variable> {
    get_default_graph().get_collection(GLOBAL_VARIABLES)
}

/// The variables of the default graph that optimizers change. TF: `tf.trainable_variables`.
pub fn trainable_variables() -> Vec<Variable> {
    get_default_graph().get_collection(TRAINABLE_VARIABLES)
}

/// The variables of the default graph of which averages are kept. TF: `tf.moving_average_variables`.
pub fn moving_average_variables() -> Vec<Variable> {
    get_default_graph().get_collection(MOVING_AVERAGE_VARIABLES)
}

/// The variables of the default graph that are no part of a model. TF: `tf.local_variables`.
pub fn local_variables() -> Vec<Variable> {
    get_default_graph().get_collection(LOCAL_VARIABLES)
}

/// An operation that gives the local variables of the default graph their initial values.
/// TF: `tf.local_variables_initializer`.
#[track_caller]
pub fn local_variables_initializer() -> Operation {
    variables_initializer(&local_variables())
}

/// The trainable variables of `graph`.
pub(crate) fn trainable_variables_of(graph: &Graph) -> Vec<Variable> {
    graph.get_collection(TRAINABLE_VARIABLES)
}

/// An operation that gives all variables of the default graph their initial values.
/// TF: `tf.global_variables_initializer`.
#[track_caller]
pub fn global_variables_initializer() -> Operation {
    variables_initializer(&global_variables())
}

/// An operation that gives `variables` their initial values. TF: `tf.variables_initializer`.
#[track_caller]
pub fn variables_initializer(variables: &[Variable]) -> Operation {
    let initializers: Vec<Operation> = variables.iter().map(|v| v.initializer()).collect();
    let graph = initializers.first().and_then(|op| op.graph().ok()).unwrap_or_else(get_default_graph);
    no_op_after(&graph, &initializers, "init")
}

fn infer_variable(ctx: &mut InferCtx) -> Result<()> {
    let shape = ctx.attrs().shape("shape")?.clone();
    ctx.set(0, shape)
}

fn run_variable(ctx: &mut KernelCtx) -> Result<()> {
    let cell = ctx.resources.variable(&key(ctx.node)?)?;
    ctx.outputs.set_variable(0, cell);
    Ok(())
}

pub(super) static VARIABLE_V2: OpDef = OpDef {
    sig: Sig::new(
        "VariableV2() -> (ref: Ref(dtype)) \
         where shape: shape, dtype: type, container: string = '', shared_name: string = ''",
    ),
    infer: infer_variable,
    kernel: Kernel::Run(run_variable),
    grad: Grad::Stop("a variable has no inputs"),
    flags: Flags::STATEFUL,
};

pub(super) static VARIABLE: OpDef = OpDef {
    sig: Sig::new(
        "Variable() -> (ref: Ref(dtype)) \
         where shape: shape, dtype: type, container: string = '', shared_name: string = ''",
    ),
    // An empty shape stood for an unknown one.
    infer: |ctx| match ctx.attrs().shape("shape")?.rank() {
        Some(0) => ctx.set(0, PartialShape::unknown()),
        _ => infer_variable(ctx),
    },
    kernel: Kernel::Run(run_variable),
    grad: Grad::Stop("a variable has no inputs"),
    flags: Flags::STATEFUL,
};
