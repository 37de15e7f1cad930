"""Trains small Keras models with several inputs, outputs and ways through them, and records numbers and tables.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0
    python tests/golden/make_keras_models.py

Writes keras_models.txt beside itself: for each case lines `case name number number …` as in keras.txt, and its table, each
line after `case |`. Weights and examples are the patterns of `pattern`.
"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import Input, Model, layers as L

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = []

def pattern(shape, step):
    n = int(np.prod(shape))
    return ((np.arange(n) * step % 17 - 8) / 10.0).reshape(shape).astype(np.float32)

def pattern_weights(model):
    for i, w in enumerate(model.weights):
        if "moving" not in w.name:
            w.assign(pattern(w.shape, 3 + i))

def line(name, key, values):
    LINES.append("%s %s %s" % (name, key, " ".join("%.9g" % v for v in np.atleast_1d(values))))

def table(name, model):
    model.summary(print_fn=lambda text: LINES.append("%s |%s" % (name, text)))

def case(name, build, x, y, **compile):
    keras.backend.clear_session()
    model = build()
    pattern_weights(model)
    table(name, model)
    line(name, "layers", [len(model.layers)])
    model.compile(**compile)
    history = model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    for key, values in history.items():
        line(name, key, values)
    line(name, "evaluate", model.evaluate(x, y, batch_size=3, verbose=0))
    predicted = model.predict(x, verbose=0)
    for i, p in enumerate(predicted if isinstance(predicted, list) else [predicted]):
        line(name, "predict%d" % i, p[0].ravel())
    line(name, "train_on_batch", model.train_on_batch(x, y))
    line(name, "test_on_batch", model.test_on_batch(x, y))

SGD = keras.optimizers.legacy.SGD
one_hot = np.eye(3, dtype=np.float32)[np.arange(10) % 3]
numbers = pattern((10, 2), 7)
x4, x3 = pattern((10, 4), 5), pattern((10, 3), 11)

def two_inputs():
    a, b = Input(shape=(4,)), Input(shape=(3,), name="other")
    x = L.concatenate([L.Dense(5, activation="tanh")(a), b])
    return Model([a, b], L.Dense(2)(x))
case("two_inputs", two_inputs, [x4, x3], numbers, loss="mse", optimizer=SGD(0.1), metrics=["mae"])

def two_outputs():
    a = Input(shape=(4,))
    x = L.Dense(5, activation="tanh", kernel_regularizer=keras.regularizers.l2(0.01))(a)
    return Model(a, [L.Dense(2, name="numbers")(x), L.Dense(3, activation="softmax", name="classes")(x)], name="forked")
case("two_outputs", two_outputs, x4, [numbers, one_hot], loss=["mse", "categorical_crossentropy"], loss_weights=[1.0, 0.2],
     optimizer=SGD(0.1), metrics={"numbers": "mae", "classes": "accuracy"})

def residual():
    a = Input(shape=(6, 5, 2))
    x = L.Conv2D(3, 3, padding="same", activation="relu")(a)
    y = L.Conv2D(3, 3, padding="same", use_bias=False)(x)
    y = L.BatchNormalization(momentum=0.9)(y)
    x = L.Activation("relu")(L.add([x, y]))
    x = L.GlobalAveragePooling2D()(x)
    return Model(a, L.Dense(3, activation="softmax")(x))
case("residual", residual, pattern((10, 6, 5, 2), 5), one_hot, loss="categorical_crossentropy", optimizer=SGD(0.1), metrics=["accuracy"])

def shared():
    a, b = Input(shape=(4,)), Input(shape=(4,))
    layer = L.Dense(3, activation="tanh", name="shared")
    return Model([a, b], L.Dense(2)(L.multiply([layer(a), layer(layer_four(b))])))
layer_four = lambda x: L.Dense(4, activation="sigmoid", name="before")(x)
case("shared", shared, [x4, x4[::-1].copy()], numbers, loss="mse", optimizer=SGD(0.1))

def shared_sizes():
    a, b = Input(shape=(2, 4)), Input(shape=(3, 4))
    layer = L.Dense(3, name="shared")
    both = L.Concatenate(axis=1)([layer(a), layer(b)])
    return Model([a, b], L.Dense(2)(L.Flatten()(both)))
case("shared_sizes", shared_sizes, [pattern((10, 2, 4), 5), pattern((10, 3, 4), 3)], numbers, loss="mse", optimizer=SGD(0.05))

def nested():
    a = Input(shape=(4,))
    encoder = Model(a, L.Dense(3, activation="tanh")(a), name="encoder")
    decoder = keras.Sequential([L.Dense(5, activation="tanh"), L.BatchNormalization(), L.Dense(4)], name="decoder")
    b = Input(shape=(4,))
    return Model(b, decoder(encoder(b)))
case("nested", nested, x4, x4, loss="mse", optimizer=SGD(0.1))

def frozen():
    a = Input(shape=(4,))
    base = Model(a, L.BatchNormalization()(L.Dense(3, activation="tanh", name="base")(a)))
    for layer in base.layers:
        layer.trainable = False
    return Model(base.input, L.Dense(2)(base.output))
case("frozen", frozen, x4, numbers, loss="mse", optimizer=SGD(0.1))

def merges():
    a, b = Input(shape=(4,)), Input(shape=(4,))
    x, y = L.Dense(3)(a), L.Dense(3)(b)
    parts = [L.subtract([x, y]), L.average([x, y, x]), L.maximum([x, y]), L.Minimum()([x, y]), L.dot([x, y], 1)]
    parts.append(L.Dot(1, normalize=True)([x, y]))
    return Model([a, b], L.Dense(2)(L.concatenate(parts)))
case("merges", merges, [x4, x4[::-1].copy()], numbers, loss="mse", optimizer=SGD(0.1))

def shapes():
    a = Input(shape=(4, 5, 2))
    x = L.ZeroPadding2D(((1, 0), (2, 1)))(a)
    x = L.Cropping2D((1, 2))(L.UpSampling2D((2, 3))(x))
    x = L.Conv2D(3, 3, strides=2)(x)
    x = L.ELU(0.5)(L.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.1)(x))
    x = L.Softmax()(L.Permute((2, 3, 1))(x))
    x = L.RepeatVector(2)(L.Lambda(lambda x: x * 2.0)(L.Flatten()(x)))
    x = L.Flatten()(x)
    return Model(a, L.Dense(2, activation="softsign")(x))
case("shapes", shapes, pattern((10, 4, 5, 2), 5), numbers, loss="mse", optimizer=SGD(0.1))

keras.backend.clear_session()
table("vgg16", keras.applications.VGG16(weights=None, input_shape=(64, 64, 3), classes=5))
keras.backend.clear_session()
pooled = keras.applications.VGG16(weights=None, include_top=False, pooling="avg")
line("vgg16_pooled", "size", [len(pooled.layers), pooled.count_params()])
image = np.arange(2 * 2 * 3).reshape(1, 2, 2, 3).astype(np.float32) * 20
line("preprocess", "caffe", keras.applications.vgg16.preprocess_input(image.copy()).ravel())

with open(os.path.join(HERE, "keras_models.txt"), "w") as file:
    file.write("\n".join(LINES) + "\n")
print(len(LINES), "lines")
