//! `assert_equal` and its like: comparisons that must hold for every element.

use super::{assert_args, graph_of, named, prefix, record};
use crate::dtype::DType;
use crate::error::Error;
use crate::graph::{Operation, Tensor};
use crate::op::{Arg, IntoTensor, convert};
use crate::ops::flow::no_op_after;
use crate::ops::math;

/// A comparison that must hold, under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct CompareArgs {
    form: Form,
    x: Arg,
    y: Arg,
    data: Option<Vec<Arg>>,
    summarize: i64,
    message: Option<String>,
    rtol: Option<Arg>,
    atol: Option<Arg>,
}

/// What is compared.
#[derive(Clone, Copy)]
enum Form {
    /// Two tensors.
    Binary(&'static Comparison),
    /// A tensor and 0, which comes first if `zero_first`.
    Unary { name: &'static str, says: &'static str, zero_first: bool, comparison: &'static Comparison },
    /// Two tensors that may differ a little.
    Near,
}

struct Comparison {
    name: &'static str,
    sign: &'static str,
    build: fn(Tensor, Tensor) -> Tensor,
    holds: fn(i64, i64) -> bool,
}

impl Comparison {
    /// Whether it is known while building that the comparison does not hold.
    fn fails(&self, x: Tensor, y: Tensor) -> bool {
        let known = |tensor: Tensor| tensor.fact()?.integers?.iter().copied().collect::<Option<Vec<i64>>>();
        let (Some(a), Some(b)) = (known(x), known(y)) else { return false };
        let alike = x.shape() == y.shape() || a.len() == 1 || b.len() == 1;
        let longest = a.len().max(b.len());
        alike && !a.is_empty() && !b.is_empty() && (0..longest).any(|i| !(self.holds)(a[i % a.len()], b[i % b.len()]))
    }
}

macro_rules! comparisons {
    ($($comparison:ident $name:literal $sign:tt $build:ident;)*) => {$(
        static $comparison: Comparison = Comparison {
            name: $name,
            sign: stringify!($sign),
            build: |x, y| math::$build(x, y),
            holds: |x, y| x $sign y,
        };
    )*};
}
comparisons! {
    EQUAL "assert_equal" == equal;
    NONE_EQUAL "assert_none_equal" != not_equal;
    LESS "assert_less" < less;
    LESS_EQUAL "assert_less_equal" <= less_equal;
    GREATER "assert_greater" > greater;
    GREATER_EQUAL "assert_greater_equal" >= greater_equal;
}

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $args:ident ($($arg:ident),+) $form:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// Gives the operation that fails the run; run others after it with
        /// [`control_dependencies`](crate::control_dependencies). Keyword arguments `message`, said in front, `data`, said
        /// in place of what would be, and `summarize`, how many elements of each tensor are said.
        #[track_caller]
        pub fn $function($($arg: impl IntoTensor),+) -> Operation {
            $args($($arg),+).build()
        }

        #[doc = concat!("[`", stringify!($function), "`] with keyword arguments.")]
        pub fn $args($($arg: impl IntoTensor),+) -> CompareArgs {
            CompareArgs::new($form, [$($arg.into_arg()),+])
        }
    )*};
}

functions! {
    /// Each element of `x` equals that of `y`, broadcast. TF: `tf.assert_equal`.
    ///
    /// ```
    /// use flowstone as tf;
    /// let x = tf::placeholder(tf::int32, [None]);
    /// let check = tf::assert_equal!(x, [1, 2], message = "odd");
    /// let error = tf::Session()?.run(check, tf::feed_dict! { x: [1, 3] }).unwrap_err().to_string();
    /// assert!(error.contains("assertion failed: [odd] [Condition x == y did not hold element-wise:]"));
    /// # Ok::<(), tf::Error>(())
    /// ```
    assert_equal assert_equal_args (x, y) Form::Binary(&EQUAL);
    /// No element of `x` equals that of `y`, broadcast. TF: `tf.assert_none_equal`.
    assert_none_equal assert_none_equal_args (x, y) Form::Binary(&NONE_EQUAL);
    /// Each element of `x` is less than that of `y`, broadcast. TF: `tf.assert_less`.
    assert_less assert_less_args (x, y) Form::Binary(&LESS);
    /// Each element of `x` is at most that of `y`, broadcast. TF: `tf.assert_less_equal`.
    assert_less_equal assert_less_equal_args (x, y) Form::Binary(&LESS_EQUAL);
    /// Each element of `x` is greater than that of `y`, broadcast. TF: `tf.assert_greater`.
    assert_greater assert_greater_args (x, y) Form::Binary(&GREATER);
    /// Each element of `x` is at least that of `y`, broadcast. TF: `tf.assert_greater_equal`.
    assert_greater_equal assert_greater_equal_args (x, y) Form::Binary(&GREATER_EQUAL);
    /// Each element of `x` is greater than 0. TF: `tf.assert_positive`.
    assert_positive assert_positive_args (x)
        Form::Unary { name: "assert_positive", says: "> 0", zero_first: true, comparison: &LESS };
    /// Each element of `x` is less than 0. TF: `tf.assert_negative`.
    assert_negative assert_negative_args (x)
        Form::Unary { name: "assert_negative", says: "< 0", zero_first: false, comparison: &LESS };
    /// Each element of `x` is 0 or greater. TF: `tf.assert_non_negative`.
    assert_non_negative assert_non_negative_args (x)
        Form::Unary { name: "assert_non_negative", says: ">= 0", zero_first: true, comparison: &LESS_EQUAL };
    /// Each element of `x` is 0 or less. TF: `tf.assert_non_positive`.
    assert_non_positive assert_non_positive_args (x)
        Form::Unary { name: "assert_non_positive", says: "<= 0", zero_first: false, comparison: &LESS_EQUAL };
    /// Each element of `x` differs from that of `y` by less than `atol + rtol * |y|`. TF: `tf.assert_near`.
    ///
    /// More keyword arguments: `rtol` and `atol`, ten times the smallest step above 1 if not said.
    assert_near assert_near_args (x, y) Form::Near;
}

impl CompareArgs {
    fn new<const N: usize>(form: Form, args: [Arg; N]) -> Self {
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or_else(|| 0.into_arg());
        let (x, y) = (next(), next());
        CompareArgs { form, x, y, data: None, summarize: 3, message: None, rtol: None, atol: None }
    }

    /// What is said in front.
    pub fn message(mut self, message: &str) -> Self {
        self.message = Some(message.to_owned());
        self
    }

    /// What is said in place of both tensors.
    pub fn data<T: IntoTensor>(mut self, data: impl IntoIterator<Item = T>) -> Self {
        self.data = Some(data.into_iter().map(IntoTensor::into_arg).collect());
        self
    }

    /// How many elements of each tensor are said; 3 if not said, all if negative.
    pub fn summarize(mut self, summarize: i64) -> Self {
        self.summarize = summarize;
        self
    }

    /// By which part of `y` they may differ.
    pub fn rtol(mut self, rtol: impl IntoTensor) -> Self {
        self.rtol = Some(rtol.into_arg());
        self
    }

    /// By how much they may differ besides.
    pub fn atol(mut self, atol: impl IntoTensor) -> Self {
        self.atol = Some(atol.into_arg());
        self
    }

    /// Builds the operations.
    #[track_caller]
    pub fn build(self) -> Operation {
        match self.form {
            Form::Binary(comparison) => self.binary(comparison),
            Form::Unary { name, says, zero_first, comparison } => self.unary(name, says, zero_first, comparison),
            Form::Near => self.near(),
        }
    }

    #[track_caller]
    fn binary(self, comparison: &'static Comparison) -> Operation {
        let args = [self.x, self.y];
        let graph = graph_of(&args);
        if comparison.name == EQUAL.name {
            // TensorFlow opens the scope once to see whether both are the same tensor.
            let _scope = graph.scope(EQUAL.name);
            if args[0].tensor().is_some_and(|x| args[1].tensor() == Some(x)) {
                return no_op_after(&graph, &[], "NoOp");
            }
        }
        let _scope = graph.scope(comparison.name);
        let [x, y] = args;
        let (x, y) = (convert(x, "x", None), convert(y, "y", None));
        let mut data = self.data.unwrap_or_else(|| {
            let says = format!("Condition x {} y did not hold element-wise:", comparison.sign);
            vec![says.into_arg(), named("x", x).into_arg(), x.into_arg(), named("y", y).into_arg(), y.into_arg()]
        });
        if let Some(message) = self.message {
            data.insert(0, message.into_arg());
        }
        let condition = math::reduce_all((comparison.build)(x, y));
        if comparison.fails(x, y) {
            let says = format!("x {} y does not hold for {} and {}", comparison.sign, x.name(), y.name());
            record(&graph, Error::invalid_argument(says));
        }
        assert_args(condition, data).summarize(self.summarize).build()
    }

    #[track_caller]
    fn unary(self, name: &str, says: &str, zero_first: bool, comparison: &'static Comparison) -> Operation {
        let args = [self.x];
        let graph = graph_of(&args);
        let _scope = graph.scope(name);
        let [x] = args;
        let x = convert(x, "x", None);
        let data = self.data.unwrap_or_else(|| {
            let message = prefix(self.message.as_deref()).into_arg();
            let says = format!("Condition x {says} did not hold element-wise:");
            // TensorFlow forgot a comma.
            if name == "assert_non_positive" {
                return vec![message, format!("{says}{}", named("x", x)).into_arg(), x.into_arg()];
            }
            vec![message, says.into_arg(), named("x", x).into_arg(), x.into_arg()]
        });
        let zero = convert(0.into_arg(), "Const", x.dtype().ok());
        let (first, second) = if zero_first { (zero, x) } else { (x, zero) };
        let form = Form::Binary(comparison);
        CompareArgs::new(form, [first, second].map(IntoTensor::into_arg)).data(data).summarize(self.summarize).build()
    }

    #[track_caller]
    fn near(self) -> Operation {
        let args = [self.x, self.y];
        let graph = graph_of(&args);
        let _scope = graph.scope("assert_near");
        let [x, y] = args;
        let x = convert(x, "x", None);
        let dtype = x.dtype().ok();
        let y = convert(y, "y", dtype);
        let step = match dtype {
            Some(DType::Float32) => f64::from(f32::EPSILON),
            Some(DType::Float64) => f64::EPSILON,
            _ => {
                record(&graph, Error::invalid_argument("assert_near takes float32 or float64"));
                return no_op_after(&graph, &[], "NoOp");
            }
        };
        let tolerance =
            |said: Option<Arg>, name| convert(said.unwrap_or_else(|| (10.0 * step).into_arg()), name, dtype);
        let (rtol, atol) = (tolerance(self.rtol, "rtol"), tolerance(self.atol, "atol"));
        let data = self.data.unwrap_or_else(|| {
            let says = format!("x and y not equal to tolerance rtol = {}, atol = {}", rtol.name(), atol.name());
            let message = prefix(self.message.as_deref());
            let said = [message, says, named("x", x), named("y", y)].map(IntoTensor::into_arg);
            let [message, says, x_is, y_is] = said;
            vec![message, says, x_is, x.into_arg(), y_is, y.into_arg()]
        });
        let most = atol + rtol * math::abs(y);
        let condition = math::reduce_all(math::less(math::abs(x - y), most));
        assert_args(condition, data).summarize(self.summarize).build()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graph::Graph;
    use crate::ops::array::constant;
    use crate::session::{Feeds, SessionArgs};

    type Check = (fn(Tensor, Tensor) -> Operation, [bool; 3]);

    #[test]
    fn comparisons_hold_or_fail() {
        // Whether they hold for (1, 2), (2, 2) and (3, 2); unary ones are asked about x - y.
        let checks: &[Check] = &[
            (|x, y| assert_equal(x, y), [false, true, false]),
            (|x, y| assert_none_equal(x, y), [true, false, true]),
            (|x, y| assert_less(x, y), [true, false, false]),
            (|x, y| assert_less_equal(x, y), [true, true, false]),
            (|x, y| assert_greater(x, y), [false, false, true]),
            (|x, y| assert_greater_equal(x, y), [false, true, true]),
            (|x, y| assert_positive(x - y), [false, false, true]),
            (|x, y| assert_negative(x - y), [true, false, false]),
            (|x, y| assert_non_negative(x - y), [false, true, true]),
            (|x, y| assert_non_positive(x - y), [true, true, false]),
            (|x, y| assert_near(x, y), [false, true, false]),
            (|x, y| assert_near_args(x, y).atol(1.5).build(), [true, true, true]),
        ];
        for (i, (check, holds)) in checks.iter().enumerate() {
            for (x, holds) in [1.0f32, 2.0, 3.0].into_iter().zip(holds) {
                let graph = Graph::new();
                let _default = graph.as_default();
                let check = check(constant([x, x]), constant(2.0f32));
                graph.check().unwrap();
                let session = SessionArgs::new().graph(&graph).build().unwrap();
                assert_eq!(session.run(check, Feeds::new()).is_ok(), *holds, "check {i} of {x}");
            }
        }
        // One element is enough to fail.
        let check = assert_less([1, 5, 1], 3);
        assert!(SessionArgs::new().build().unwrap().run(check, Feeds::new()).is_err());
    }
}
