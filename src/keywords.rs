//! Keyword arguments: `tf::reduce_sum!(x, axis = 1, keepdims = true)` reads as Python's call does.
//!
//! Each macro stands beside the function of its name and calls the builder `…_args` with the positional arguments, then
//! one of its methods for each keyword.

/// Splits `a, b, k = v, l = w` into positional arguments and keywords: `builder(a, b).k(v).l(w).build()`.
#[macro_export]
#[doc(hidden)]
macro_rules! __call {
    (@ [$($builder:tt)*] [$($positional:expr),*] [$($key:ident $value:expr),*]) => {
        $($builder)*($($positional),*)$(.$key($value))*.build()
    };
    (@ [$($builder:tt)*] [$($positional:expr),*] [$($key:ident $value:expr),*] $k:ident = $v:expr $(, $($rest:tt)*)?) => {
        $crate::__call!(@ [$($builder)*] [$($positional),*] [$($key $value,)* $k $v] $($($rest)*)?)
    };
    (@ [$($builder:tt)*] [$($positional:expr),*] [] $p:expr $(, $($rest:tt)*)?) => {
        $crate::__call!(@ [$($builder)*] [$($positional,)* $p] [] $($($rest)*)?)
    };
}

macro_rules! keyword_macros {
    ($dollar:tt $($(#[$doc:meta])* $name:ident = $($builder:ident)::+;)*) => {$(
        $(#[$doc])*
        #[macro_export]
        macro_rules! $name {
            ($dollar($dollar args:tt)*) => {
                $crate::__call!(@ [$crate::$($builder)::+] [] [] $dollar($dollar args)*)
            };
        }
    )*};
}

keyword_macros! { $
    /// [`reduce_sum`](fn@crate::reduce_sum) with keyword arguments `axis` and `keepdims`.
    reduce_sum = ops::math::reduce_sum_args;
    /// [`reduce_mean`](fn@crate::reduce_mean) with keyword arguments `axis` and `keepdims`.
    reduce_mean = ops::math::reduce_mean_args;
    /// [`reduce_prod`](fn@crate::reduce_prod) with keyword arguments `axis` and `keepdims`.
    reduce_prod = ops::math::reduce_prod_args;
    /// [`reduce_max`](fn@crate::reduce_max) with keyword arguments `axis` and `keepdims`.
    reduce_max = ops::math::reduce_max_args;
    /// [`reduce_min`](fn@crate::reduce_min) with keyword arguments `axis` and `keepdims`.
    reduce_min = ops::math::reduce_min_args;
    /// [`reduce_all`](fn@crate::reduce_all) with keyword arguments `axis` and `keepdims`.
    reduce_all = ops::math::reduce_all_args;
    /// [`reduce_any`](fn@crate::reduce_any) with keyword arguments `axis` and `keepdims`.
    reduce_any = ops::math::reduce_any_args;
    /// [`reduce_logsumexp`](fn@crate::reduce_logsumexp) with keyword arguments `axis` and `keepdims`.
    reduce_logsumexp = ops::math::reduce_logsumexp_args;
    /// [`reduce_euclidean_norm`](fn@crate::math::reduce_euclidean_norm) with keyword arguments `axis` and `keepdims`.
    reduce_euclidean_norm = ops::math::reduce_euclidean_norm_args;
    /// [`reduce_variance`](fn@crate::math::reduce_variance) with keyword arguments `axis` and `keepdims`.
    reduce_variance = ops::math::reduce_variance_args;
    /// [`reduce_std`](fn@crate::math::reduce_std) with keyword arguments `axis` and `keepdims`.
    reduce_std = ops::math::reduce_std_args;
    /// [`count_nonzero`](fn@crate::count_nonzero) with keyword arguments `axis`, `keepdims` and `dtype`.
    count_nonzero = ops::math::count_nonzero_args;
    /// [`norm`](fn@crate::norm) with keyword arguments `ord`, `axis` and `keepdims`.
    norm = ops::math::norm_args;
    /// [`clip_by_norm`](fn@crate::clip_by_norm) with the keyword argument `axes`.
    clip_by_norm = ops::math::clip_by_norm_args;
    /// [`sparse_segment_sum`](fn@crate::sparse_segment_sum) with the keyword argument `num_segments`.
    sparse_segment_sum = ops::math::sparse_segment_sum_args;
    /// [`sparse_segment_mean`](fn@crate::sparse_segment_mean) with the keyword argument `num_segments`.
    sparse_segment_mean = ops::math::sparse_segment_mean_args;
    /// [`sparse_segment_sqrt_n`](fn@crate::sparse_segment_sqrt_n) with the keyword argument `num_segments`.
    sparse_segment_sqrt_n = ops::math::sparse_segment_sqrt_n_args;
    /// [`bincount`](fn@crate::bincount) with keyword arguments `weights`, `minlength`, `maxlength` and `dtype`.
    bincount = ops::math::bincount_args;
    /// [`confusion_matrix`](fn@crate::confusion_matrix) with keyword arguments `num_classes`, `weights` and `dtype`.
    confusion_matrix = ops::math::confusion_matrix_args;
    /// [`matrix_inverse`](fn@crate::matrix_inverse) with the keyword argument `adjoint`.
    matrix_inverse = ops::linalg::matrix_inverse_args;
    /// [`matrix_solve`](fn@crate::matrix_solve) with the keyword argument `adjoint`.
    matrix_solve = ops::linalg::matrix_solve_args;
    /// [`matrix_triangular_solve`](fn@crate::matrix_triangular_solve) with keyword arguments `lower` and `adjoint`.
    matrix_triangular_solve = ops::linalg::matrix_triangular_solve_args;
    /// [`qr`](fn@crate::qr) with the keyword argument `full_matrices`.
    qr = ops::linalg::qr_args;
    /// [`svd`](fn@crate::svd) with the keyword argument `full_matrices`.
    svd = ops::linalg::svd_args;
    /// [`eye`](fn@crate::eye) with keyword arguments `num_columns`, `batch_shape` and `dtype`.
    eye = ops::linalg::eye_args;
    /// [`argmax`](fn@crate::argmax) with the keyword argument `output_type`.
    argmax = ops::math::argmax_args;
    /// [`argmin`](fn@crate::argmin) with the keyword argument `output_type`.
    argmin = ops::math::argmin_args;
    /// [`stack`](fn@crate::stack) with the keyword argument `axis`.
    stack = ops::array::stack_args;
    /// [`unstack`](fn@crate::unstack) with keyword arguments `axis` and `num`.
    unstack = ops::array::unstack_args;
    /// [`squeeze`](fn@crate::squeeze) with the keyword argument `axis`.
    squeeze = ops::array::squeeze_args;
    /// [`cumsum`](fn@crate::cumsum) with keyword arguments `axis`, `exclusive` and `reverse`.
    cumsum = ops::math::cumsum_args;
    /// [`cumprod`](fn@crate::cumprod) with keyword arguments `axis`, `exclusive` and `reverse`.
    cumprod = ops::math::cumprod_args;
    /// [`gather`](fn@crate::gather) with keyword arguments `axis` and `batch_dims`.
    gather = ops::array::gather_args;
    /// [`split`](fn@crate::split) with keyword arguments `axis` and `num`.
    split = ops::array::split_args;
    /// [`one_hot`](fn@crate::one_hot) with keyword arguments `on_value`, `off_value`, `axis` and `dtype`.
    one_hot = ops::array::one_hot_args;
    /// [`boolean_mask`](fn@crate::boolean_mask) with the keyword argument `axis`.
    boolean_mask = ops::array::boolean_mask_args;
    /// [`sequence_mask`](fn@crate::sequence_mask) with keyword arguments `maxlen` and `dtype`.
    sequence_mask = ops::array::sequence_mask_args;
    /// [`reverse_sequence`](fn@crate::reverse_sequence) with keyword arguments `seq_axis` and `batch_axis`.
    reverse_sequence = ops::array::reverse_sequence_args;
    /// [`pad`](fn@crate::pad) with keyword arguments `mode` and `constant_values`.
    pad = ops::array::pad_args;
    /// [`matrix_diag`](fn@crate::matrix_diag) with keyword arguments `k`, `num_rows`, `num_cols`, `padding_value` and
    /// `align`.
    matrix_diag = ops::array::matrix_diag_args;
    /// [`matrix_diag_part`](fn@crate::matrix_diag_part) with keyword arguments `k`, `padding_value` and `align`.
    matrix_diag_part = ops::array::matrix_diag_part_args;
    /// [`matrix_set_diag`](fn@crate::matrix_set_diag) with keyword arguments `k` and `align`.
    matrix_set_diag = ops::array::matrix_set_diag_args;
    /// [`space_to_depth`](fn@crate::space_to_depth) with the keyword argument `data_format`.
    space_to_depth = ops::array::space_to_depth_args;
    /// [`depth_to_space`](fn@crate::depth_to_space) with the keyword argument `data_format`.
    depth_to_space = ops::array::depth_to_space_args;
    /// [`sparse_to_dense`](fn@crate::sparse_to_dense) with keyword arguments `default_value` and `validate_indices`.
    sparse_to_dense = ops::array::sparse_to_dense_args;
    /// [`scalar`](fn@crate::summary::scalar) with keyword arguments `family` and `collections`.
    summary_scalar = ops::summary::scalar_args;
    /// [`histogram`](fn@crate::summary::histogram) with keyword arguments `family` and `collections`.
    summary_histogram = ops::summary::histogram_args;
    /// [`image`](fn@crate::summary::image) with keyword arguments `max_outputs`, `family` and `collections`.
    summary_image = ops::summary::image_args;
    /// [`tensor_summary`](fn@crate::summary::tensor_summary) with keyword arguments `display_name`,
    /// `summary_description`, `family` and `collections`.
    tensor_summary = ops::summary::tensor_summary_args;
    /// [`Assert`](fn@crate::Assert) with the keyword argument `summarize`.
    Assert = ops::check::assert_args;
    /// [`Print`](fn@crate::Print) with keyword arguments `message`, `first_n` and `summarize`.
    Print = ops::check::print_args;
    /// [`assert_equal`](fn@crate::assert_equal) with keyword arguments `message`, `data` and `summarize`.
    assert_equal = ops::check::assert_equal_args;
    /// [`assert_none_equal`](fn@crate::assert_none_equal) with keyword arguments `message`, `data` and `summarize`.
    assert_none_equal = ops::check::assert_none_equal_args;
    /// [`assert_less`](fn@crate::assert_less) with keyword arguments `message`, `data` and `summarize`.
    assert_less = ops::check::assert_less_args;
    /// [`assert_less_equal`](fn@crate::assert_less_equal) with keyword arguments `message`, `data` and `summarize`.
    assert_less_equal = ops::check::assert_less_equal_args;
    /// [`assert_greater`](fn@crate::assert_greater) with keyword arguments `message`, `data` and `summarize`.
    assert_greater = ops::check::assert_greater_args;
    /// [`assert_greater_equal`](fn@crate::assert_greater_equal) with keyword arguments `message`, `data` and `summarize`.
    assert_greater_equal = ops::check::assert_greater_equal_args;
    /// [`assert_positive`](fn@crate::assert_positive) with keyword arguments `message`, `data` and `summarize`.
    assert_positive = ops::check::assert_positive_args;
    /// [`assert_negative`](fn@crate::assert_negative) with keyword arguments `message`, `data` and `summarize`.
    assert_negative = ops::check::assert_negative_args;
    /// [`assert_non_negative`](fn@crate::assert_non_negative) with keyword arguments `message`, `data` and `summarize`.
    assert_non_negative = ops::check::assert_non_negative_args;
    /// [`assert_non_positive`](fn@crate::assert_non_positive) with keyword arguments `message`, `data` and `summarize`.
    assert_non_positive = ops::check::assert_non_positive_args;
    /// [`assert_near`](fn@crate::assert_near) with keyword arguments `rtol`, `atol`, `message`, `data` and `summarize`.
    assert_near = ops::check::assert_near_args;
    /// [`assert_rank`](fn@crate::assert_rank) with keyword arguments `message` and `summarize`.
    assert_rank = ops::check::assert_rank_args;
    /// [`assert_rank_at_least`](fn@crate::assert_rank_at_least) with keyword arguments `message` and `summarize`.
    assert_rank_at_least = ops::check::assert_rank_at_least_args;
    /// [`assert_rank_in`](fn@crate::assert_rank_in) with keyword arguments `message` and `summarize`.
    assert_rank_in = ops::check::assert_rank_in_args;
    /// [`as_string`](fn@crate::as_string) with keyword arguments `precision`, `scientific`, `shortest`, `width` and `fill`.
    as_string = ops::strings::as_string_args;
    /// [`string_to_number`](fn@crate::string_to_number) with the keyword argument `out_type`.
    string_to_number = ops::strings::string_to_number_args;
    /// [`string_join`](fn@crate::string_join) with the keyword argument `separator`.
    string_join = ops::strings::string_join_args;
    /// [`reduce_join`](fn@crate::reduce_join) with keyword arguments `axis`, `keepdims` and `separator`.
    reduce_join = ops::strings::reduce_join_args;
    /// [`string_split`](fn@crate::string_split) with keyword arguments `delimiter` and `skip_empty`.
    string_split = ops::strings::string_split_args;
    /// [`substr`](fn@crate::substr) with the keyword argument `unit`.
    substr = ops::strings::substr_args;
    /// [`encode_base64`](fn@crate::encode_base64) with the keyword argument `pad`.
    encode_base64 = ops::strings::encode_base64_args;
    /// [`decode_raw`](fn@crate::decode_raw) with the keyword argument `little_endian`.
    decode_raw = ops::strings::decode_raw_args;
    /// [`edit_distance`](fn@crate::edit_distance) with the keyword argument `normalize`.
    edit_distance = ops::array::edit_distance_args;
    /// [`transpose`](fn@crate::transpose) with the keyword argument `perm`; without it all dimensions are reversed.
    transpose = ops::array::transpose_args;
    /// [`matmul`](fn@crate::matmul) with keyword arguments `transpose_a` and `transpose_b`.
    matmul = ops::math::matmul_args;
    /// [`random_normal`](fn@crate::random_normal) with keyword arguments `mean`, `stddev`, `dtype` and `seed`.
    random_normal = ops::random::random_normal_args;
    /// [`random_uniform`](fn@crate::random_uniform) with keyword arguments `minval`, `maxval`, `dtype` and `seed`.
    random_uniform = ops::random::random_uniform_args;
    /// [`random_shuffle`](fn@crate::random_shuffle) with the keyword argument `seed`.
    random_shuffle = ops::random::random_shuffle_args;
    /// [`random_crop`](fn@crate::random_crop) with the keyword argument `seed`.
    random_crop = ops::random::random_crop_args;
    /// [`multinomial`](fn@crate::multinomial) with keyword arguments `seed` and `output_dtype`.
    multinomial = ops::random::multinomial_args;
    /// [`fixed_unigram_candidate_sampler`](fn@crate::nn::fixed_unigram_candidate_sampler) with keyword arguments
    /// `vocab_file`, `distortion`, `num_reserved_ids`, `num_shards`, `shard`, `unigrams` and `seed`.
    fixed_unigram_candidate_sampler = ops::random::fixed_unigram_candidate_sampler_args;
    /// [`truncated_normal`](fn@crate::truncated_normal) with keyword arguments `mean`, `stddev`, `dtype` and `seed`.
    truncated_normal = ops::random::truncated_normal_args;
    /// [`strided_slice`](fn@crate::strided_slice) with keyword arguments `strides` and the five masks.
    strided_slice = ops::array::strided_slice_args;
    /// [`dropout`](fn@crate::nn::dropout) with keyword arguments `keep_prob`, `rate`, `noise_shape` and `seed`.
    dropout = ops::nn::dropout_args;
    /// [`get_variable`](fn@crate::get_variable) with keyword arguments `dtype`, `initializer`, `initial_value`,
    /// `regularizer` and `trainable`.
    get_variable = variable_scope::get_variable_args;
    /// [`variable_scope`](fn@crate::variable_scope) with keyword arguments `default_name`, `reuse`, `initializer`,
    /// `regularizer` and `auxiliary_name_scope`.
    variable_scope = variable_scope::variable_scope_args;
    /// [`bias_add`](fn@crate::nn::bias_add) with the keyword argument `data_format`.
    bias_add = ops::nn::bias_add_args;
    /// [`conv2d`](fn@crate::nn::conv2d) with keyword arguments `dilations` and `data_format`.
    conv2d = ops::nn::conv2d_args;
    /// [`max_pool`](fn@crate::nn::max_pool) with the keyword argument `data_format`.
    max_pool = ops::nn::max_pool_args;
    /// [`avg_pool`](fn@crate::nn::avg_pool) with the keyword argument `data_format`.
    avg_pool = ops::nn::avg_pool_args;
    /// [`leaky_relu`](fn@crate::nn::leaky_relu) with the keyword argument `alpha`.
    leaky_relu = ops::nn::leaky_relu_args;
    /// [`depthwise_conv2d`](fn@crate::nn::depthwise_conv2d) with the keyword argument `rate`.
    depthwise_conv2d = ops::nn::depthwise_conv2d_args;
    /// [`fused_batch_norm`](fn@crate::nn::fused_batch_norm) with keyword arguments `mean`, `variance`, `epsilon`,
    /// `exponential_avg_factor`, `is_training` and `data_format`.
    fused_batch_norm = ops::nn::fused_batch_norm_args;
    /// [`Variable`](fn@crate::Variable) with keyword arguments `trainable`, `dtype` and `name`.
    Variable = ops::state::VariableArgs::new;
    /// [`Session`](fn@crate::Session) with keyword arguments `graph`, `config` and `threads`.
    Session = SessionArgs::new;
    /// [`gradients`](fn@crate::gradients) with keyword arguments `grad_ys`, `stop_gradients`, `gate_gradients` and `name`.
    gradients = autodiff::GradientsArgs::new;
}
