"""Pictures in files. See cases.py. Those that TensorFlow does not write were made with Pillow 13."""
from cases import *
import base64, struct, zlib

raw = tf.raw_ops
OTHERS = {name: base64.b64decode(text) for name, text in dict(
    halves="/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAANABMDASEAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAQGBf/EAB0QAAEFAQEBAQAAAAAAAAAAAAEAAgMEEQUhEiP/xAAXAQADAQAAAAAAAAAAAAAAAAADBAYF/8QAIBEAAgIBBAMBAAAAAAAAAAAAAQIAAwQFITFBERIUgf/aAAwDAQACEQMRAD8A3G2a1mr86CSNUt1uS9zzLEN3wIWjsMJGsfgQGVe1d64vUVjq2RG0O3QhCZfcljuTKhcKrwNhFo7k0VtrGOIBVnxJTaH7e5oAT2t1ivFQL2d/yTltS3ZZtPIjslWESHGkIWUvAjH3WCf/2Q==",
    halves_progressive="/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAANABMDASEAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAMFBP/EABcBAAMBAAAAAAAAAAAAAAAAAAIDBQT/2gAMAwEAAhADEAAAAd0oFqBqLsvnPMjP/8QAGRAAAgMBAAAAAAAAAAAAAAAAAQIAAxES/9oACAEBAAEFAulZbaoFbA5DUnqFRv8A/8QAGREAAwEBAQAAAAAAAAAAAAAAAAECAxIT/9oACAEDAQE/Adbc2shYyVKvXo96P//EABwRAQABBAMAAAAAAAAAAAAAAAEAAgMEERITIf/aAAgBAgEBPwHDekamJv2ZtPG0ahP/xAAYEAACAwAAAAAAAAAAAAAAAAAAEAERIf/aAAgBAQAGPwIuHq//xAAYEAEBAQEBAAAAAAAAAAAAAAABABEQQf/aAAgBAQABPyEwZ1jE2Cg8vxr/2gAMAwEAAgADAAAAEH1C/8QAGREAAwADAAAAAAAAAAAAAAAAAAERITFB/9oACAEDAQE/EOJCNYQ8vtED/8QAGhEBAQACAwAAAAAAAAAAAAAAAQAhMRFBgf/aAAgBAgEBPxANZLkqysQezny0L//EABgQAQEBAQEAAAAAAAAAAAAAAAERACFB/9oACAEBAAE/EOuCpclO3hghVMjYHOPUoGAojf/Z",
    restarts="/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAASACMDASIAAhEBAxEB/8QAGgABAAIDAQAAAAAAAAAAAAAAAAQFAgMGAf/EACgQAAEDAwMDAwUAAAAAAAAAAAEAAgMEBRESITETI2EiQYEVUXGR8f/EABkBAAIDAQAAAAAAAAAAAAAAAAIEAAMFAf/EACURAAEDAwIGAwAAAAAAAAAAAAEAAgMEBTEhcRESEzIzNCNBwf/dAAQAAf/aAAwDAQACEQMRAD8AtxUwT0+MjOFztytji8vjHJ28qG+eenn98DldFaayOob3MeAVOR1ujDo9ScIJGySTfF2Bf//QiW+eW3nuZz5Vv9Tiq2aXf1eXejZOztjc/Zc3DDPBPn1aBwijbG2LqnvON12ocytIhh0IX//RzdZOoS/J335Rbobvpia0k7DyiU6dYfsoxbXjTiv/0o1xAIJwOVppiW4wcbe3yiK6o8o2H6mrT6rl/9OTTuLojqJOw5+FnUNb0h6R+kRU1PnZslLV7Tt1/9SrlHcd+URFstwFsHK//9k=",
    inks="/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/8AAFAgACQAKBEMRAE0RAFkRAEsRAP/EABgAAAMBAQAAAAAAAAAAAAAAAAAFBgcE/8QAKBAAAQIEBQIHAAAAAAAAAAAAAQACAwQFEQYSITFxE0EjMjNRcoGx/9oADgRDAE0AWQBLAAA/AKKqz0CkU8sD7EDubFUktOyVblg11sxGpJSeg0q+QFpsex3WnLOouI3uivPUOriVwPwnBL3FoIBOmqtWUw5G+GRp7lCf462PA/VPYT3h/aTUDZvyQoZnpt4C0EbBWzfKOEL/2Q==",
    plain_colors="/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBKUVJP/8AAEQgACQAKA1IRAEcRAEIRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAYFBwT/xAAoEAABAgQFAgcAAAAAAAAAAAABAAIDBAURBhIhMXETQSMyM1FygbH/2gAMA1IARwBCAAA/AEVVnoFIp5YH2IHc2KSS07JVuWDXWzEaklR6DSr5AWmx7HdZ1FxG90V56h1cSuB+E4Je4tBAJ01TVlMORvhkae5V/HWx4H6j2E94f2o1A2b8kGZ6beAtBGwTZvlHC//Z",
    gif_one="R0lGODdhCAAGAIIAAN3lSdLWNq7gUHfied3CQKfGXc2uTdV7UiwAAAAACAAGAAAIKgAFBAhAgICBAwcGDgRg4KBCAAAEFChAYCGAiQMMFCRwccAAhA0LeBwQEAA7",
    gif_frames="R0lGODdhCAAGAIEAANjeQJfhYcfETNCXTyH5BAQAAAAALAAAAAAIAAYAAAghAAMAGChggMGBCAUUFIAQgIAAAQYwJAhxQEOIESU+xBgQACH5BAUAAAUALAMAAgADAAIAgtjeQJfhYcfETNCXTwkIBwAAAAAAAAAAAAgGAAkIHBgQACH5BAUAAAQALAAAAAAIAAYAgdjdRZniV8LBV82SUQggAAMEAEBwgMGBBAEIEDBAQEKFCx9CDDBgokCKBhdeDAgAOw==",
).items()}

def picture(height, width, channels=3):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels].astype(np.float64)
    return np.clip(127 + 110 * np.sin(x / 3 + y * (c + 1) / 5) + 20 * np.cos(x * y + c), 0, 255).astype(np.uint8)

run_alone = tf.Session(graph=tf.Graph())
def jpeg(image, **how):
    with run_alone.graph.as_default():
        return run_alone.run(tf.image.encode_jpeg(image, **how))

def sampled(file, height, width, *units):
    """The same coded data as those of a picture of another size, with other samples in a unit."""
    at = file.index(b"\xff\xc0") if b"\xff\xc0" in file else file.index(b"\xff\xc2")
    file = bytearray(file)
    file[at + 5:at + 9] = struct.pack(">HH", height, width)
    for i, unit in enumerate(units):
        file[at + 11 + 3 * i] = unit
    return bytes(file)

quarter = jpeg(picture(16, 48), quality=70)
JPEGS = dict(
    full=jpeg(picture(11, 18), chroma_downsampling=False), half=jpeg(picture(19, 21)), best=jpeg(picture(9, 9), quality=100, chroma_downsampling=False),
    half_progressive=jpeg(picture(19, 21), progressive=True, quality=80), grey=jpeg(picture(10, 13, 1)), grey_progressive=jpeg(picture(10, 13, 1), progressive=True),
    narrow=jpeg(picture(7, 3)), thin=jpeg(picture(3, 1)), one=jpeg(picture(1, 1)),
    tall=sampled(quarter, 15, 47, 0x21, 0x12, 0x12), wide=sampled(quarter, 8, 90, 0x41, 0x11, 0x11), crossed=sampled(quarter, 16, 46, 0x12, 0x21, 0x21),
    extremes=jpeg((np.indices((16, 16, 3)).sum(0) % 2 * 255).astype(np.uint8), quality=30), **{name: file for name, file in OTHERS.items() if not name.startswith("gif")})
JPEGS["inks_of_light"] = JPEGS["inks"].replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\x02")
JPEGS["bare_inks"] = JPEGS["inks"].replace(b"Adobe", b"adobe")
JPEGS["bare_colors"] = JPEGS["plain_colors"].replace(b"Adobe", b"adobe")
s = lambda data: np.array(data, object)

both = lambda **how: lambda x: [tf.image.decode_jpeg(x, **how), tf.image.decode_jpeg(x, dct_method="INTEGER_ACCURATE", **how)]
for name, data in JPEGS.items():
    case("jpeg_" + name, both(), s(data), known="s")
    case("jpeg_shape_" + name, lambda x: [tf.image.extract_jpeg_shape(x), tf.image.extract_jpeg_shape(x, tf.int64)], s(data), known="s")
case("jpeg_unknown", lambda x: tf.image.decode_jpeg(x, channels=3), s(JPEGS["grey"]), known="u")
for name in ["full", "half", "half_progressive", "grey", "halves", "tall", "wide", "crossed", "inks", "thin"]:
    case("jpeg_smaller_" + name, lambda x: [y for ratio in (2, 4, 8) for y in both(ratio=ratio)(x)], s(JPEGS[name]), known="s")
for name in ["half", "halves", "tall", "crossed", "wide", "narrow"]:
    case("jpeg_plain_" + name, both(fancy_upscaling=False), s(JPEGS[name]), known="s")
for name in ["half", "grey", "plain_colors", "bare_colors"]:
    case("jpeg_channels_" + name, lambda x: [tf.image.decode_jpeg(x, channels=n) for n in (1, 3)], s(JPEGS[name]), known="s")
for name in ["half", "full", "halves", "half_progressive", "grey", "inks", "restarts"]:
    case("jpeg_crop_" + name, lambda x, *windows: [tf.image.decode_and_crop_jpeg(x, w) for w in windows], s(JPEGS[name]), i(1, 2, 5, 6), i(0, 0, 9, 10), i(8, 9, 1, 1), known="sd")
case("jpeg_crop_known", lambda x: [tf.image.decode_and_crop_jpeg(x, [3, 17, 9, 4], channels=3), tf.image.decode_and_crop_jpeg(x, [3, 1, 2, 8], ratio=2)], s(JPEGS["half"]), known="s")
# With the end put in: behind one that it puts in itself, TensorFlow reads what happens to lie in memory.
for name in ["half", "full", "grey", "restarts"]:
    for n in (1, 2):
        data = JPEGS[name]
        case("jpeg_cut_%s_%d" % (name, n), both(try_recover_truncated=True), s(data[:len(data) - len(data) // (8 * n)] + b"\xff\xd9"), known="s")
lost = bytearray(JPEGS["restarts"])
lost[lost.index(b"\xff\xd1") + 1] = 0xd2
case("jpeg_lost", both(), s(bytes(lost)), known="s")
case("jpeg_ended", both(), s(JPEGS["full"][:-60] + b"\xff\xd9"), known="s")

def written(x):
    return [tf.image.encode_jpeg(x), tf.image.encode_jpeg(x, quality=40, optimize_size=True), tf.image.encode_jpeg(x, quality=100, chroma_downsampling=False, density_unit="cm", x_density=7, y_density=9),
            tf.image.encode_jpeg(x, quality=0, xmp_metadata="what it shows", format="rgb" if x.shape[2] == 3 else "grayscale")]
for height, width, channels in [(16, 16, 3), (19, 21, 3), (8, 9, 1), (1, 1, 3), (2, 35, 3), (25, 17, 3)]:
    case("write_jpeg_%d_%d_%d" % (height, width, channels), written, picture(height, width, channels), known="s")
case("write_jpeg_noise", written, np.random.RandomState(1).randint(0, 256, (24, 24, 3)).astype(np.uint8), known="s")
case("write_jpeg_unknown", lambda x: tf.image.encode_jpeg(x), picture(8, 8, 3), known="du")
back = lambda x: tf.image.decode_png(tf.image.encode_png(x, compression=9))
for channels in (1, 2, 3, 4):
    case("write_png_%d" % channels, back, picture(5, 7, channels), known="sd")
case("write_png_two", lambda x: [tf.image.decode_png(tf.image.encode_png(x)[0]), tf.shape(tf.image.encode_png(x))], np.stack([picture(2, 3), picture(2, 3)]), known="s")
case("write_png_unknown", lambda x: tf.image.decode_png(tf.image.encode_png(x)), picture(2, 3), known="u")

def png(numbers, depth, color, palette=None, transparent=None, interlaced=False):
    """`numbers`: height, width and channels, each of `depth` bits."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    def rows(part):
        lines = b""
        for k, row in enumerate(part.reshape(part.shape[0], -1)):
            bits = "".join(format(int(n), "0%db" % depth) for n in row)
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[j:j + 8], 2) for j in range(0, len(bits), 8))
            lines += b"\0" + line if k % 2 == 0 or depth != 8 else b"\1" + bytes((b - (line[j - part.shape[2]] if j >= part.shape[2] else 0)) % 256 for j, b in enumerate(line))
        return lines
    parts = [numbers]
    if interlaced:
        starts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [part for part in (numbers[y::dy, x::dx] for y, x, dy, dx in starts) if part.size]
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", numbers.shape[1], numbers.shape[0], depth, color, 0, 0, interlaced))
    file += chunk(b"PLTE", bytes(palette)) if palette else b""
    file += chunk(b"tRNS", bytes(transparent)) if transparent else b""
    return file + chunk(b"IDAT", zlib.compress(b"".join(map(rows, parts)))) + chunk(b"IEND", b"")
r = np.random.RandomState(2)
n = lambda depth, channels, height=5, width=9: r.randint(0, 2 ** depth, (height, width, channels))
colors = [int(c) for c in r.randint(0, 256, 48)]
PNGS = dict(grey1=png(n(1, 1), 1, 0), grey2=png(n(2, 1), 2, 0), grey4=png(n(4, 1), 4, 0), grey8=png(n(8, 1), 8, 0), grey16=png(n(16, 1), 16, 0), grey_alpha=png(n(8, 2), 8, 4), grey_alpha16=png(n(16, 2), 16, 4),
            rgb=png(n(8, 3), 8, 2), rgb16=png(n(16, 3), 16, 2), rgba=png(n(8, 4), 8, 6), rgba16=png(n(16, 4), 16, 6), palette=png(n(4, 1), 4, 3, colors), palette1=png(n(1, 1), 1, 3, colors[:6]),
            palette_clear=png(n(4, 1), 8, 3, colors, [0, 100, 7]), grey_clear=png(n(4, 1), 4, 0, None, [0, 5]), rgb_clear=png(n(1, 3), 8, 2, None, [0, 1, 0, 1, 0, 0]),
            interlaced=png(n(8, 3), 8, 2, interlaced=True), interlaced1=png(n(1, 1, 3, 11), 1, 0, interlaced=True), equal=png(np.repeat(n(8, 1), 3, 2), 8, 2))
for name, data in PNGS.items():
    case("png_" + name, lambda x: [tf.image.decode_png(x, channels=c) for c in (0, 1, 3, 4)] + [tf.image.decode_image(x, dtype=tf.float32)], s(data), known="s", wrt=())
case("png_unknown", lambda x: tf.image.decode_png(x, channels=4), s(PNGS["rgb"]), known="u")

def bmp(pixels, up=True):
    height, width, channels = pixels.shape
    rows = b"".join(row.tobytes() + b"\0" * (-len(row.tobytes()) % 4) for row in (pixels[::-1] if up else pixels))
    return b"BM" + struct.pack("<IIIIiiHHIIIIII", 54 + len(rows), 0, 54, 40, width, height if up else -height, 1, 8 * channels, 0, len(rows), 0, 0, 0, 0) + rows
BMPS = dict(rgb=bmp(picture(3, 5)), rgba=bmp(picture(4, 3, 4)), grey=bmp(picture(2, 5, 1)), down=bmp(picture(3, 2), False), one=bmp(picture(1, 1)))
for name, data in BMPS.items():
    case("bmp_" + name, lambda x: [tf.image.decode_bmp(x), tf.image.decode_bmp(x, channels=3), tf.image.decode_bmp(x, channels=4)], s(data), known="s")
case("bmp_unknown", lambda x: tf.image.decode_bmp(x, channels=3), s(BMPS["rgb"]), known="u")

GIFS = dict(one=OTHERS["gif_one"], frames=OTHERS["gif_frames"])
case("gif_one", lambda x: [tf.image.decode_gif(x), tf.image.decode_png(x), tf.image.decode_jpeg(x)], s(GIFS["one"]), known="s")
case("gif_frames", lambda x: tf.image.decode_gif(x), s(GIFS["frames"]), known="s")
case("gif_of_jpeg", lambda x: tf.image.decode_gif(x), s(JPEGS["half"]), known="s")
case("gif_of_grey_png", lambda x: tf.image.decode_gif(x), s(PNGS["grey8"]), known="s")
case("gif_unknown", lambda x: tf.image.decode_gif(x), s(GIFS["one"]), known="u")

FILES = dict(jpeg=JPEGS["half"], png=PNGS["rgba"], bmp=BMPS["rgb"], gif=GIFS["frames"], gif_one=GIFS["one"])
for name, data in FILES.items():
    case("image_" + name, lambda x: [tf.image.decode_image(x), tf.image.decode_image(x, dtype=tf.float32), tf.image.decode_image(x, channels=3, expand_animations=False), tf.image.is_jpeg(x)], s(data), known="s", wrt=())
case("image_unknown", lambda x: tf.image.decode_image(x), s(JPEGS["grey"]), known="u")

cut = lambda data: s(data[:-len(data) // 4])
for name, data in [("jpeg", cut(JPEGS["half"])), ("progressive", cut(JPEGS["half_progressive"])), ("no_end", s(JPEGS["grey"][:-2])), ("header", s(JPEGS["half"][:100])), ("empty", s(b"")), ("text", s(b"no picture")), ("png", cut(PNGS["rgb"]))]:
    bad("bad_jpeg_" + name, lambda x: tf.image.decode_jpeg(x), data)
bad("bad_jpeg_size", lambda x: tf.image.decode_jpeg(x), s(sampled(JPEGS["half"], 60000, 60000, 0x22, 0x11, 0x11)))
bad("bad_jpeg_channels", lambda x: tf.image.decode_jpeg(x, channels=4), s(JPEGS["half"]))
bad("bad_jpeg_two", lambda x: tf.image.decode_jpeg(x, channels=2), s(JPEGS["half"]))
bad("bad_jpeg_inks", lambda x: tf.image.decode_jpeg(x, channels=1), s(JPEGS["inks"]))
bad("bad_jpeg_ratio", lambda x: tf.image.decode_jpeg(x, ratio=3), s(JPEGS["half"]))
bad("bad_jpeg_method", lambda x: tf.image.decode_jpeg(x, dct_method="SLOW"), s(JPEGS["half"]))
bad("bad_jpeg_list", lambda x: tf.image.decode_jpeg(x), s([JPEGS["half"]]))
bad("bad_crop", lambda x: tf.image.decode_and_crop_jpeg(x, [15, 0, 5, 5]), s(JPEGS["half"]))
bad("bad_crop_nothing", lambda x: tf.image.decode_and_crop_jpeg(x, [1, 1, 0, 5]), s(JPEGS["half"]))
bad("bad_crop_short", lambda x: tf.image.decode_and_crop_jpeg(x, [1, 1, 5]), s(JPEGS["half"]))
bad("bad_crop_png", lambda x: tf.image.decode_and_crop_jpeg(x, [0, 0, 1, 1]), s(PNGS["rgb"]))
bad("bad_shape", lambda x: tf.image.extract_jpeg_shape(x), s(PNGS["rgb"]))
big = bytearray(PNGS["rgb"]); big[16:24] = struct.pack(">II", 60000, 60000); big[29:33] = struct.pack(">I", zlib.crc32(bytes(big[12:29])))
wrong = bytearray(PNGS["rgb"]); wrong[60] ^= 255
for name, data in [("cut", cut(PNGS["rgb"])), ("size", s(bytes(big))), ("wrong", s(bytes(wrong))), ("bmp", s(BMPS["rgb"])), ("frames", s(GIFS["frames"]))]:
    bad("bad_png_" + name, lambda x: tf.image.decode_png(x), data)
bad("bad_png_two", lambda x: tf.image.decode_png(x, channels=2), s(PNGS["rgb"]))
for name, data in [("cut", cut(BMPS["rgb"])), ("short", s(BMPS["rgb"][:20])), ("jpeg", s(JPEGS["half"]))]:
    bad("bad_bmp_" + name, lambda x: tf.image.decode_bmp(x), data)
bad("bad_bmp_channels", lambda x: tf.image.decode_bmp(x, channels=1), s(BMPS["rgb"]))
bad("bad_gif_header", lambda x: tf.image.decode_gif(x), s(GIFS["one"][:20]))
bad("bad_gif_channels", lambda x: tf.image.decode_image(x, channels=4), s(GIFS["one"]))
bad("bad_image", lambda x: tf.image.decode_image(x), s(b"RIFF"))
bad("bad_write_channels", lambda x: tf.image.encode_jpeg(x), picture(4, 4, 2))
bad("bad_write_format", lambda x: tf.image.encode_jpeg(x, format="grayscale"), picture(4, 4))
bad("bad_write_quality", lambda x: tf.image.encode_jpeg(x, quality=101), picture(4, 4))
bad("bad_write_rank", lambda x: tf.image.encode_jpeg(x), picture(4, 4)[0])
bad("bad_write_png", lambda x: tf.image.encode_png(x), picture(4, 4, 5))
bad("bad_write_png_level", lambda x: tf.image.encode_png(x, compression=10), picture(4, 4))
bad("bad_write_png_rank", lambda x: tf.image.encode_png(x), picture(4, 4)[0])

write("pictures")
