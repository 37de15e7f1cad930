"""Writes models with Keras into HDF5 files, and what they predict and how their training goes on; reads ours.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0 && pip install h5py
    python tests/golden/make_keras_files.py             # in graphs, as TensorFlow 1 does: keras/sequences.h5.gz, keras/images.h5.gz
    python tests/golden/make_keras_files.py eager       # as TensorFlow 2 does: keras/eager.h5.gz
    python tests/golden/make_keras_files.py read DIR    # reads what the test `keras` wrote into DIR, and compares

Beside each file stands `NAME.txt`: a line of what the first examples are taken for, and a line of the losses of two more steps.
"""
import gzip, os, shutil, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
mode = sys.argv[1] if len(sys.argv) > 1 else "graphs"
if mode == "eager":
    import tensorflow as tf
else:
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
keras = tf.keras
L, O = keras.layers, keras.optimizers
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras")

def pattern(shape, step):
    n = int(np.prod(shape))
    return ((np.arange(n) * step % 17 - 8) / 10.0).reshape(shape).astype(np.float32)

one_hot = np.eye(3, dtype=np.float32)[np.arange(10) % 3]
words = (np.arange(50) * 7 % 6).reshape(10, 5).astype(np.float32)
pictures = pattern((10, 6, 5, 2), 5)
DATA = {"sequences": words, "images": pictures, "eager": pictures}

def line(values):
    return " ".join("%.9g" % v for v in np.ravel(values)) + "\n"

def numbers(model, x):
    predicted = model.predict(x[:2], verbose=0)
    losses = [np.ravel(model.train_on_batch(x, one_hot))[0] for _ in range(2)]
    return line(predicted) + line(losses)

def write(name, layers, **compile):
    model = keras.Sequential(layers)
    model.set_weights([pattern(w.shape, 3 + i) + (1 if "variance" in v.name else 0) for i, (w, v) in enumerate(zip(model.get_weights(), model.weights))])
    model.compile(**compile)
    model.fit(DATA[name], one_hot, epochs=2, batch_size=5, shuffle=False, verbose=0)
    path = os.path.join(HERE, name + ".h5")
    model.save(path)
    with open(path, "rb") as file, gzip.GzipFile(path + ".gz", "wb", 9, mtime=0) as packed:
        shutil.copyfileobj(file, packed)
    os.remove(path)
    with open(os.path.join(HERE, name + ".txt"), "w") as file:
        file.write(numbers(model, DATA[name]))

def images():
    return [L.Conv2D(3, (3, 2), padding="same", activation="relu", kernel_regularizer=keras.regularizers.l2(0.01), input_shape=(6, 5, 2)),
            L.BatchNormalization(momentum=0.9), L.MaxPooling2D((2, 1)), L.SeparableConv2D(2, 2), L.LeakyReLU(0.1), L.Reshape((-1, 2)),
            L.Flatten(), L.Dense(3, name="classes", kernel_initializer="he_normal"), L.Activation("softmax")]

if mode == "graphs":
    write("sequences", [L.Embedding(6, 3, mask_zero=True, input_length=5), L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode="sum"),
                        L.TimeDistributed(L.Dense(2, activation="tanh")), L.GRU(3, reset_after=True), L.Dense(3)],
          loss=keras.losses.CategoricalCrossentropy(from_logits=True), optimizer=O.Adam(0.01), metrics=["accuracy", keras.metrics.MeanAbsoluteError()])
    write("images", images(), loss="categorical_crossentropy", optimizer=O.SGD(0.01, momentum=0.9, nesterov=True), metrics=["accuracy"])
elif mode == "eager":
    write("eager", images(), loss="categorical_crossentropy", optimizer=O.Adam(0.01), metrics=["accuracy", "mae"])
else:
    for file in sorted(os.listdir(sys.argv[2])):
        name, end = os.path.splitext(file)
        if end != ".h5":
            continue
        keras.backend.clear_session()
        path = os.path.join(sys.argv[2], file)
        model = keras.models.load_model(path)
        found = numbers(model, DATA[name.split("_")[0]])
        wanted = open(os.path.join(sys.argv[2], name + ".txt")).read()
        rows = [[np.array(row.split(), np.float64) for row in text.splitlines()] for text in (found, wanted)]
        apart = [float(np.abs(a - b).max()) for a, b in zip(*rows)]
        again = keras.models.model_from_json(open(os.path.join(sys.argv[2], name + ".json")).read())
        again.load_weights(path)
        print(name, "apart by", apart, again.count_params() == model.count_params())
        assert max(apart) < 2e-5 and len(apart) == 2
