"""Trains small recurrent Keras models in TensorFlow, in graphs as TensorFlow 1 does, and records their numbers.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0 && pip install h5py
    python tests/golden/make_keras_rnn.py

Writes keras_rnn.txt beside itself, in the format of keras.txt: see make_keras.py.
"""
import os
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow.compat.v1 as tf
from tf_keras.src.saving.legacy.hdf5_format import preprocess_weights_for_loading
tf.disable_v2_behavior()
keras = tf.keras
L = keras.layers

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = []

def pattern(shape, step):
    n = int(np.prod(shape))
    return ((np.arange(n) * step % 17 - 8) / 10.0).reshape(shape).astype(np.float32)

def line(name, key, values):
    LINES.append("%s %s %s" % (name, key, " ".join("%.9g" % v for v in np.ravel(values))))

def case(name, layers, y, x=(10, 5, 3), loss="mse", metrics=(), optimizer=None):
    keras.backend.clear_session()
    model = keras.Sequential(layers)
    x = x if isinstance(x, np.ndarray) else pattern(x, 5)
    model.build(x.shape)
    model.set_weights([pattern(w.shape, 3 + i) for i, w in enumerate(model.get_weights())])
    model.compile(loss=loss, optimizer=optimizer or keras.optimizers.SGD(0.1), metrics=list(metrics))
    history = model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    history["evaluate"] = model.evaluate(x, y, batch_size=3, verbose=0)
    history["predict"] = model.predict(x[:1])
    for key, values in history.items():
        line(name, key, values)

one_hot = np.eye(3, dtype=np.float32)[np.arange(10) % 3]
numbers = pattern((10, 2), 7)
series = pattern((10, 5, 2), 7)
words = (np.arange(50) * 7 % 6).reshape(10, 5).astype(np.float32)
holes = pattern((10, 5, 3), 5)
holes[::2, 3:] = 0
holes[1::3, 0] = 0
l2, l1 = keras.regularizers.l2, keras.regularizers.l1

case("simple_rnn", [L.SimpleRNN(4), L.Dense(2)], numbers)
case("simple_rnn_relu", [L.SimpleRNN(4, activation="relu", return_sequences=True, go_backwards=True), L.Dense(2)], series)
case("lstm", [L.LSTM(4), L.Dense(3, activation="softmax")], one_hot, loss="categorical_crossentropy", metrics=["categorical_accuracy"])
case("lstm_sigmoid", [L.LSTM(4, recurrent_activation="sigmoid", unit_forget_bias=False), L.Dense(2)], numbers)
case("lstm_stacked", [L.LSTM(4, return_sequences=True), L.LSTM(3, go_backwards=True, use_bias=False), L.Dense(2)], numbers)
case("lstm_unroll", [L.LSTM(4, unroll=True, return_sequences=True), L.Dense(2)], series, optimizer=keras.optimizers.Adam(0.01))
case("gru", [L.GRU(4), L.Dense(2)], numbers)
case("gru_reset_after", [L.GRU(4, reset_after=True, return_sequences=True), L.GRU(3, reset_after=True, use_bias=False), L.Dense(2)], numbers)
case("gru_no_bias", [L.GRU(4, use_bias=False, activation="relu"), L.Dense(2)], numbers)
for mode in ["concat", "sum", "mul", "ave"]:
    case("bidirectional_" + mode, [L.Bidirectional(L.GRU(3), merge_mode=mode), L.Dense(2)], numbers)
case("bidirectional_series", [L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Dense(2)], series)
case("time_distributed", [L.TimeDistributed(L.Dense(4, activation="tanh")), L.SimpleRNN(3), L.Dense(2)], numbers)
case("time_distributed_images", [L.TimeDistributed(L.Conv2D(2, 2)), L.TimeDistributed(L.Flatten()), L.GRU(3), L.Dense(2)], numbers, x=(10, 3, 4, 3, 2))
case("regularized_rnn", [L.LSTM(3, kernel_regularizer=l2(0.01), recurrent_regularizer=l1(0.02), bias_regularizer=l2(0.03)), L.Dense(2)], numbers)
case("masked_words", [L.Embedding(6, 3, mask_zero=True, input_length=5), L.LSTM(4), L.Dense(2)], numbers, x=words)
case("masked_unroll", [L.Embedding(6, 3, mask_zero=True, input_length=5), L.GRU(4, unroll=True), L.Dense(2)], numbers, x=words)
case("masked_backwards", [L.Masking(), L.SimpleRNN(4, go_backwards=True), L.Dense(2)], numbers, x=holes)
case("masked_bidirectional", [L.Masking(), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.GRU(3), L.Dense(2)], numbers, x=holes)
case("masked_series", [L.Masking(), L.GRU(3, return_sequences=True), L.TimeDistributed(L.Dense(2))], series, x=holes)
case("masked_dropout", [L.Masking(), L.Dropout(0.0), L.Activation("tanh"), L.LSTM(3), L.Dense(2)], numbers, x=holes)

# What cuDNN keeps, by the layers that Keras converts it to.
for name, layer, bias in [("cudnn_lstm", lambda: L.LSTM(4, recurrent_activation="sigmoid"), 32),
                          ("cudnn_gru", lambda: L.GRU(4, recurrent_activation="sigmoid", reset_after=True), 24)]:
    keras.backend.clear_session()
    model = keras.Sequential([layer()])
    model.build((10, 5, 3))
    columns = bias // 2
    kept = [pattern((3, columns), 3), pattern((4, columns), 4), pattern((bias,), 5)]
    model.set_weights(preprocess_weights_for_loading(model.layers[0], kept))
    line(name, "predict", model.predict(pattern((10, 5, 3), 5)))

with open(os.path.join(HERE, "keras_rnn.txt"), "w") as file:
    file.write("\n".join(LINES) + "\n")
print(len(LINES), "lines")
