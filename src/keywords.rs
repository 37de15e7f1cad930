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
    /// [`import_graph_def`](fn@crate::import_graph_def) with keyword arguments `input_map`, `return_elements` and `name`.
    import_graph_def = graph_def::import_graph_def_args;
    /// [`convert_variables_to_constants`](fn@crate::graph_util::convert_variables_to_constants) with keyword arguments
    /// `variable_names_whitelist` and `variable_names_blacklist`.
    convert_variables_to_constants = graph_util::convert_variables_to_constants_args;
    /// [`remove_training_nodes`](fn@crate::graph_util::remove_training_nodes) with the keyword argument
    /// `protected_nodes`.
    remove_training_nodes = graph_util::remove_training_nodes_args;
    /// [`must_run_on_cpu`](fn@crate::graph_util::must_run_on_cpu) with the keyword argument `pin_variables_on_cpu`.
    must_run_on_cpu = graph_util::must_run_on_cpu_args;
    /// [`cond`](fn@crate::cond) with keyword arguments `strict` and `name`.
    cond = ops::flow::cond_args;
    /// [`while_loop`](fn@crate::while_loop) with keyword arguments `shape_invariants`, `parallel_iterations`, `back_prop`,
    /// `swap_memory`, `name` and `maximum_iterations`.
    while_loop = ops::flow::while_loop_args;
    /// [`TensorArray`](fn@crate::TensorArray) with keyword arguments.
    TensorArray = ops::flow::tensor_array_args;
    /// [`map_fn`](fn@crate::map_fn) with keyword arguments.
    map_fn = ops::flow::map_fn_args;
    /// [`foldl`](fn@crate::foldl) with keyword arguments.
    foldl = ops::flow::foldl_args;
    /// [`foldr`](fn@crate::foldr) with keyword arguments.
    foldr = ops::flow::foldr_args;
    /// [`scan`](fn@crate::scan) with keyword arguments.
    scan = ops::flow::scan_args;
    /// [`py_func`](fn@crate::py_func) with keyword arguments `stateful` and `name`.
    py_func = ops::py_func_args;
    /// [`case`](fn@crate::case) with keyword arguments `default`, `exclusive`, `strict` and `name`.
    case = ops::flow::case_args;
    /// [`export_meta_graph`](fn@crate::train::export_meta_graph) with keyword arguments `filename`, `as_text`, `graph`,
    /// `saver_def`, `tags` and `clear_devices`.
    export_meta_graph = train::export_meta_graph_args;
    /// [`write_graph`](fn@crate::train::write_graph) with the keyword argument `as_text`.
    write_graph = train::write_graph_args;
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
    /// [`sparse_segment_sum`](fn@crate::sparse_segment_sum) with keyword arguments `num_segments` and
    /// `sparse_gradient`.
    sparse_segment_sum = ops::math::sparse_segment_sum_args;
    /// [`sparse_segment_mean`](fn@crate::sparse_segment_mean) with keyword arguments `num_segments` and
    /// `sparse_gradient`.
    sparse_segment_mean = ops::math::sparse_segment_mean_args;
    /// [`sparse_segment_sqrt_n`](fn@crate::sparse_segment_sqrt_n) with keyword arguments `num_segments` and
    /// `sparse_gradient`.
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
    /// [`sort`](fn@crate::sort) with keyword arguments `axis` and `direction`.
    sort = ops::math::sort_args;
    /// [`argsort`](fn@crate::argsort) with keyword arguments `axis`, `direction` and `stable`.
    argsort = ops::math::argsort_args;
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
    /// [`sparse_tensor_to_dense`](fn@crate::sparse_tensor_to_dense) with keyword arguments `default_value` and
    /// `validate_indices`.
    sparse_tensor_to_dense = ops::array::sparse_tensor_to_dense_args;
    /// [`sparse_placeholder`](fn@crate::sparse_placeholder) with the keyword argument `name`.
    sparse_placeholder = ops::array::sparse_placeholder_args;
    /// [`TextFileInitializer`](fn@crate::lookup::TextFileInitializer) with keyword arguments `vocab_size`, `delimiter` and
    /// `value_index_offset`.
    TextFileInitializer = ops::lookup::text_file_initializer_args;
    /// [`index_table_from_file`](fn@crate::lookup::index_table_from_file) with keyword arguments.
    index_table_from_file = ops::lookup::index_table_from_file_args;
    /// [`index_table_from_tensor`](fn@crate::lookup::index_table_from_tensor) with keyword arguments.
    index_table_from_tensor = ops::lookup::index_table_from_tensor_args;
    /// [`index_to_string_table_from_file`](fn@crate::lookup::index_to_string_table_from_file) with keyword arguments.
    index_to_string_table_from_file = ops::lookup::index_to_string_table_from_file_args;
    /// [`index_to_string_table_from_tensor`](fn@crate::lookup::index_to_string_table_from_tensor) with keyword arguments.
    index_to_string_table_from_tensor = ops::lookup::index_to_string_table_from_tensor_args;
    /// [`pad_sequences`](fn@crate::keras::preprocessing::sequence::pad_sequences) with keyword arguments `maxlen`, `padding`,
    /// `truncating` and `value`.
    pad_sequences = keras::preprocessing::sequence::pad_sequences_args;
    /// [`Tokenizer`](fn@crate::keras::preprocessing::text::Tokenizer) with keyword arguments `num_words`, `filters`, `lower`,
    /// `split`, `char_level` and `oov_token`.
    Tokenizer = keras::preprocessing::text::TokenizerArgs::new;
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
    /// [`decode_csv`](fn@crate::decode_csv) with keyword arguments `field_delim`, `use_quote_delim`, `na_value` and
    /// `select_cols`.
    decode_csv = ops::parse::decode_csv_args;
    /// [`parse_example`](fn@crate::parse_example) with keyword arguments `name` and `example_names`.
    parse_example = ops::parse::parse_example_args;
    /// [`parse_single_example`](fn@crate::parse_single_example) with keyword arguments `name` and `example_names`.
    parse_single_example = ops::parse::parse_single_example_args;
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
    /// [`embedding_lookup`](fn@crate::nn::embedding_lookup) with keyword arguments `partition_strategy` and `max_norm`.
    embedding_lookup = ops::nn::embedding_lookup_args;
    /// [`bias_add`](fn@crate::nn::bias_add) with the keyword argument `data_format`.
    bias_add = ops::nn::bias_add_args;
    /// [`conv2d`](fn@crate::nn::conv2d) with keyword arguments `dilations` and `data_format`.
    conv2d = ops::nn::conv2d_args;
    /// [`conv1d`](fn@crate::nn::conv1d) with keyword arguments `dilations` and `data_format`.
    conv1d = ops::nn::conv1d_args;
    /// [`conv2d_transpose`](fn@crate::nn::conv2d_transpose) with keyword arguments `data_format` and `dilations`.
    conv2d_transpose = ops::nn::conv2d_transpose_args;
    /// [`max_pool_with_argmax`](fn@crate::nn::max_pool_with_argmax) with keyword arguments `targmax` and
    /// `include_batch_in_index`.
    max_pool_with_argmax = ops::nn::max_pool_with_argmax_args;
    /// [`convolution`](fn@crate::nn::convolution) with keyword arguments `strides`, `dilation_rate` and `data_format`.
    convolution = ops::nn::convolution_args;
    /// [`pool`](fn@crate::nn::pool) with keyword arguments `strides` and `data_format`.
    pool = ops::nn::pool_args;
    /// [`softmax`](fn@crate::nn::softmax) with the keyword argument `axis`.
    softmax = ops::nn::softmax_args;
    /// [`log_softmax`](fn@crate::nn::log_softmax) with the keyword argument `axis`.
    log_softmax = ops::nn::log_softmax_args;
    /// [`max_pool`](fn@crate::nn::max_pool) with the keyword argument `data_format`.
    max_pool = ops::nn::max_pool_args;
    /// [`avg_pool`](fn@crate::nn::avg_pool) with the keyword argument `data_format`.
    avg_pool = ops::nn::avg_pool_args;
    /// [`leaky_relu`](fn@crate::nn::leaky_relu) with the keyword argument `alpha`.
    leaky_relu = ops::nn::leaky_relu_args;
    /// [`depthwise_conv2d`](fn@crate::nn::depthwise_conv2d) with keyword arguments `rate` and
    /// `data_format`.
    depthwise_conv2d = ops::nn::depthwise_conv2d_args;
    /// [`lrn`](fn@crate::nn::lrn) with keyword arguments `depth_radius`, `bias`, `alpha` and `beta`.
    lrn = ops::nn::lrn_args;
    /// [`top_k`](fn@crate::nn::top_k) with the keyword argument `sorted`.
    top_k = ops::nn::top_k_args;
    /// [`moments`](fn@crate::nn::moments) with the keyword argument `keepdims`.
    moments = ops::nn::moments_args;
    /// [`weighted_moments`](fn@crate::nn::weighted_moments) with the keyword argument `keepdims`.
    weighted_moments = ops::nn::weighted_moments_args;
    /// [`l2_normalize`](fn@crate::nn::l2_normalize) with the keyword argument `epsilon`.
    l2_normalize = ops::nn::l2_normalize_args;
    /// [`log_poisson_loss`](fn@crate::nn::log_poisson_loss) with the keyword argument `compute_full_loss`.
    log_poisson_loss = ops::nn::log_poisson_loss_args;
    /// [`fused_batch_norm`](fn@crate::nn::fused_batch_norm) with keyword arguments `mean`, `variance`, `epsilon`,
    /// `exponential_avg_factor`, `is_training` and `data_format`.
    fused_batch_norm = ops::nn::fused_batch_norm_args;
    /// [`compute_weighted_loss`](fn@crate::losses::compute_weighted_loss) with keyword arguments `weights`, `reduction` and
    /// `loss_collection`.
    compute_weighted_loss = losses::compute_weighted_loss_args;
    /// [`absolute_difference`](fn@crate::losses::absolute_difference) with keyword arguments.
    absolute_difference = losses::absolute_difference_args;
    /// [`hinge_loss`](fn@crate::losses::hinge_loss) with keyword arguments.
    hinge_loss = losses::hinge_loss_args;
    /// [`huber_loss`](fn@crate::losses::huber_loss) with keyword arguments.
    huber_loss = losses::huber_loss_args;
    /// [`log_loss`](fn@crate::losses::log_loss) with keyword arguments.
    log_loss = losses::log_loss_args;
    /// [`mean_pairwise_squared_error`](fn@crate::losses::mean_pairwise_squared_error) with keyword arguments.
    mean_pairwise_squared_error = losses::mean_pairwise_squared_error_args;
    /// [`mean_squared_error`](fn@crate::losses::mean_squared_error) with keyword arguments.
    mean_squared_error = losses::mean_squared_error_args;
    /// [`sigmoid_cross_entropy`](fn@crate::losses::sigmoid_cross_entropy) with keyword arguments.
    sigmoid_cross_entropy = losses::sigmoid_cross_entropy_args;
    /// [`softmax_cross_entropy`](fn@crate::losses::softmax_cross_entropy) with keyword arguments.
    softmax_cross_entropy = losses::softmax_cross_entropy_args;
    /// [`sparse_softmax_cross_entropy`](fn@crate::losses::sparse_softmax_cross_entropy) with keyword arguments.
    sparse_softmax_cross_entropy = losses::sparse_softmax_cross_entropy_args;
    /// [`cosine_distance`](fn@crate::losses::cosine_distance) with keyword arguments.
    cosine_distance = losses::cosine_distance_args;
    /// [`resize_images`](fn@crate::image::resize_images) with keyword arguments: `method`, `align_corners` and `preserve_aspect_ratio`.
    resize_images = ops::image::resize_images_args;
    /// [`resize_bilinear`](fn@crate::image::resize_bilinear) with keyword arguments: `align_corners` and `half_pixel_centers`.
    resize_bilinear = ops::image::resize_bilinear_args;
    /// [`resize_nearest_neighbor`](fn@crate::image::resize_nearest_neighbor) with keyword arguments: `align_corners` and `half_pixel_centers`.
    resize_nearest_neighbor = ops::image::resize_nearest_neighbor_args;
    /// [`resize_bicubic`](fn@crate::image::resize_bicubic) with keyword arguments: `align_corners` and `half_pixel_centers`.
    resize_bicubic = ops::image::resize_bicubic_args;
    /// [`resize_area`](fn@crate::image::resize_area) with keyword arguments: `align_corners`.
    resize_area = ops::image::resize_area_args;
    /// [`convert_image_dtype`](fn@crate::image::convert_image_dtype) with keyword arguments: `saturate`.
    convert_image_dtype = ops::image::convert_image_dtype_args;
    /// [`resize`](fn@crate::image::resize) with keyword arguments: `method`, `align_corners` and `preserve_aspect_ratio`.
    resize = ops::image::resize_images_args;
    /// [`decode_jpeg`](fn@crate::image::decode_jpeg) with keyword arguments: `channels`, `ratio`, `fancy_upscaling`,
    /// `try_recover_truncated`, `acceptable_fraction` and `dct_method`.
    decode_jpeg = ops::image::decode_jpeg_args;
    /// [`decode_and_crop_jpeg`](fn@crate::image::decode_and_crop_jpeg) with the keyword arguments of `decode_jpeg`.
    decode_and_crop_jpeg = ops::image::decode_and_crop_jpeg_args;
    /// [`decode_png`](fn@crate::image::decode_png) with keyword arguments: `channels` and `dtype`.
    decode_png = ops::image::decode_png_args;
    /// [`decode_bmp`](fn@crate::image::decode_bmp) with keyword arguments: `channels`.
    decode_bmp = ops::image::decode_bmp_args;
    /// [`decode_image`](fn@crate::image::decode_image) with keyword arguments: `channels`, `dtype` and `expand_animations`.
    decode_image = ops::image::decode_image_args;
    /// [`extract_jpeg_shape`](fn@crate::image::extract_jpeg_shape) with keyword arguments: `output_type`.
    extract_jpeg_shape = ops::image::extract_jpeg_shape_args;
    /// [`encode_jpeg`](fn@crate::image::encode_jpeg) with keyword arguments: `format`, `quality`, `progressive`,
    /// `optimize_size`, `chroma_downsampling`, `density_unit`, `x_density`, `y_density` and `xmp_metadata`.
    encode_jpeg = ops::image::encode_jpeg_args;
    /// [`encode_png`](fn@crate::image::encode_png) with keyword arguments: `compression`.
    encode_png = ops::image::encode_png_args;
    /// [`draw_bounding_boxes`](fn@crate::image::draw_bounding_boxes) with keyword arguments: `colors`.
    draw_bounding_boxes = ops::image::draw_bounding_boxes_args;
    /// [`sample_distorted_bounding_box`](fn@crate::image::sample_distorted_bounding_box) with keyword arguments: `seed`,
    /// `seed2`, `min_object_covered`, `aspect_ratio_range`, `area_range`, `max_attempts` and
    /// `use_image_if_no_bounding_boxes`.
    sample_distorted_bounding_box = ops::image::sample_distorted_bounding_box_args;
    /// [`rot90`](fn@crate::image::rot90) with keyword arguments: `k`.
    rot90 = ops::image::rot90_args;
    /// [`random_flip_left_right`](fn@crate::image::random_flip_left_right) with keyword arguments: `seed`.
    random_flip_left_right = ops::image::random_flip_left_right_args;
    /// [`random_flip_up_down`](fn@crate::image::random_flip_up_down) with keyword arguments: `seed`.
    random_flip_up_down = ops::image::random_flip_up_down_args;
    /// [`random_brightness`](fn@crate::image::random_brightness) with keyword arguments: `seed`.
    random_brightness = ops::image::random_brightness_args;
    /// [`random_contrast`](fn@crate::image::random_contrast) with keyword arguments: `seed`.
    random_contrast = ops::image::random_contrast_args;
    /// [`random_hue`](fn@crate::image::random_hue) with keyword arguments: `seed`.
    random_hue = ops::image::random_hue_args;
    /// [`random_saturation`](fn@crate::image::random_saturation) with keyword arguments: `seed`.
    random_saturation = ops::image::random_saturation_args;
    /// [`Variable`](fn@crate::Variable) with keyword arguments `trainable`, `dtype` and `name`.
    Variable = ops::state::VariableArgs::new;
    /// [`convert_to_tensor`](fn@crate::convert_to_tensor) with the keyword argument `dtype`.
    convert_to_tensor = ops::array::convert_to_tensor_args;
    /// [`InteractiveSession`](fn@crate::InteractiveSession) with keyword arguments `graph`, `config` and `threads`.
    InteractiveSession = session::interactive_args;
    /// [`get_collection`](fn@crate::get_collection) with the keyword argument `scope`.
    get_collection = graph::get_collection_args;
    /// [`Session`](fn@crate::Session) with keyword arguments `graph`, `config` and `threads`.
    Session = SessionArgs::new;
    /// [`gradients`](fn@crate::gradients) with keyword arguments `grad_ys`, `stop_gradients`, `gate_gradients` and `name`.
    gradients = autodiff::GradientsArgs::new;
    /// [`FileWriter`](fn@crate::train::FileWriter) with keyword arguments `graph`, `graph_def`, `max_queue`, `flush_secs` and
    /// `filename_suffix`.
    FileWriter = train::FileWriterArgs::new;
    /// [`MonitoredTrainingSession`](fn@crate::train::MonitoredTrainingSession) with keyword arguments `checkpoint_dir`,
    /// `summary_dir`, `scaffold`, `hooks`, `chief_only_hooks`, `save_checkpoint_secs`, `save_checkpoint_steps`,
    /// `save_summaries_secs`, `save_summaries_steps`, `log_step_count_steps`, `save_graph_def` and `config`.
    MonitoredTrainingSession = train::MonitoredTrainingSessionArgs::new;
    /// [`Scaffold`](fn@crate::train::Scaffold) with keyword arguments `init_op`, `init_feed_dict`, `init_fn`, `ready_op`,
    /// `ready_for_local_init_op`, `local_init_op`, `local_init_feed_dict`, `summary_op`, `saver` and `copy_from_scaffold`.
    Scaffold = train::ScaffoldArgs::new;
    /// [`Supervisor`](fn@crate::train::Supervisor) with keyword arguments `graph`, `logdir`, `init_op`, `init_feed_dict`,
    /// `init_fn`, `local_init_op`, `ready_op`, `summary_op`, `saver`, `global_step`, `save_summaries_secs`,
    /// `save_model_secs` and `checkpoint_basename`.
    Supervisor = train::SupervisorArgs::new;
    /// [`StopAtStepHook`](crate::train::StopAtStepHook) with keyword arguments `num_steps` and `last_step`.
    StopAtStepHook = train::StopAtStepHook::new;
    /// [`LoggingTensorHook`](crate::train::LoggingTensorHook) with keyword arguments `every_n_iter`, `every_n_secs`, `at_end`
    /// and `formatter`.
    LoggingTensorHook = train::LoggingTensorHook::new;
    /// [`NanTensorHook`](crate::train::NanTensorHook) with the keyword argument `fail_on_nan_loss`.
    NanTensorHook = train::NanTensorHook::new;
    /// [`StepCounterHook`](crate::train::StepCounterHook) with keyword arguments `every_n_steps`, `every_n_secs` and
    /// `output_dir`.
    StepCounterHook = train::StepCounterHook::new;
    /// [`SummarySaverHook`](crate::train::SummarySaverHook) with keyword arguments `save_steps`, `save_secs`, `output_dir`,
    /// `scaffold` and `summary_op`.
    SummarySaverHook = train::SummarySaverHook::new;
    /// [`CheckpointSaverHook`](crate::train::CheckpointSaverHook) with keyword arguments `save_steps`, `save_secs`, `saver`,
    /// `scaffold`, `checkpoint_basename` and `save_graph_def`.
    CheckpointSaverHook = train::CheckpointSaverHook::new;
    /// [`Saver`](fn@crate::train::Saver) with keyword arguments `var_list`, `max_to_keep`,
    /// `keep_checkpoint_every_n_hours`, `name`, `filename`, `allow_empty`, `pad_step_number`, `save_relative_paths` and
    /// `sharded`.
    Saver = train::SaverArgs::new;
    /// [`import_meta_graph`](fn@crate::train::import_meta_graph) with keyword arguments `clear_devices` and `import_scope`.
    import_meta_graph = train::import_meta_graph_args;
    /// [`update_checkpoint_state`](fn@crate::train::update_checkpoint_state) with keyword arguments
    /// `all_model_checkpoint_paths`, `latest_filename` and `save_relative_paths`.
    update_checkpoint_state = train::update_checkpoint_state_args;
    /// [`exponential_decay`](fn@crate::train::exponential_decay) with the keyword argument `staircase`.
    exponential_decay = train::exponential_decay_args;
    /// [`natural_exp_decay`](fn@crate::train::natural_exp_decay) with the keyword argument `staircase`.
    natural_exp_decay = train::natural_exp_decay_args;
    /// [`inverse_time_decay`](fn@crate::train::inverse_time_decay) with the keyword argument `staircase`.
    inverse_time_decay = train::inverse_time_decay_args;
    /// [`polynomial_decay`](fn@crate::train::polynomial_decay) with keyword arguments `end_learning_rate`, `power` and
    /// `cycle`.
    polynomial_decay = train::polynomial_decay_args;
    /// [`cosine_decay`](fn@crate::train::cosine_decay) with the keyword argument `alpha`.
    cosine_decay = train::cosine_decay_args;
    /// [`cosine_decay_restarts`](fn@crate::train::cosine_decay_restarts) with keyword arguments `t_mul`, `m_mul` and
    /// `alpha`.
    cosine_decay_restarts = train::cosine_decay_restarts_args;
}

/// [`Bernoulli`](fn@crate::distributions::Bernoulli) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Bernoulli {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::distributions::Bernoulli_args()$(.$key($value))*.build()
    };
}

/// [`Categorical`](fn@crate::distributions::Categorical) with keyword arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __Categorical {
    ($($key:ident = $value:expr),* $(,)?) => {
        $crate::distributions::Categorical_args()$(.$key($value))*.build()
    };
}
