"""Trains small Keras models in TensorFlow and records the numbers of their epochs.

    pip install tensorflow-cpu==2.19.1 && pip install --no-deps tf_keras==2.19.0
    python tests/golden/make_keras.py

Writes keras.txt beside itself: for each case a line `case name number number …` for each number of an epoch. Weights and
examples are the patterns of `pattern`, in the order of the files.
"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers as L

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = []

def pattern(shape, step):
    n = int(np.prod(shape))
    return ((np.arange(n) * step % 17 - 8) / 10.0).reshape(shape).astype(np.float32)

def case(name, layers, y, x=(10, 4), epochs=3, fit={}, **compile):
    model = keras.Sequential(layers)
    x = x if isinstance(x, np.ndarray) else pattern(x, 5)
    model.build(x.shape)
    trained = [w for l in model.layers for w in l.trainable_weights]
    for i, w in enumerate(model.weights):
        if any(w is t for t in trained):
            w.assign(pattern(w.shape, 3 + i))
    model.compile(**compile)
    history = model.fit(x, y, epochs=epochs, batch_size=4, shuffle=False, verbose=0, **fit).history
    history["evaluate"] = model.evaluate(x, y, batch_size=3, verbose=0)
    history["predict"] = model.predict(x[:1], verbose=0).ravel()
    for key, values in history.items():
        if key != "lr":
            LINES.append("%s %s %s" % (name, key, " ".join("%.9g" % v for v in np.atleast_1d(values))))

classes = np.arange(10) % 3
one_hot = np.eye(3, dtype=np.float32)[classes]
numbers = pattern((10, 2), 7)
binary = (np.arange(10) % 2).astype(np.float32)

def head(activation=None, units=3):
    return [L.Dense(5, activation="tanh"), L.Dense(units, activation=activation)]

O = keras.optimizers.legacy
for name, optimizer in [("sgd", O.SGD(0.1)), ("momentum", O.SGD(0.1, momentum=0.9)), ("nesterov", O.SGD(0.1, momentum=0.9, nesterov=True)),
                        ("rmsprop", O.RMSprop(0.01)), ("adam", O.Adam(0.01)), ("adamax", O.Adamax(0.01)),
                        ("adagrad", O.Adagrad(0.1)), ("adadelta", O.Adadelta(1.0))]:
    case("optimizer_" + name, head("softmax"), one_hot, loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
for loss in ["mse", "mae", "mape", "msle", "hinge", "squared_hinge", "logcosh"]:
    case("loss_" + loss, head(None, 2), numbers, loss=loss, optimizer=O.SGD(0.05), metrics=["mae"])
for loss in ["kld", "poisson"]:
    case("loss_" + loss, head("softmax"), one_hot * 0.7 + 0.1, loss=loss, optimizer=O.SGD(0.05), metrics=["mse"])
case("loss_sparse", head("softmax"), classes.astype(np.float32), loss="sparse_categorical_crossentropy", optimizer=O.SGD(0.1), metrics=["accuracy"])
case("loss_binary", head("sigmoid", 1), binary, loss="binary_crossentropy", optimizer=O.SGD(0.1), metrics=["accuracy"])
case("loss_binary_scaled", [L.Dense(2), L.Activation(lambda x: tf.sigmoid(x) * 0.9)], np.stack([binary, 1 - binary], 1) , loss="binary_crossentropy", optimizer=O.SGD(0.01), metrics=["binary_accuracy"])
case("loss_logits", head(None), one_hot, loss=keras.losses.CategoricalCrossentropy(from_logits=True), optimizer=O.SGD(0.1), metrics=["categorical_accuracy"])
case("loss_scaled", [L.Dense(3, activation="exponential")], one_hot, loss="categorical_crossentropy", optimizer=O.SGD(0.1), metrics=["accuracy"])
case("regularized", [L.Dense(5, activation="tanh", kernel_regularizer=keras.regularizers.l2(0.01), bias_regularizer=keras.regularizers.l1(0.02)),
                     L.Dense(2)], numbers, loss="mse", optimizer=O.SGD(0.1))
case("class_weight", head("softmax"), one_hot, loss="categorical_crossentropy", optimizer=O.SGD(0.1), fit=dict(class_weight={0: 2.0, 1: 0.5, 2: 1.0}), metrics=["accuracy"])
case("validation_split", head(None, 2), numbers, loss="mse", optimizer=O.SGD(0.1), metrics=["mae"], fit=dict(validation_split=0.2))
case("reduce_lr", head(None, 2), numbers, epochs=6, loss="mse", optimizer=O.SGD(0.1),
     fit=dict(callbacks=[keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.1)]))
case("early_stopping", head(None, 2), numbers, epochs=9, loss="mse", optimizer=O.SGD(0.1),
     fit=dict(callbacks=[keras.callbacks.EarlyStopping("loss", patience=2, min_delta=0.05)]))
case("images", [L.Conv2D(3, (3, 3), padding="same", activation="relu"), L.MaxPooling2D((2, 2)), L.Conv2D(2, 2, strides=(1, 2)), L.Flatten(), L.Dense(3, activation="softmax")],
     one_hot, x=(10, 6, 5, 2), loss="categorical_crossentropy", optimizer=O.SGD(0.1), metrics=["accuracy"])
case("reshape", [L.Reshape((2, -1)), L.Dense(3, activation="sigmoid"), L.Flatten(), L.Dense(2)], numbers, loss="mse", optimizer=O.SGD(0.1))
case("batch_norm", [L.Conv2D(3, 2, use_bias=False), L.BatchNormalization(momentum=0.9), L.LeakyReLU(0.1), L.GlobalAveragePooling2D(), L.Dense(3, activation="softmax")],
     one_hot, x=(10, 5, 4, 2), loss="categorical_crossentropy", optimizer=O.SGD(0.1), metrics=["accuracy"])
case("batch_norm_2d", [L.Dense(4), L.BatchNormalization(), L.Dense(2)], numbers, loss="mse", optimizer=O.SGD(0.1))
case("depthwise", [L.DepthwiseConv2D(2, depth_multiplier=2, padding="same", activation="tanh"), L.SeparableConv2D(3, 3, depth_multiplier=2, strides=1),
                   L.AveragePooling2D((2, 1), padding="same"), L.GlobalMaxPooling2D(), L.Dense(3, activation="softmax")],
     one_hot, x=(10, 5, 4, 2), loss="categorical_crossentropy", optimizer=O.SGD(0.1))
words = (np.arange(40) * 7 % 6).reshape(10, 4).astype(np.float32)
case("embedding", [L.Embedding(6, 3, input_length=4), L.Flatten(), L.Dense(2)], numbers, x=words, loss="mse", optimizer=O.SGD(0.1))
case("embedding_adam", [L.Embedding(6, 3, input_length=4), L.Flatten(), L.Dense(2)], numbers, x=words, loss="mse", optimizer=O.Adam(0.01))

with open(os.path.join(HERE, "keras.txt"), "w") as file:
    file.write("\n".join(LINES) + "\n")
print(len(LINES), "lines")
