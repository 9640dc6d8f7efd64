#include "weights/foreign.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* A kind that is known by the bytes it begins with. */
typedef struct foreign {
    size_t offset, length;
    const char *bytes, *what;
} foreign;

#define MAGIC(offset, bytes, what)                                                                           \
    {                                                                                                        \
        offset, sizeof(bytes) - 1, bytes, what                                                               \
    }
#define TO_TENSORS "safetensors.torch.save_file(torch.load(FILE, weights_only=True), 'new.safetensors')"
#define PICKLE                                                                                               \
    "is a Python pickle (torch.save, pickle.dump): a program, which is not run; in Python " TO_TENSORS       \
    ", or numpy.save for each array"
#define GGML "is a GGML file (llama.cpp); take the model's .safetensors files"
#define NO_WEIGHTS "it holds no weights"
#define UNPACK(program, command) "is compressed with " program "; `" command "` gives the file itself"

static const foreign kinds[] = {
    MAGIC(0, "version https://git-lfs",
          "is a Git LFS pointer, not the file itself; `git lfs pull` in its repository fetches that"),
    MAGIC(0, "\x89HDF\r\n\x1a\n",
          "is an HDF5 file (Keras .h5, MATLAB 7.3); in Python h5py.File(FILE).visititems(lambda n, a: "
          "hasattr(a, 'shape') and numpy.save(n.replace('/', '.'), a[()]))"),
    MAGIC(0, "GGUF",
          "is a GGUF file (llama.cpp), its weights mostly quantized; take the model's .safetensors files"),
    MAGIC(0, "tjgg", GGML),
    MAGIC(0, "fmgg", GGML),
    MAGIC(0, "lmgg", GGML),
    MAGIC(0, "ggjt", GGML),
    MAGIC(0, "\x80\x02", PICKLE),
    MAGIC(0, "\x80\x03", PICKLE),
    MAGIC(0, "\x80\x04", PICKLE),
    MAGIC(0, "\x80\x05", PICKLE),
    MAGIC(0, "\x1f\x8b", UNPACK("gzip", "gunzip")),
    MAGIC(0, "\x28\xb5\x2f\xfd", UNPACK("zstd", "unzstd")),
    MAGIC(0,
          "\xfd"
          "7zXZ",
          UNPACK("xz", "unxz")),
    MAGIC(0, "BZh", UNPACK("bzip2", "bunzip2")),
    MAGIC(0, "\x04\x22\x4d\x18", UNPACK("lz4", "unlz4")),
    MAGIC(0, "\x78\x9c",
          "is compressed with zlib (joblib.dump); in Python numpy.save(NAME, joblib.load(FILE))"),
    MAGIC(257, "ustar", "is a tar archive; `tar -xf` unpacks it"),
    MAGIC(0, "7z\xbc\xaf", "is a 7-Zip archive; unpack it"),
    MAGIC(0, "Rar!", "is a RAR archive; unpack it"),
    MAGIC(4, "TFL3",
          "is a TensorFlow Lite model; in Python tf.lite.Interpreter(FILE).get_tensor(NUMBER) gives its "
          "arrays, "
          "numpy.save writes them"),
    MAGIC(0, "\x12\x01\0\0\0\0\0\0",
          "is an MXNet file (.params); in Python for n, a in mx.nd.load(FILE).items(): numpy.save(n, "
          "a.asnumpy())"),
    MAGIC(0, "ARROW1", "is an Arrow file; in Python numpy.save('w', pandas.read_feather(FILE).to_numpy())"),
    MAGIC(0, "PAR1", "is a Parquet file; in Python numpy.save('w', pandas.read_parquet(FILE).to_numpy())"),
    MAGIC(0, "SQLite format 3", "is an SQLite database, not a file of weights"),
    MAGIC(0,
          "\x7f"
          "ELF",
          "is a program (ELF), " NO_WEIGHTS),
    MAGIC(0, "\xff\xd8\xff", "is a picture (JPEG), " NO_WEIGHTS),
    MAGIC(0, "MATLAB 5.0",
          "is a MATLAB file; in Python scipy.io.loadmat reads it and numpy.save writes its arrays"),
    MAGIC(0, "\x93NUMPY",
          "is a NumPy array (.npy): one matrix, no network; `heavytail tail` reads it, "
          "`heavytail prune` takes one for each layer, --w1 F.npy --w2 F.npy"),
    MAGIC(0, "\x89PNG", "is a picture (PNG), " NO_WEIGHTS),
    MAGIC(0, "%PDF", "is a PDF, " NO_WEIGHTS),
};

static bool ends_in(const char *path, const char *end)
{
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcasecmp(path + length - tail, end) == 0;
}

static bool holds(const unsigned char *head, size_t size, const char *word)
{
    return memmem(head, size, word, strlen(word)) != NULL;
}

static const char onnx[] = "is an ONNX model; in Python for t in onnx.load(FILE).graph.initializer: "
                           "numpy.save(t.name, onnx.numpy_helper.to_array(t))",
                  tensorflow[] = "is part of a TensorFlow checkpoint; in Python "
                                 "tf.train.load_checkpoint(PREFIX).get_tensor(NAME) gives its arrays, "
                                 "numpy.save writes them";

/* Kinds that their bytes do not tell. */
static const struct {
    const char *end, *what;
} endings[] = {
    {".onnx", onnx},
    {".pb", "is a TensorFlow graph; in Python tf.saved_model.load(DIRECTORY).variables gives its arrays, "
            "numpy.save writes them"},
    {".ckpt", tensorflow},
    {".pkl", PICKLE},
    {".pickle", PICKLE},
    {".msgpack", "is a MessagePack file (Flax); in Python "
                 "flax.serialization.msgpack_restore(open(FILE, 'rb').read()) gives its arrays, numpy.save "
                 "writes them"},
    {".mlmodel", "is a Core ML model; take the one that it was made from"},
};

/* A protocol buffer of a version, and the name of the program that wrote it. */
static bool is_onnx(const unsigned char *head, size_t size)
{
    return size > 12 && head[0] == 0x08 && head[1] >= 3 && head[1] < 32 && head[2] == 0x12 && head[3] > 2 &&
           head[3] < 64 && isprint(head[4]) && isprint(head[5]) && isprint(head[6]);
}

/* Archives differ by what is in them: the name of the first file begins at byte 30. */
static const char *zip_name(const char *path, const unsigned char *head, size_t size)
{
    if (holds(head, size, ".npy") || ends_in(path, ".npz"))
        return "is a NumPy archive (.npz) of several arrays; in Python a = numpy.load(FILE), then "
               "numpy.save(NAME + '.npy', a[NAME]) for each, or safetensors.numpy.save_file(dict(a), FILE)";
    if (holds(head, size, "config.json") || holds(head, size, ".weights.h5") || ends_in(path, ".keras"))
        return "is a Keras archive; in Python for i, w in "
               "enumerate(keras.models.load_model(FILE).get_weights()): numpy.save(f'w{i}', w)";
    if (holds(head, size, ".pkl") || holds(head, size, "/version") || holds(head, size, "/byteorder") ||
        ends_in(path, ".pt") || ends_in(path, ".pth") || ends_in(path, ".bin") || ends_in(path, ".ckpt"))
        return "is a PyTorch archive (torch.save), which holds a pickle: a program, which is not run; in "
               "Python " TO_TENSORS;
    if (holds(head, size, ".safetensors"))
        return "is a zip archive with a .safetensors file; `unzip` it, and give that file";
    return "is a zip archive; unpack it, and give a .safetensors or .npy file";
}

/* Text: what a download leaves in place of the file. */
static const char *text_name(const unsigned char *head, size_t size)
{
    static const char *const pages[] = {"<!doctype html", "<html", "<head", "<body"};
    const unsigned char *at = head, *end = head + size;
    if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    size_t left = (size_t)(end - at);
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (left >= strlen(pages[i]) && strncasecmp((const char *)at, pages[i], strlen(pages[i])) == 0)
            return "is a web page (HTML), not the file: the download gave a page, perhaps one that asks for "
                   "a login; download it again";
    if (left >= 1 && *at == '<')
        return "is an XML document, not the file: perhaps what a server said about a download that failed; "
               "download it again";
    if (left >= 1 && (*at == '{' || *at == '[') && !memchr(head, '\0', size))
        return holds(head, size, "weight_map")
                   ? "is the index of a model in several files; its name has to end in .index.json"
                   : "is a JSON text and holds no weights; perhaps what a server said about a download that "
                     "failed";
    return NULL;
}

/* The length of a header as a big-endian machine would write it. */
static bool is_big_endian(const unsigned char *head, size_t size)
{
    return size > 8 && head[8] == '{' && memcmp(head, "\0\0\0\0", 4) == 0 && (head[6] || head[7]);
}

/* Whole characters without controls; the last one may be cut. */
static bool is_text(const unsigned char *head, size_t size)
{
    char text[HT_FOREIGN_HEAD + 1];
    unsigned c;
    size_t at = 0, n;
    size = size < HT_FOREIGN_HEAD ? size : HT_FOREIGN_HEAD;
    memcpy(text, head, size);
    text[size] = '\0';
    for (; (n = ht_utf8_decode(text + at, &c)) > 0; at += n)
        if ((c < 0x20 && !(c >= '\t' && c <= '\r')) || (c == 0xfffd && n == 1 && at + 4 < size)) return false;
    return size > 0 && at == size; /* a NUL ends it early */
}

const char *ht_foreign_name(const char *path, const unsigned char *head, size_t size)
{
    if (size == 0) return "is empty: 0 bytes; perhaps a download was cut, get it again";
    if (size >= 4 && memcmp(head, "PK", 2) == 0 && head[2] < 8 && head[3] == head[2] + 1)
        return zip_name(path, head, size);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (size >= kinds[i].offset + kinds[i].length &&
            memcmp(head + kinds[i].offset, kinds[i].bytes, kinds[i].length) == 0)
            return kinds[i].what;
    const char *text = text_name(head, size);
    if (text) return text;
    if (is_onnx(head, size)) return onnx;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_in(path, endings[i].end)) return endings[i].what;
    if (strstr(path, ".data-0") || strstr(path, ".ckpt-")) return tensorflow;
    if (is_big_endian(head, size))
        return "is no safetensors file that a reader takes: the length of its header is written big-endian, "
               "the format asks for little-endian";
    if (is_text(head, size)) return "is a text, neither a .npy nor a .safetensors file";
    return NULL;
}
